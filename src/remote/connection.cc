#include "connection.h"

#include <fmt/format.h>
#include <grpc/support/log.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>

#include <cerrno>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <system_error>

#include "failure.h"
#include "tagdrift/text/percent.h"

namespace tagdrift::remote {
namespace {

constexpr std::size_t kMaxFile = 1 << 20;

absl::StatusOr<std::string> ReadPem(const char* option, const std::string& path) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::string text(kMaxFile + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  const int error = errno;
  const auto failed = [&](const std::string& why) {
    return absl::FailedPreconditionError(fmt::format("{} {}: {}", option, path, why));
  };
  if (file.bad() || (text.empty() && error != 0)) return failed(std::generic_category().message(error));
  if (text.size() > kMaxFile) return failed("larger than 1 MiB");
  if (text.find("-----BEGIN ") == std::string::npos) return failed("no PEM file");
  return text;
}

absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> TlsCredentials(const TlsFiles& files) {
  grpc::SslCredentialsOptions options;
  const struct {
    const char* option;
    const std::string& path;
    grpc::string& into;
  } kFiles[] = {{"--tls-ca", files.ca, options.pem_root_certs},
                {"--tls-cert", files.certificate, options.pem_cert_chain},
                {"--tls-key", files.key, options.pem_private_key}};
  for (const auto& [option, path, into] : kFiles) {
    auto text = ReadPem(option, path);
    if (!text.ok()) return text.status();
    into = *std::move(text);
  }
  return grpc::SslCredentials(options);
}

absl::StatusOr<std::shared_ptr<grpc::Channel>> MakeChannel(const Address& address) {
  // gRPC writes its own lines about failing connections to stderr; ours say the same, once and plainly.
  gpr_set_log_function([](gpr_log_func_args*) {});
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kMaxReceiveBytes);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  // Also how long a connection may take to be made.
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 5000);
  if (!address.socket_path.empty()) {
    arguments.SetString(GRPC_ARG_DEFAULT_AUTHORITY, "localhost");
    return grpc::CreateCustomChannel("unix:" + text::PercentEncoded(address.socket_path),
                                     grpc::InsecureChannelCredentials(), arguments);
  }
  auto credentials = TlsCredentials(address.tls);
  if (!credentials.ok()) return credentials.status();
  if (!address.tls.server_name.empty()) arguments.SetSslTargetNameOverride(address.tls.server_name);
  return grpc::CreateCustomChannel("dns:///" + address.text, *credentials, arguments);
}

}  // namespace

absl::StatusOr<std::shared_ptr<const Connection::Stubs>> Connection::GetStubs() {
  const std::lock_guard lock(mutex_);
  if (stubs_ == nullptr) {
    const auto channel = MakeChannel(address_);
    if (!channel.ok()) return channel.status();
    stubs_ =
        std::make_shared<const Stubs>(Stubs{v1::NodeCache::NewStub(*channel), v1::NodeCacheActions::NewStub(*channel)});
  }
  return stubs_;
}

}  // namespace tagdrift::remote

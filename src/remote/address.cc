#include "tagdrift/remote/address.h"

#include <fmt/format.h>
#include <sys/un.h>

#include <algorithm>
#include <charconv>
#include <string_view>

#include "tagdrift/text/printable.h"

namespace tagdrift::remote {
namespace {

constexpr std::string_view kHostCharacters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
constexpr std::string_view kIpV6Characters = "0123456789abcdefABCDEF:.";

bool IsPort(std::string_view text) {
  int port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() && end == text.data() + text.size() && port > 0 && port <= 65535;
}

bool IsHostAndPort(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0 || !IsPort(text.substr(colon + 1))) return false;
  std::string_view host = text.substr(0, colon);
  if (!host.starts_with('[')) return host.find_first_not_of(kHostCharacters) == std::string_view::npos;
  host = host.substr(1, host.size() - 1);
  return host.size() > 2 && host.ends_with(']') && host.find_first_not_of(kIpV6Characters) == host.size() - 1;
}

absl::StatusOr<Address> OnSocket(std::string path, const TlsFiles& tls, const std::string& named) {
  constexpr std::size_t kLongest = sizeof(sockaddr_un::sun_path) - 1;
  if (path.size() > kLongest) {
    return absl::InvalidArgumentError(
        fmt::format("{}: the path is longer than the {} bytes that a unix socket's may have", named, kLongest));
  }
  if (!tls.ca.empty() || !tls.certificate.empty() || !tls.key.empty() || !tls.server_name.empty()) {
    return absl::InvalidArgumentError(
        named + ": a unix socket has no TLS, its file mode says who may use it; the options --tls-… go with HOST:PORT");
  }
  return Address{"unix://" + path, std::move(path), {}};
}

}  // namespace

absl::StatusOr<Address> ParseAddress(const std::string& text, const TlsFiles& tls) {
  const std::string named = fmt::format("agent '{}'", text::Printable(text));
  for (const std::string_view scheme : {"unix://", "unix:", ""}) {
    if (!text.starts_with(scheme)) continue;
    std::string path = text.substr(scheme.size());
    if (path.starts_with('/') && path.find('\0') == std::string::npos) return OnSocket(std::move(path), tls, named);
    if (!scheme.empty()) {
      return absl::InvalidArgumentError(named +
                                        ": the socket needs an absolute path, e.g. unix:///run/tagdrift/reader.sock");
    }
  }
  if (!IsHostAndPort(text)) {
    return absl::InvalidArgumentError(
        named + ": neither a socket nor HOST:PORT; write unix:///run/tagdrift/reader.sock or node-7.corp:9616");
  }
  if (tls.ca.empty() || tls.certificate.empty() || tls.key.empty()) {
    return absl::InvalidArgumentError(
        named +
        ": an agent listens on TCP with mutual TLS only, since who asks is known by his certificate; name --tls-ca, "
        "--tls-cert and --tls-key");
  }
  return Address{text, "", tls};
}

std::string ReaderSocket(const std::string& host_root) {
  return (host_root.ends_with('/') ? host_root : host_root + "/") + "run/tagdrift/reader.sock";
}

}  // namespace tagdrift::remote

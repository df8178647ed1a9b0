// The daemon on TCP: mutual TLS, roles by the names of certificates, files that change.
#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "agent/scene.h"
#include "daemon.h"
#include "log.h"
#include "node/temporary_folder.h"
#include "registry/test_certificates.h"
#include "scrape.h"
#include "tagdrift/remote/client.h"

namespace tagdrift::serve {
namespace {

using registry::ServerPair;
using registry::TestAuthority;
using testing::HasSubstr;
using testing::StartsWith;

constexpr const char* kServerNames = "DNS:tagdrift.corp";

class TlsTest : public testing::Test {
 protected:
  TlsTest() {
    scene_.registry.Push("app", "v1", image_);
    scene_.Cache(agent::NameOf("app:v1"), image_);
    WriteSet(authority_, authority_);
  }

  void Start(std::vector<std::string> readers = {}, std::vector<std::string> operators = {}) {
    StartWith([&](Options& options) {
      options.tls.readers = std::move(readers);
      options.tls.operators = std::move(operators);
    });
  }

  /// `change` makes of the options that all tests share those of one.
  void StartWith(const std::function<void(Options&)>& change) {
    std::promise<std::uint16_t> listening;
    daemon_ = std::make_unique<Daemon>(scene_, [&](Options& options) {
      options.spread = absl::ZeroDuration();
      options.metrics = metrics_;
      options.tls = Access();
      change(options);
      options.tls.listening = [&](std::uint16_t port) { listening.set_value(port); };
    });
    auto port = listening.get_future();
    ASSERT_EQ(port.wait_for(kPatience), std::future_status::ready);
    port_ = port.get();
    address_ = "127.0.0.1:" + std::to_string(port_);
    v1::GetReportResponse answer;
    ASSERT_TRUE(Await([&] {
      grpc::ClientContext context;
      SetDeadline(context);
      return daemon_->reader->GetReport(&context, {}, &answer).ok();
    }));
  }

  TlsAccess Access() const {
    return {.address = "127.0.0.1:0",
            .certificate = files_.path() + "/tls/tls.crt",
            .key = files_.path() + "/tls/tls.key",
            .client_ca = files_.path() + "/tls/ca.crt"};
  }

  /// As a Secret is replaced: by a link to a new folder.
  void WriteSet(const TestAuthority& of_server, const TestAuthority& of_clients, int days = 1) {
    const auto pair = of_server.Issue(kServerNames, days);
    Swap(pair->certificate, pair->key, of_clients.Certificate());
  }
  void Swap(const std::string& certificate, const std::string& key, const std::string& ca) {
    const std::string folder = "set" + std::to_string(++sets_);
    files_.Write(folder + "/tls.crt", certificate);
    files_.Write(folder + "/tls.key", key);
    files_.Write(folder + "/ca.crt", ca);
    std::filesystem::create_directory_symlink(folder, files_.path() + "/new");
    std::filesystem::rename(files_.path() + "/new", files_.path() + "/tls");
  }

  static std::shared_ptr<grpc::ChannelCredentials> With(const TestAuthority& trusted, const ServerPair* pair) {
    grpc::SslCredentialsOptions options{.pem_root_certs = trusted.Certificate()};
    if (pair != nullptr) {
      options.pem_private_key = pair->key;
      options.pem_cert_chain = pair->certificate;
    }
    return grpc::SslCredentials(options);
  }
  std::shared_ptr<grpc::Channel> Channel(const std::shared_ptr<grpc::ChannelCredentials>& credentials) const {
    grpc::ChannelArguments arguments;
    arguments.SetSslTargetNameOverride("tagdrift.corp");
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    return grpc::CreateCustomChannel(address_, credentials, arguments);
  }
  grpc::Status Get(const std::shared_ptr<grpc::ChannelCredentials>& credentials) const {
    grpc::ClientContext context;
    SetDeadline(context);
    v1::GetReportResponse answer;
    return v1::NodeCache::NewStub(Channel(credentials))->GetReport(&context, {}, &answer);
  }
  grpc::Status GetAs(const TestAuthority& authority, const std::string& names) const {
    return Get(With(authority_, authority.Issue(names).get()));
  }
  static v1::EvictRequest EvictionOfApp() {
    v1::EvictRequest request;
    request.add_references(agent::NameOf("app:v1"));
    request.set_apply(true);
    return request;
  }
  grpc::Status PlanAs(const std::string& names) const {
    const auto actions = v1::NodeCacheActions::NewStub(Channel(With(authority_, authority_.Issue(names).get())));
    grpc::ClientContext context;
    SetDeadline(context);
    v1::RefreshRequest request;
    request.add_references(agent::NameOf("app:v1"));
    const auto stream = actions->Refresh(&context, request);
    v1::RefreshResponse event;
    while (stream->Read(&event)) {
    }
    return stream->Finish();
  }

  agent::Scene scene_;
  const agent::SampleImage image_{"image", 2024};
  const TestAuthority authority_;
  const TestAuthority other_;
  node::TemporaryFolder files_;
  int sets_ = 0;
  std::string metrics_;
  std::uint16_t port_ = 0;
  std::string address_;
  std::unique_ptr<Daemon> daemon_;
};

TEST_F(TlsTest, NamesOfCertificatesAreRoles) {
  Start({"*.read.corp"}, {"spiffe://corp/*/ops", "127.0.0.1"});
  EXPECT_TRUE(GetAs(authority_, "DNS:ci.read.corp").ok());
  EXPECT_EQ(PlanAs("DNS:ci.read.corp").error_code(), grpc::StatusCode::PERMISSION_DENIED) << "a reader";
  EXPECT_TRUE(GetAs(authority_, "URI:spiffe://corp/ns/ops").ok()) << "an operator reads too";
  EXPECT_TRUE(PlanAs("URI:spiffe://corp/ns/ops").ok());
  EXPECT_TRUE(PlanAs("").ok()) << "the common name, where there is no other";
  EXPECT_EQ(PlanAs("DNS:else.corp").error_code(), grpc::StatusCode::PERMISSION_DENIED) << "a name comes before it";
  const grpc::Status nobody = GetAs(authority_, "DNS:else.corp");
  EXPECT_EQ(nobody.error_code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_THAT(nobody.error_message(), HasSubstr("--reader-name"));
}

/// How a call ends, of each method of both services, in the order of the protos.
std::vector<grpc::StatusCode> CodesAt(const std::shared_ptr<grpc::Channel>& channel) {
  const auto reads = v1::NodeCache::NewStub(channel);
  const auto acts = v1::NodeCacheActions::NewStub(channel);
  std::vector<grpc::StatusCode> codes;
  const auto call = [&](auto&& ask) {
    grpc::ClientContext context;
    SetDeadline(context);
    codes.push_back(ask(&context).error_code());
  };
  const auto first = [](grpc::ClientContext* context, auto stream, auto event) {
    if (stream->Read(&event)) context->TryCancel();
    while (stream->Read(&event)) {
    }
    const grpc::Status status = stream->Finish();
    return status.error_code() == grpc::StatusCode::CANCELLED ? grpc::Status::OK : status;
  };
  const std::string tag = agent::NameOf("app:v1");
  call([&](auto* context) {
    v1::GetReportResponse response;
    return reads->GetReport(context, {}, &response);
  });
  call([&](auto* context) { return first(context, reads->WatchReport(context, {}), v1::WatchReportResponse()); });
  call([&](auto* context) {
    v1::ExplainRequest request;
    request.set_name(tag);
    v1::ExplainResponse response;
    return reads->Explain(context, request, &response);
  });
  call([&](auto* context) {
    v1::ListRegistriesResponse response;
    return reads->ListRegistries(context, {}, &response);
  });
  call([&](auto* context) {
    v1::ListImagesResponse response;
    return reads->ListImages(context, {}, &response);
  });
  call([&](auto* context) {
    v1::RefreshRequest request;
    request.add_references(tag);
    return first(context, acts->Refresh(context, request), v1::RefreshResponse());
  });
  call([&](auto* context) {
    v1::PrePullRequest request;
    request.add_references(tag);
    return first(context, acts->PrePull(context, request), v1::PrePullResponse());
  });
  call([&](auto* context) {
    v1::EvictRequest request;
    request.add_references(tag);
    return first(context, acts->Evict(context, request), v1::EvictResponse());
  });
  return codes;
}

TEST_F(TlsTest, EachMethodIsForItsRoleAtEachListener) {
  Start({"read.corp"}, {"ops.corp"});
  const auto with = [&](const TestAuthority& authority, const std::string& names, int days = 1) {
    return Channel(With(authority_, authority.Issue(names, days).get()));
  };
  using enum grpc::StatusCode;
  const auto all = [](grpc::StatusCode reading, grpc::StatusCode acting) {
    return std::vector{reading, reading, reading, reading, reading, acting, acting, acting};
  };
  EXPECT_EQ(CodesAt(daemon_->Channel("reader.sock")), all(OK, PERMISSION_DENIED));
  EXPECT_EQ(CodesAt(daemon_->Channel("operator.sock")), all(OK, OK));
  EXPECT_EQ(CodesAt(with(authority_, "DNS:read.corp")), all(OK, PERMISSION_DENIED));
  EXPECT_EQ(CodesAt(with(authority_, "DNS:ops.corp")), all(OK, OK));
  EXPECT_EQ(CodesAt(with(authority_, "DNS:else.corp")), all(PERMISSION_DENIED, PERMISSION_DENIED));
  EXPECT_EQ(CodesAt(with(other_, "DNS:ops.corp")), all(UNAVAILABLE, UNAVAILABLE)) << "another authority's";
  EXPECT_EQ(CodesAt(with(authority_, "DNS:ops.corp", -1)), all(UNAVAILABLE, UNAVAILABLE)) << "expired";
  EXPECT_EQ(CodesAt(Channel(With(authority_, nullptr))), all(UNAVAILABLE, UNAVAILABLE)) << "no certificate";
  EXPECT_EQ(CodesAt(Channel(grpc::InsecureChannelCredentials())), all(UNAVAILABLE, UNAVAILABLE)) << "plain text";
}

TEST_F(TlsTest, OneCertificateLeavesAnotherViewsToWatch) {
  constexpr int kViewsOfOneReader = 24;
  Start();
  struct Watching {
    grpc::ClientContext context;
    std::unique_ptr<grpc::ClientReader<v1::WatchReportResponse>> stream;
  };
  std::vector<std::unique_ptr<Watching>> all;
  const auto watch = [&](v1::NodeCache::Stub& stub, int number) {
    v1::WatchReportRequest request;
    for (int i = 0; i <= number; ++i) request.mutable_filter()->add_verdicts(v1::VERDICT_FRESH);
    Watching& watching = *all.emplace_back(std::make_unique<Watching>());
    SetDeadline(watching.context);
    watching.stream = stub.WatchReport(&watching.context, request);
    v1::WatchReportResponse event;
    return watching.stream->Read(&event) ? grpc::Status::OK : watching.stream->Finish();
  };
  const auto stub_of = [&](const std::string& names) {
    return v1::NodeCache::NewStub(Channel(With(authority_, authority_.Issue(names).get())));
  };
  const auto one = stub_of("DNS:one.corp");
  for (int i = 0; i < kViewsOfOneReader; ++i) ASSERT_TRUE(watch(*one, i).ok()) << i;
  const grpc::Status refused = watch(*stub_of("DNS:one.corp"), kViewsOfOneReader);
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED) << "over another connection too";
  EXPECT_THAT(refused.error_message(), HasSubstr("this caller has its share"));
  EXPECT_TRUE(watch(*stub_of("DNS:two.corp"), kViewsOfOneReader).ok());
  EXPECT_TRUE(watch(*daemon_->reader, kViewsOfOneReader).ok()) << "a user of the node";
  for (const auto& watching : all) watching->context.TryCancel();
}

TEST_F(TlsTest, WithoutACertificateOfTheAuthorityNobodyIsAnswered) {
  Start();
  EXPECT_TRUE(GetAs(authority_, "DNS:x.corp").ok());
  for (const auto& [what, credentials] : {
           std::pair("of another authority", With(authority_, other_.Issue("DNS:x.corp").get())),
           std::pair("expired", With(authority_, authority_.Issue("DNS:x.corp", -1).get())),
           std::pair("none", With(authority_, nullptr)),
           std::pair("plain text", grpc::InsecureChannelCredentials()),
       }) {
    EXPECT_EQ(Get(credentials).error_code(), grpc::StatusCode::UNAVAILABLE) << what;
  }
  EXPECT_TRUE(GetAs(authority_, "DNS:x.corp").ok());
}

/// A connection to this port that nothing has been sent over; the caller's.
int ConnectTo(std::uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0) << std::strerror(errno);
  return fd;
}

void AwaitClosed(int fd) {
  char byte = 0;
  while (recv(fd, &byte, 1, 0) > 0) {
  }
}

/// Makes the handshake of TLS alone. Returns when the server has taken it, or has ended the connection.
void ShakeHands(std::uint16_t port, const ServerPair* pair, bool asks_for_http2 = true) {
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  if (pair != nullptr) {
    BIO* pem = BIO_new_mem_buf(pair->certificate.data(), static_cast<int>(pair->certificate.size()));
    X509* certificate = PEM_read_bio_X509(pem, nullptr, nullptr, nullptr);
    BIO_free(pem);
    pem = BIO_new_mem_buf(pair->key.data(), static_cast<int>(pair->key.size()));
    EVP_PKEY* key = PEM_read_bio_PrivateKey(pem, nullptr, nullptr, nullptr);
    BIO_free(pem);
    EXPECT_EQ(SSL_CTX_use_certificate(context, certificate), 1);
    EXPECT_EQ(SSL_CTX_use_PrivateKey(context, key), 1);
    X509_free(certificate);
    EVP_PKEY_free(key);
  }
  constexpr unsigned char kHttp2[] = {2, 'h', '2'};
  if (asks_for_http2) SSL_CTX_set_alpn_protos(context, kHttp2, sizeof(kHttp2));
  SSL* ssl = SSL_new(context);
  const int fd = ConnectTo(port);
  SSL_set_fd(ssl, fd);
  char byte = 0;
  // The server speaks first.
  if (SSL_connect(ssl) == 1) SSL_read(ssl, &byte, 1);
  SSL_free(ssl);
  SSL_CTX_free(context);
  close(fd);
}

TEST_F(TlsTest, FailedHandshakesAreCountedAndNoOthers) {
  const Log log;
  metrics_ = kMetricsAddress;
  Start();
  const int silent = ConnectTo(port_);
  const auto good = authority_.Issue("DNS:x.corp");
  ShakeHands(port_, good.get());
  EXPECT_TRUE(GetAs(authority_, "DNS:x.corp").ok());
  EXPECT_EQ(Refusals("handshake"), 0);

  ShakeHands(port_, authority_.Issue("DNS:x.corp", -1).get());
  ShakeHands(port_, other_.Issue("DNS:x.corp").get());
  ShakeHands(port_, nullptr);
  ShakeHands(port_, good.get(), false);
  const int plain = ConnectTo(port_);
  send(plain, "GET / HTTP/1.1\r\n\r\n", 18, MSG_NOSIGNAL);
  AwaitClosed(plain);
  close(plain);
  close(ConnectTo(port_));
  EXPECT_TRUE(Await([] { return Refusals("handshake") == 6; })) << Refusals("handshake");
  // Until the time for it has passed.
  AwaitClosed(silent);
  close(silent);
  EXPECT_TRUE(Await([] { return Refusals("handshake") >= 7; }));
  EXPECT_TRUE(GetAs(authority_, "DNS:x.corp").ok());
  EXPECT_EQ(Refusals("handshake"), 7);
  EXPECT_EQ(log.Times("refused somebody at 127.0.0.1: TLS handshake: certificate has expired, 1 turned away"), 1);
  EXPECT_EQ(log.Times("refused somebody at 127.0.0.1: TLS handshake: not finished, 1 turned away"), 1);
  EXPECT_EQ(log.Times("TLS handshake: not finished"), 1) << "once a minute";
  daemon_.reset();
}

TEST_F(TlsTest, TheClientOfTheSameProgramWorks) {
  Start({}, {"ops.corp"});
  const auto pair = authority_.Issue("DNS:ops.corp");
  files_.Write("client/ca.pem", authority_.Certificate());
  files_.Write("client/tls.crt", pair->certificate);
  files_.Write("client/tls.key", pair->key);
  const std::string folder = files_.path() + "/client";
  const auto address =
      remote::ParseAddress(address_, {folder + "/ca.pem", folder + "/tls.crt", folder + "/tls.key", "tagdrift.corp"});
  ASSERT_TRUE(address.ok()) << address.status();
  auto client = remote::Client::Connect(*address);
  const auto report = client.GetReport({}, {});
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->report().tags_size(), 1);
}

TEST_F(TlsTest, TheAuditNamesTheCertificate) {
  StartWith([&](Options& options) {
    options.tls.operators = {"ops.corp"};
    options.actions.enabled = {judge::ActionKind::kEvict};
    options.actions.allow_force = true;
  });
  ASSERT_TRUE(Await([&] { return GetAs(authority_, "DNS:ops.corp").ok(); }));
  const auto actions = v1::NodeCacheActions::NewStub(Channel(With(authority_, authority_.Issue("DNS:ops.corp").get())));
  grpc::ClientContext context;
  SetDeadline(context);
  const auto stream = actions->Evict(&context, EvictionOfApp());
  v1::EvictResponse event;
  while (stream->Read(&event)) {
  }
  stream->Finish();
  ASSERT_FALSE(daemon_->audit().empty());
  EXPECT_THAT(daemon_->audit().front().requester, StartsWith("ops.corp at 127.0.0.1:"));
}

TEST_F(TlsTest, ANewCertificateAndAuthorityAreTakenOverWithoutARestart) {
  Start();
  // The connection stays open, and its stream silent.
  const auto stub = v1::NodeCache::NewStub(Channel(With(authority_, authority_.Issue("DNS:old.corp").get())));
  grpc::ClientContext context;
  SetDeadline(context);
  const auto stream = stub->WatchReport(&context, {});
  v1::WatchReportResponse event;
  ASSERT_TRUE(stream->Read(&event));

  WriteSet(other_, other_);
  const auto of_other = With(other_, other_.Issue("DNS:new.corp").get());
  EXPECT_TRUE(Await([&] { return Get(of_other).ok(); }));
  EXPECT_EQ(Get(With(other_, authority_.Issue("DNS:old.corp").get())).error_code(), grpc::StatusCode::UNAVAILABLE);
  while (stream->Read(&event)) {
  }
  EXPECT_NE(stream->Finish().error_code(), grpc::StatusCode::DEADLINE_EXCEEDED)
      << "who was let in by an authority that has been taken away does not stay";
}

TEST_F(TlsTest, NewSetsAreTakenOverWhileAnActionOfAnOldOneGoesOn) {
  std::atomic<bool> first = true;
  std::promise<void> begun;
  std::promise<void> release;
  StartWith([&](Options& options) {
    options.tls.operators = {"ops.corp"};
    options.actions.enabled = {judge::ActionKind::kEvict};
    options.audit = [&, released = release.get_future().share()](const report::AuditRecord&) {
      if (first.exchange(false)) begun.set_value();
      released.wait();
      return absl::OkStatus();
    };
  });
  ASSERT_TRUE(Await([&] { return GetAs(authority_, "DNS:ops.corp").ok(); }));
  const auto actions = v1::NodeCacheActions::NewStub(Channel(With(authority_, authority_.Issue("DNS:ops.corp").get())));
  grpc::ClientContext context;
  SetDeadline(context);
  const auto stream = actions->Evict(&context, EvictionOfApp());
  const bool has_begun = begun.get_future().wait_for(kPatience) == std::future_status::ready;
  EXPECT_TRUE(has_begun);
  // The third is read only once the second's taking over has not waited for the action.
  for (int set = 1; set <= 3; ++set) {
    const TestAuthority next;
    WriteSet(next, next);
    const auto of_next = With(next, next.Issue("DNS:x.corp").get());
    EXPECT_TRUE(Await([&] { return Get(of_next).ok(); })) << set;
  }
  release.set_value();
  v1::EvictResponse event;
  while (stream->Read(&event)) {
  }
  EXPECT_FALSE(stream->Finish().ok()) << "its connection has been cut";
  daemon_.reset();
}

TEST_F(TlsTest, ABadNewSetKeepsTheOldAndIsWarnedOfOnce) {
  const Log log;
  Start();
  const auto good = authority_.Issue(kServerNames);
  Swap(good->certificate, authority_.Issue(kServerNames)->key, authority_.Certificate());
  EXPECT_TRUE(Await([&] { return log.Times("is not the key of --tls-cert") > 0; }));
  EXPECT_TRUE(GetAs(authority_, "DNS:x.corp").ok());
  WriteSet(authority_, authority_, -1);
  EXPECT_TRUE(Await([&] { return log.Times("has expired; the files as they were read before stay in use") > 0; }));
  EXPECT_TRUE(GetAs(authority_, "DNS:x.corp").ok());
  WriteSet(other_, other_);
  EXPECT_TRUE(Await([&] { return Get(With(other_, other_.Issue("DNS:x.corp").get())).ok(); }));
  daemon_.reset();
  EXPECT_EQ(log.Times("is not the key of --tls-cert"), 1);
  EXPECT_EQ(log.Times("has expired; the files"), 1);
}

TEST_F(TlsTest, WhatCannotBeServedIsNamed) {
  const auto trouble = [](const TlsAccess& access) { return std::string(CheckTlsAccess(access).message()); };
  EXPECT_EQ(trouble(Access()), "");
  TlsAccess access = Access();
  access.address = "9616";
  EXPECT_THAT(trouble(access), StartsWith("--listen: '9616' is no address"));
  access = Access();
  access.key = files_.path() + "/none";
  EXPECT_THAT(trouble(access), HasSubstr("--tls-key: opening " + access.key));
  access.key = access.certificate;
  EXPECT_THAT(trouble(access), HasSubstr("--tls-key " + access.key + ": is no PEM file of a private key"));
  const auto pair = authority_.Issue(kServerNames);
  Swap(pair->certificate, authority_.Issue(kServerNames)->key, authority_.Certificate());
  EXPECT_THAT(trouble(Access()), HasSubstr("is not the key of --tls-cert"));
  Swap("nonsense", pair->key, authority_.Certificate());
  EXPECT_THAT(trouble(Access()), StartsWith("--tls-cert "));
  Swap(pair->certificate, pair->key, authority_.Certificate() + "-----BEGIN CERTIFICATE-----\nAAAA\n");
  EXPECT_THAT(trouble(Access()), StartsWith("--tls-client-ca "));
  WriteSet(authority_, authority_, -1);
  EXPECT_THAT(trouble(Access()), HasSubstr("has expired"));
}

TEST_F(TlsTest, AnAddressThatIsTakenIsOneError) {
  Start();
  const auto second = [&] {
    hosts::TreeFolder folder;
    return Serve({.socket_dir = folder.path().string() + "/run",
                  .tls = {.address = address_,
                          .certificate = Access().certificate,
                          .key = Access().key,
                          .client_ca = Access().client_ca},
                  .metrics = "",
                  .health = ""},
                 *scene_.agent, {});
  }();
  EXPECT_THAT(std::string(second.message()), StartsWith("--listen: listening at " + address_));
  EXPECT_NE(second.code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace tagdrift::serve

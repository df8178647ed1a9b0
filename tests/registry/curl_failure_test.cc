#include "registry/http/curl_failure.h"

#include <gtest/gtest.h>
#include <openssl/x509_vfy.h>

namespace tagdrift::registry {
namespace {

using hosts::Failure;

CurlFailure Late(Stage stage, absl::Duration time) {
  CurlFailure failure;
  failure.code = CURLE_OPERATION_TIMEDOUT;
  failure.stage = stage;
  failure.stage_time = time;
  failure.dial_limit = absl::Seconds(30);
  return failure;
}

TEST(CurlFailure, TellsContainerdsTimeoutsFromOurs) {
  EXPECT_EQ(NameFailure(Late(Stage::kConnecting, absl::Seconds(30))).failure, Failure::kTimeout);
  EXPECT_EQ(NameFailure(Late(Stage::kConnecting, absl::Seconds(5))).failure, Failure::kDeadline);
  EXPECT_EQ(NameFailure(Late(Stage::kHandshake, absl::Seconds(10))).failure, Failure::kTimeout);
  EXPECT_EQ(NameFailure(Late(Stage::kHandshake, absl::Seconds(9))).failure, Failure::kDeadline);
  EXPECT_EQ(NameFailure(Late(Stage::kConnected, absl::Seconds(300))).failure, Failure::kDeadline);
}

TEST(CurlFailure, TellsAnUntrustedCertificateFromOneThatIsExpired) {
  const auto refused = [](long why) { return CurlFailure{.code = CURLE_PEER_FAILED_VERIFICATION, .verify_result = why}; };
  EXPECT_TRUE(IsUntrusted(refused(X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY)));
  EXPECT_TRUE(IsUntrusted(refused(X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT)));
  EXPECT_FALSE(IsUntrusted(refused(X509_V_ERR_CERT_HAS_EXPIRED)));
  EXPECT_FALSE(IsUntrusted(refused(X509_V_ERR_HOSTNAME_MISMATCH)));
}

TEST(CurlFailure, NamesWhatTheProxySaid) {
  CurlFailure failure;
  failure.code = CURLE_RECV_ERROR;
  failure.proxy_status = 407;
  EXPECT_EQ(NameFailure(failure).failure, Failure::kConnect);
  EXPECT_EQ(NameFailure(failure).detail, "the proxy answered 407");
}

TEST(CurlFailure, TellsARefusedClientCertificateFromABrokenConnection) {
  const auto named = [](const std::string& text) {
    return NameFailure({.code = CURLE_RECV_ERROR, .stage = Stage::kConnected, .tls_text = text});
  };
  EXPECT_EQ(named("SSL_read: tlsv13 alert certificate required, errno 0").detail, "server wants a client certificate");
  for (const char* alert :
       {"sslv3 alert bad certificate", "tlsv1 alert unknown ca", "sslv3 alert certificate expired"}) {
    EXPECT_EQ(named(alert).failure, Failure::kTls) << alert;
    EXPECT_EQ(named(alert).detail, "server refuses the client certificate, or the lack of one");
  }
  EXPECT_EQ(named("SSL_read: Connection reset by peer").failure, Failure::kClosed);
}

TEST(CurlFailure, NamesWhatBrokeAnHttp2Connection) {
  EXPECT_EQ(NameFailure({.code = CURLE_HTTP2}).detail, "malformed answer");
  EXPECT_EQ(NameFailure({.code = CURLE_HTTP2, .os_error = 104}).detail, "connection reset by peer");
}

}  // namespace
}  // namespace tagdrift::registry

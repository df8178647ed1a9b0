#include "tagdrift/remote/address.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tagdrift::remote {
namespace {

const TlsFiles kTls{"ca.pem", "tls.crt", "tls.key", ""};

TEST(Address, IsASocketHoweverItIsWritten) {
  for (const char* text :
       {"unix:///run/tagdrift/reader.sock", "unix:/run/tagdrift/reader.sock", "/run/tagdrift/reader.sock"}) {
    const auto address = ParseAddress(text, {});
    ASSERT_TRUE(address.ok()) << address.status();
    EXPECT_EQ(address->socket_path, "/run/tagdrift/reader.sock");
    EXPECT_EQ(address->text, "unix:///run/tagdrift/reader.sock");
  }
}

TEST(Address, IsHostAndPortWithTlsFiles) {
  for (const char* text : {"node-7.corp:9616", "10.0.0.5:9615", "[2001:db8::5]:9615"}) {
    const auto address = ParseAddress(text, kTls);
    ASSERT_TRUE(address.ok()) << address.status();
    EXPECT_EQ(address->text, text);
    EXPECT_EQ(address->socket_path, "");
    EXPECT_EQ(address->tls.key, "tls.key");
  }
}

TEST(Address, SaysWhatIsWrongWithIt) {
  struct Row {
    const char* text;
    TlsFiles tls;
    const char* says;
  };
  const Row kRows[] = {
      {"", kTls, "unix:///run/tagdrift/reader.sock or node-7.corp:9616"},
      {"unix://reader.sock", {}, "needs an absolute path"},
      {"unix:", {}, "needs an absolute path"},
      {"reader.sock", {}, "neither a socket nor HOST:PORT"},
      {"http://node:9615", kTls, "neither a socket nor HOST:PORT"},
      {"node", kTls, "neither a socket nor HOST:PORT"},
      {":9615", kTls, "neither a socket nor HOST:PORT"},
      {"node:0", kTls, "neither a socket nor HOST:PORT"},
      {"node:65536", kTls, "neither a socket nor HOST:PORT"},
      {"node:96 15", kTls, "neither a socket nor HOST:PORT"},
      {"2001:db8::5:9615", kTls, "neither a socket nor HOST:PORT"},
      {"[]:9615", kTls, "neither a socket nor HOST:PORT"},
      {"node/x:9615", kTls, "neither a socket nor HOST:PORT"},
      {"\x1b[31m", kTls, "'\\x1b[31m'"},
      {"node:9615", {}, "mutual TLS only"},
      {"node:9615", {"ca.pem", "", "", ""}, "--tls-cert and --tls-key"},
      {"/run/reader.sock", {"ca.pem", "", "", ""}, "has no TLS"},
      {"/run/reader.sock", {"", "", "", "tagdrift"}, "has no TLS"},
  };
  for (const Row& row : kRows) {
    const auto address = ParseAddress(row.text, row.tls);
    EXPECT_TRUE(absl::IsInvalidArgument(address.status())) << row.text;
    EXPECT_THAT(std::string(address.status().message()), testing::HasSubstr(row.says)) << row.text;
  }
  EXPECT_THAT(std::string(ParseAddress("/" + std::string(200, 's'), {}).status().message()),
              testing::HasSubstr("longer than the 107 bytes"));
}

TEST(Address, OfAllReadersIsBelowTheNodesRoot) {
  EXPECT_EQ(ReaderSocket("/"), "/run/tagdrift/reader.sock");
  EXPECT_EQ(ReaderSocket("/host"), "/host/run/tagdrift/reader.sock");
}

}  // namespace
}  // namespace tagdrift::remote

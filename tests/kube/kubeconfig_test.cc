#include "kube/kubeconfig.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hosts/tree_folder.h"

namespace tagdrift::kube {
namespace {

using testing::HasSubstr;

constexpr char kConfig[] = R"(apiVersion: v1
kind: Config
current-context: node
contexts:
- name: other
  context: {cluster: none, user: none}
- name: node
  context:
    cluster: corp
    user: agent
clusters:
- name: corp
  cluster:
    server: https://api.corp:6443/k8s/
    certificate-authority-data: Q0E=
users:
- name: agent
  user:
    USER
)";

absl::StatusOr<Identity> Read(std::string config, const std::map<std::string, std::string>& files = {}) {
  const hosts::TreeFolder folder(files);
  folder.Write("etc/kube/config", config);
  const hosts::FileTree tree = folder.Tree();
  return ReadKubeconfig("/etc/kube/config", tree);
}

std::string With(const std::string& user, const std::string& instead_of = "", const std::string& put = "") {
  std::string config = kConfig;
  config.replace(config.find("USER"), 4, user);
  if (!instead_of.empty()) config.replace(config.find(instead_of), instead_of.size(), put);
  return config;
}

TEST(Kubeconfig, ReadsTheCurrentContext) {
  const auto identity = Read(With("token: abc"));
  ASSERT_TRUE(identity.ok()) << identity.status();
  EXPECT_EQ(identity->server, "https://api.corp:6443/k8s");
  EXPECT_EQ(identity->ca_pem, "CA");
  EXPECT_EQ(identity->token, "abc");
}

TEST(Kubeconfig, FindsFilesBesideItself) {
  const auto identity = Read(With("{client-certificate: pki/a.crt, client-key: /keys/a.key}",
                                  "certificate-authority-data: Q0E=", "certificate-authority: ca.crt"),
                             {{"etc/kube/pki/a.crt", "CERT"}, {"keys/a.key", "KEY"}, {"etc/kube/ca.crt", "CA2"}});
  ASSERT_TRUE(identity.ok()) << identity.status();
  EXPECT_EQ(identity->client_certificate, "CERT");
  EXPECT_EQ(identity->client_key, "KEY");
  EXPECT_EQ(identity->ca_pem, "CA2");
}

TEST(Kubeconfig, TokenFileIsReadLater) {
  const auto identity = Read(With("tokenFile: token"));
  ASSERT_TRUE(identity.ok()) << identity.status();
  EXPECT_EQ(identity->token_file, "/etc/kube/token");
}

TEST(Kubeconfig, SaysWhatIsWrong) {
  const struct {
    const char* name;
    std::string config;
    const char* error;
  } rows[] = {
      {"exec", With("exec: {command: aws}"),
       "users[0].user: 'exec' is not supported: give a token, or a client certificate with its key"},
      {"password", With("{username: a, password: b}"), "'username' is not supported"},
      {"nobody", With("{}"), "there is neither a token nor a client certificate"},
      {"half a pair", With("client-key-data: Q0E="), "a client certificate and its key go together"},
      {"no base64", With("client-key-data: '%'"), "users[0].user: 'client-key-data' is no base64"},
      {"no file", With("{client-certificate: a, client-key: b}"), "'client-certificate' /etc/kube/a: no such file"},
      {"http", With("token: a", "https://api", "http://api"), "clusters[0].cluster: 'server' has to be an https URL"},
      {"password in URL", With("token: a", "https://", "https://u:p@"), "'server' has to be an https URL"},
      {"not verified", With("token: a", "certificate-authority-data: Q0E=", "insecure-skip-tls-verify: true"),
       "'insecure-skip-tls-verify' is not supported"},
      {"proxy", With("token: a", "certificate-authority-data: Q0E=", "proxy-url: http://p"), "'proxy-url' is not"},
      {"no context", With("token: a", "current-context: node", "x: y"), "there is no 'current-context'"},
      {"unknown context", With("token: a", "current-context: node", "current-context: x"),
       "'contexts' has none with the name 'x'"},
      {"unknown user", With("token: a", "user: agent", "user: x"), "'users' has none with the name 'x'"},
      {"no YAML", "a: [", "line "},
      {"no mapping", "x", "is no object"},
  };
  for (const auto& row : rows) {
    const auto identity = Read(row.config);
    ASSERT_FALSE(identity.ok()) << row.name;
    EXPECT_THAT(std::string(identity.status().message()), HasSubstr(row.error)) << row.name;
  }
}

TEST(Kubeconfig, AliasesDoNotGrowWithoutBound) {
  std::string config = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n";
  for (int i = 1; i < 10; ++i) {
    const std::string alias = "*a" + std::to_string(i - 1);
    config += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int j = 0; j < 10; ++j) config += (j == 0 ? "" : ",") + alias;
    config += "]\n";
  }
  const auto identity = Read(config);
  ASSERT_FALSE(identity.ok());
  EXPECT_THAT(std::string(identity.status().message()), HasSubstr("too much"));
}

}  // namespace
}  // namespace tagdrift::kube

#include <gtest/gtest.h>

#include "tagdrift/hosts/registry_host.h"

namespace tagdrift::hosts {
namespace {

RegistryHost Host(const std::string& scheme, const std::string& host, const std::string& path) {
  RegistryHost result;
  result.scheme = scheme;
  result.host = host;
  result.path = path;
  return result;
}

TEST(RequestUrl, IsWhatContainerdRequests) {
  struct Row {
    const char* name;
    RegistryHost host;
    const char* registry;
    const char* url;
  };
  const Row rows[] = {
      {"registry itself", Host("https", "quay.io", "/v2"), "quay.io", "https://quay.io/v2/a/b/manifests/1"},
      {"Docker Hub's API host", Host("https", "registry-1.docker.io", "/v2"), "docker.io",
       "https://registry-1.docker.io/v2/a/b/manifests/1"},
      {"docker.io itself", Host("https", "docker.io", "/v2"), "docker.io", "https://docker.io/v2/a/b/manifests/1"},
      {"Hub's API host as a mirror", Host("https", "registry-1.docker.io", "/v2"), "quay.io",
       "https://registry-1.docker.io/v2/a/b/manifests/1?ns=quay.io"},
      {"mirror", Host("http", "m:5000", "/v2"), "docker.io", "http://m:5000/v2/a/b/manifests/1?ns=docker.io"},
      {"port escaped in ns", Host("https", "m", "/v2"), "registry:5000",
       "https://m/v2/a/b/manifests/1?ns=registry%3A5000"},
      {"IPv6 escaped in ns", Host("https", "[fd00::1]:5000", "/v2"), "[::1]:5000",
       "https://[fd00::1]:5000/v2/a/b/manifests/1?ns=%5B%3A%3A1%5D%3A5000"},
      {"port makes another host", Host("https", "quay.io:443", "/v2"), "quay.io",
       "https://quay.io:443/v2/a/b/manifests/1?ns=quay.io"},
      {"case makes another host", Host("https", "QUAY.io", "/v2"), "quay.io",
       "https://QUAY.io/v2/a/b/manifests/1?ns=quay.io"},
      {"path prefix", Host("https", "m", "/v2/hub"), "quay.io", "https://m/v2/hub/a/b/manifests/1?ns=quay.io"},
      {"no path", Host("https", "quay.io", ""), "quay.io", "https://quay.io/a/b/manifests/1"},
      {"root path", Host("https", "quay.io", "/"), "quay.io", "https://quay.io/a/b/manifests/1"},
      {"doubled slash", Host("https", "quay.io", "//v2"), "quay.io", "https://quay.io/v2/a/b/manifests/1"},
      {"dots", Host("https", "quay.io", "/x/./y/../../../v2/"), "quay.io", "https://quay.io/v2/a/b/manifests/1"},
  };
  for (const Row& row : rows)
    EXPECT_EQ(RequestUrl(row.host, row.registry, "a/b", "manifests", "1"), row.url) << row.name;
}

TEST(RequestUrl, KeepsTheColonOfADigest) {
  EXPECT_EQ(RequestUrl(Host("https", "quay.io", "/v2"), "quay.io", "a", "blobs", "sha256:ab"),
            "https://quay.io/v2/a/blobs/sha256:ab");
}

TEST(DefaultHostName, TranslatesDockerHubOnly) {
  EXPECT_EQ(DefaultHostName("docker.io"), "registry-1.docker.io");
  EXPECT_EQ(DefaultHostName("docker.io:443"), "docker.io:443");
  EXPECT_EQ(DefaultHostName("quay.io"), "quay.io");
}

TEST(RegistryHost, UrlIsSchemeHostPathAsContainerdHasThem) {
  EXPECT_EQ(Host("https", "mirror:5000", "/v2").Url(), "https://mirror:5000/v2");
  EXPECT_EQ(Host("https", "mirror", "//v2").Url(), "https://mirror//v2");
  EXPECT_EQ(Host("", "", "httpbin.corp/v2").Url(), "://httpbin.corp/v2");
}

TEST(RegistryHost, SendsTheSameRequestsWhateverRoleCapabilitiesAndSource) {
  RegistryHost one = Host("https", "m", "/v2");
  RegistryHost other = one;
  other.role = HostRole::kMirror;
  other.capabilities = {Capability::kPull};
  other.file = "hosts.toml";
  other.line = 7;
  other.skip_verify = false;
  EXPECT_TRUE(one.SameRequestsAs(other));
}

TEST(RegistryHost, TellsApartWhatShapesTheRequest) {
  struct Row {
    const char* name;
    void (*change)(RegistryHost&);
  };
  const Row rows[] = {
      {"scheme", [](RegistryHost& host) { host.scheme = "http"; }},
      {"host", [](RegistryHost& host) { host.host = "n"; }},
      {"path", [](RegistryHost& host) { host.path = "/v2/x"; }},
      {"skip_verify", [](RegistryHost& host) { host.skip_verify = true; }},
      {"http fallback", [](RegistryHost& host) { host.http_fallback = true; }},
      {"CA",
       [](RegistryHost& host) {
         host.ca.push_back({"ca.crt", "x"});
       }},
      {"client", [](RegistryHost& host) { host.clients.push_back({}); }},
      {"headers", [](RegistryHost& host) { host.headers["X-A"] = {"1"}; }},
      {"dial timeout", [](RegistryHost& host) { host.dial_timeout = absl::Seconds(1); }},
  };
  const RegistryHost host = Host("https", "m", "/v2");
  for (const Row& row : rows) {
    RegistryHost changed = host;
    row.change(changed);
    EXPECT_FALSE(host.SameRequestsAs(changed)) << row.name;
  }
}

}  // namespace
}  // namespace tagdrift::hosts

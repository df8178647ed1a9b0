#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>
#include <set>

#include "scene.h"

namespace tagdrift::credentials {
namespace {

using nlohmann::json;

/// Hosts that are easily taken for each other.
const std::vector<std::string> kHosts = {"r.example",      "r.example:443", "r.example:5000",  "s.r.example",
                                         "r.example.evil", "rr.example",    "[::1]:5000",      "[::1]",
                                         "localhost",      "docker.io",     "index.docker.io", "registry-1.docker.io",
                                         "docker.io.evil", "10.0.0.5",      "10.0.0.5:5000",   "registry"};

bool IsHub(const std::string& host) {
  return host == "docker.io" || host == "index.docker.io" || host == "registry-1.docker.io";
}

std::string HostOfKey(std::string key) {
  if (const std::size_t scheme = key.find("://"); scheme != std::string::npos) key.erase(0, scheme + 3);
  return key.substr(0, key.find('/'));
}

/// What a key may open, told independently of the rules: its own host, and Docker Hub by any of its names.
bool MayOpen(const std::string& key, const std::string& host) {
  const std::string own = HostOfKey(key);
  return own == host || (IsHub(own) && IsHub(host));
}

/// Keys of every form for a host, with the key as user name.
json KeysFor(const std::string& host) {
  json auths = json::object();
  for (const std::string& key : {host, "https://" + host, "http://" + host + "/v1/", "https://" + host + "/v2/",
                                 host + "/team", host + "/team/app", host + "/"}) {
    auths[key] = {{"username", key}, {"password", "pw"}};
  }
  return auths;
}

/// The keys of some hosts, drawn by `random`.
json SomeKeys(std::mt19937& random) {
  json auths = json::object();
  for (const std::string& host : kHosts) {
    const json keys = KeysFor(host);
    for (const auto& [key, entry] : keys.items()) {
      if (random() % 8 == 0) auths[key] = entry;
    }
  }
  return auths;
}

/// The keys of what is found.
std::vector<std::string> Keys(const std::string& found) {
  std::vector<std::string> keys;
  for (std::size_t begin = 0; found != "none" && begin < found.size();) {
    const std::size_t end = found.find(":pw", begin);
    keys.push_back(found.substr(begin, end - begin));
    begin = end + 5;
  }
  return keys;
}

/// Finds for every host and checks whose keys come; returns how many came.
std::size_t Check(const Scene& scene) {
  std::size_t count = 0;
  for (const std::string& host : kHosts) {
    for (const char* repository : {"team/app", "app", "teams/app"}) {
      for (const std::string& key : Keys(scene.Find(host, repository))) {
        EXPECT_TRUE(MayOpen(key, host)) << "the credential of " << key << " was found for " << host << "/"
                                        << repository;
        ++count;
      }
    }
  }
  return count;
}

/// Whatever the source: a credential is found for the host that its key names, and for no other host or port.
TEST(Binding, HoldsForEverySource) {
  std::mt19937 random(1);
  std::size_t files = 0;
  std::size_t secrets = 0;
  std::size_t providers = 0;
  std::size_t own = 0;
  for (int round = 0; round < 30; ++round) {
    const json auths = SomeKeys(random);
    Scene file;
    file.options.auth_files = {file.Write("config.json", json{{"auths", auths}}.dump())};
    ASSERT_EQ(file.Open(), "");
    files += Check(file);

    Scene secret;
    secret.Write("one/.dockerconfigjson", json{{"auths", auths}}.dump());
    secret.options.pull_secrets = {secret.Path("one")};
    ASSERT_EQ(secret.Open(), "");
    secrets += Check(secret);

    Scene provider;
    const json config = {{"apiVersion", "kubelet.config.k8s.io/v1"},
                         {"kind", "CredentialProviderConfig"},
                         {"providers",
                          {{{"name", "p"},
                            {"matchImages", {"*.*", "*.*.*", "*.*.*:5000", "*", "*:5000", "*.*:5000", "*.*.*.*"}},
                            {"defaultCacheDuration", "1h"},
                            {"apiVersion", "credentialprovider.kubelet.k8s.io/v1"}}}}};
    provider.options.provider_config = provider.Write("p.json", config.dump());
    provider.options.provider_bin_dir = provider.Path("bin");
    provider.WriteProgram("bin/p");
    const json response = {{"kind", "CredentialProviderResponse"},
                           {"apiVersion", "credentialprovider.kubelet.k8s.io/v1"},
                           {"cacheKeyType", "Global"},
                           {"auth", auths}};
    provider.programs->Will([text = response.dump()](const Command&) { return Ending{0, text, ""}; });
    ASSERT_EQ(provider.Open(), "");
    providers += Check(provider);

    Scene containerd;
    for (const std::string& host : kHosts) {
      if (random() % 2 == 0) containerd.endpoint_auths[host] = {host, "pw", "", ""};
    }
    ASSERT_EQ(containerd.Open(), "");
    own += Check(containerd);
  }
  EXPECT_GT(files, 100U);
  EXPECT_GT(secrets, 100U);
  EXPECT_GT(providers, 100U);
  EXPECT_GT(own, 100U);
}

/// A helper is asked for the host itself, so that what it answers is that host's.
TEST(Binding, HoldsForHelpers) {
  for (const std::string& named : kHosts) {
    Scene scene;
    scene.WriteProgram("bin/docker-credential-x");
    scene.options.auth_files = {scene.Write("config.json", json{{"credHelpers", {{named, "x"}}}}.dump())};
    scene.programs->Will([](const Command& command) {
      return Ending{0, json{{"Username", command.input}, {"Secret", "pw"}}.dump(), ""};
    });
    ASSERT_EQ(scene.Open(), "");
    EXPECT_GT(Check(scene), 0U) << named;
  }
}

}  // namespace
}  // namespace tagdrift::credentials

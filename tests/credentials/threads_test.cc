#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <nlohmann/json.hpp>
#include <thread>

#include "scene.h"

namespace tagdrift::credentials {
namespace {

using testing::Each;

constexpr std::size_t kThreads = 8;

/// What many threads find at once, each for `repository(its number)`. The program does not end before all have asked or
/// are about to.
std::vector<std::string> FindAtOnce(Scene& scene, const std::string& program_says,
                                    const std::function<std::string(std::size_t)>& repository) {
  std::latch all_there(kThreads);
  scene.programs->Will([&](const Command&) {
    all_there.wait();
    return Ending{0, program_says, ""};
  });
  std::vector<std::string> found(kThreads);
  std::vector<std::jthread> threads;
  for (std::size_t i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      all_there.count_down();
      found[i] = scene.Find("r.example", repository(i));
    });
  }
  threads.clear();
  return found;
}

TEST(Threads, ShareOneRunOfAHelper) {
  Scene scene;
  scene.WriteProgram("bin/docker-credential-x");
  scene.options.auth_files = {scene.Write("config.json", R"({"credHelpers":{"r.example":"x"}})")};
  ASSERT_EQ(scene.Open(), "");
  EXPECT_THAT(FindAtOnce(scene, R"({"Username":"u","Secret":"s"})", [](std::size_t) { return "app"; }), Each("u:s"));
  EXPECT_EQ(scene.programs->calls().size(), 1U);
}

/// A provider "p" for every image of r.example, whose answers are kept so long.
void AddProvider(Scene& scene, const std::string& cache_duration) {
  scene.options.provider_config = scene.Write("p.json", R"({"apiVersion":"kubelet.config.k8s.io/v1",
    "kind":"CredentialProviderConfig","providers":[{"name":"p","matchImages":["r.example"],
    "defaultCacheDuration":")" + cache_duration + R"(","apiVersion":"credentialprovider.kubelet.k8s.io/v1"}]})");
  scene.options.provider_bin_dir = scene.Path("bin");
  scene.WriteProgram("bin/p");
}

std::string ProviderAnswer(const std::string& cache_key) {
  return R"({"kind":"CredentialProviderResponse","apiVersion":"credentialprovider.kubelet.k8s.io/v1",
    "cacheKeyType":")" +
         cache_key + R"(","auth":{"r.example":{"username":"u","password":"pw"}}})";
}

TEST(Threads, ShareOneRunOfAProviderForTheSameImage) {
  Scene scene;
  AddProvider(scene, "1h");
  ASSERT_EQ(scene.Open(), "");
  EXPECT_THAT(FindAtOnce(scene, ProviderAnswer("Image"), [](std::size_t) { return "app"; }), Each("u:pw"));
  EXPECT_EQ(scene.programs->calls().size(), 1U);
}

TEST(Threads, ShareOneRunOfAProviderThatAnswersForTheRegistry) {
  Scene scene;
  AddProvider(scene, "1h");
  ASSERT_EQ(scene.Open(), "");
  EXPECT_THAT(FindAtOnce(scene, ProviderAnswer("Registry"), [](std::size_t i) { return "app" + std::to_string(i); }),
              Each("u:pw"));
  EXPECT_EQ(scene.programs->calls().size(), 1U);
}

TEST(Threads, FindWhileFilesChange) {
  Scene scene;
  class FastClock : public HandClock {
   public:
    SteadyTime Steady() const override { return SteadyTime() + std::chrono::seconds(++looks_); }

   private:
    mutable std::atomic<int> looks_ = 0;
  };
  scene.options.clock = std::make_shared<FastClock>();
  scene.options.warn = [](const std::string& text) { ADD_FAILURE() << text; };
  scene.options.auth_files = {scene.Write("config.json", ConfigWith({{"r.example", "user0"}}))};
  scene.Write("secrets/.dockerconfigjson", ConfigWith({{"s.example", "user0"}}));
  scene.options.pull_secrets = {scene.Path("secrets")};
  ASSERT_EQ(scene.Open(), "");
  std::atomic<bool> written = false;
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        while (!written) {
          EXPECT_TRUE(scene.Find("r.example", "app").starts_with("user"));
          EXPECT_TRUE(scene.Find("s.example", "app").starts_with("user"));
        }
      });
    }
    for (int i = 1; i <= 50; ++i) {
      scene.Write("config.json", ConfigWith({{"r.example", "user" + std::to_string(i)}}));
      scene.Write("secrets/.dockerconfigjson", ConfigWith({{"s.example", "user" + std::to_string(i)}}));
    }
    written = true;
  }
  EXPECT_EQ(scene.Find("r.example", "app"), "user50:pw");
  EXPECT_EQ(scene.Find("s.example", "app"), "user50:pw");
}

}  // namespace
}  // namespace tagdrift::credentials

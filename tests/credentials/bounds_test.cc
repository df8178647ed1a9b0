#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "credentials/daily_warnings.h"
#include "credentials/expiring_cache.h"
#include "scene.h"

namespace tagdrift::credentials {
namespace {

using std::chrono::seconds;

constexpr std::size_t kMost = ExpiringCache<int>::kMost;
constexpr SteadyTime kNow = SteadyTime() + std::chrono::hours(1);

TEST(ExpiringCache, HoldsAValueUntilItsTime) {
  ExpiringCache<int> cache;
  cache.Put("a", 1, kNow + seconds(5), kNow);
  EXPECT_EQ(cache.Get("a", kNow + seconds(4)), 1);
  EXPECT_EQ(cache.Get("a", kNow + seconds(5)), std::nullopt);
  cache.Put("a", 2, kNow + seconds(9), kNow);
  EXPECT_EQ(cache.Get("a", kNow + seconds(5)), 2);
}

TEST(ExpiringCache, DropsWhatNoLongerHolds) {
  ExpiringCache<int> cache;
  for (int i = 0; i < 100; ++i) cache.Put(std::to_string(i), i, kNow + seconds(1), kNow);
  EXPECT_EQ(cache.size(), 100U);
  cache.Put("new", 1, kNow + seconds(9), kNow + seconds(1));
  EXPECT_EQ(cache.size(), 1U);
}

TEST(ExpiringCache, IsBoundedAndDropsWhatWouldHoldShortest) {
  ExpiringCache<std::size_t> cache;
  cache.Put("short", 7, kNow + seconds(1), kNow);
  for (std::size_t i = 0; i < kMost; ++i) cache.Put(std::to_string(i), i, kNow + seconds(5), kNow);
  EXPECT_EQ(cache.size(), kMost);
  EXPECT_EQ(cache.Get("short", kNow), std::nullopt);
  EXPECT_EQ(cache.Get("0", kNow), 0U);
  for (std::size_t i = 0; i < 2 * kMost; ++i) cache.Put("more " + std::to_string(i), i, kNow + seconds(9), kNow);
  EXPECT_EQ(cache.size(), kMost);
  EXPECT_EQ(cache.Get("more " + std::to_string(2 * kMost - 1), kNow), 2 * kMost - 1);
}

/// Hands out warnings as they come.
struct Warned {
  std::shared_ptr<HandClock> clock = std::make_shared<HandClock>();
  std::vector<std::string> texts;
  Warn warn = Daily([this](const std::string& text) { texts.push_back(text); }, clock);
};

TEST(DailyWarnings, SayEachTextOnceADay) {
  Warned warned;
  warned.warn("a");
  warned.clock->Pass(std::chrono::hours(1));
  warned.warn("b");
  warned.clock->Pass(std::chrono::hours(23) - seconds(1));
  warned.warn("a");
  EXPECT_THAT(warned.texts, testing::ElementsAre("a", "b"));
  warned.clock->Pass(seconds(1));
  warned.warn("a");
  warned.warn("b");
  EXPECT_THAT(warned.texts, testing::ElementsAre("a", "b", "a"));
}

/// For ever silent after the first hundred, an agent would never again say what is wrong.
TEST(DailyWarnings, AreAHundredADayAndGoOnTheNext) {
  Warned warned;
  for (int i = 0; i < 1000; ++i) warned.warn(std::to_string(i));
  EXPECT_EQ(warned.texts.size(), 100U);
  warned.clock->Pass(std::chrono::hours(24));
  warned.warn("999");
  EXPECT_EQ(warned.texts.size(), 101U);
  EXPECT_EQ(warned.texts.back(), "999");
}

/// Hosts that keep changing: what was asked long ago is asked again, what is new is still remembered.
TEST(HelperAnswers, AreBoundedWithEverNewHosts) {
  Scene scene;
  scene.WriteProgram("bin/docker-credential-x");
  scene.options.auth_files = {scene.Write("config.json", R"({"credsStore":"x"})")};
  scene.programs->Will([](const Command&) { return Ending{0, R"({"Username":"u","Secret":"s"})", ""}; });
  ASSERT_EQ(scene.Open(), "");
  const std::size_t many = kMost + 1;
  for (std::size_t i = 0; i < many; ++i) {
    scene.Pass(std::chrono::milliseconds(1));
    EXPECT_EQ(scene.Find("r" + std::to_string(i) + ".example", "app"), "u:s");
  }
  EXPECT_EQ(scene.programs->calls().size(), many);
  EXPECT_EQ(scene.Find("r" + std::to_string(many - 1) + ".example", "app"), "u:s");
  EXPECT_EQ(scene.programs->calls().size(), many);
  EXPECT_EQ(scene.Find("r0.example", "app"), "u:s");
  EXPECT_EQ(scene.programs->calls().size(), many + 1);
}

}  // namespace
}  // namespace tagdrift::credentials

#include <gtest/gtest.h>

#include "world.h"

namespace tagdrift::judge {
namespace {

using nlohmann::json;

const json kImages = {{"old", {{"created", "2026-01-01T00:00:00Z"}}}, {"new", {{"created", "2026-02-01T00:00:00Z"}}}};

std::set<std::size_t> LookedAtAgain(const json& scenario) {
  World world(kImages, scenario);
  world.Fill();
  return SecondLook(world.tag, world.route, JudgeTag(world.tag, world.route, world.context));
}

json Host(const std::string& name, const json& tag) {
  return {{"name", name}, {"role", name == "origin" ? "default" : "mirror"}, {"tag", tag}, {"has", {"old", "new"}}};
}

TEST(SecondLook, IsNotNeededWhenFresh) {
  EXPECT_TRUE(LookedAtAgain({{"cached", "new"}, {"hosts", {Host("origin", "new")}}}).empty());
}

TEST(SecondLook, AsksTheOriginWhenStale) {
  EXPECT_EQ(LookedAtAgain({{"cached", "old"}, {"hosts", {Host("origin", "new")}}}), (std::set<std::size_t>{0}));
}

TEST(SecondLook, AsksDifferingHostsButNotThoseInSync) {
  const json hosts = {Host("behind", "old"), Host("in sync", "new"), Host("origin", "new")};
  EXPECT_EQ(LookedAtAgain({{"cached", "old"}, {"all_hosts", true}, {"hosts", hosts}}), (std::set<std::size_t>{0, 2}));
}

TEST(SecondLook, CoversADowngradeRisk) {
  EXPECT_EQ(LookedAtAgain({{"cached", "new"}, {"hosts", {Host("mirror", "old"), Host("origin", "new")}}}),
            (std::set<std::size_t>{0, 1}));
}

TEST(SecondLook, ConfirmsANotFound) {
  EXPECT_EQ(LookedAtAgain({{"cached", "new"}, {"hosts", {Host("origin", {{"status", 404}})}}}),
            (std::set<std::size_t>{0}));
}

TEST(SecondLook, DoesNotRetryAnOriginWithoutAnswer) {
  for (const json& words : {json{{"failure", "timeout"}}, json{{"status", 503}}, json{{"status", 429}},
                            json{{"status", 401}, {"access", "denied"}}}) {
    SCOPED_TRACE(words.dump());
    EXPECT_TRUE(LookedAtAgain({{"cached", "new"}, {"hosts", {Host("mirror", "old"), Host("origin", words)}}}).empty());
  }
}

TEST(SecondLook, HappensOnce) {
  World world(kImages, {{"cached", "old"}, {"hosts", {Host("origin", "new")}}});
  world.tag.second_look = true;
  world.Fill();
  EXPECT_TRUE(SecondLook(world.tag, world.route, JudgeTag(world.tag, world.route, world.context)).empty());
}

}  // namespace
}  // namespace tagdrift::judge

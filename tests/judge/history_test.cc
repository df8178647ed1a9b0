#include <gtest/gtest.h>

#include "world.h"

namespace tagdrift::judge {
namespace {

using nlohmann::json;

const json kImages = {{"undated", json::object()},
                      {"new", {{"created", "2026-02-01T00:00:00Z"}}},
                      {"new repacked", {{"config_of", "new"}}}};

/// A mirror that serves `at_mirror`, of which nothing tells whether it is older, and an origin that has moved on.
World MirrorServes(const std::string& at_mirror) {
  return World(kImages, {{"cached", at_mirror},
                         {"hosts",
                          {{{"name", "mirror"}, {"tag", at_mirror}, {"has", {at_mirror}}},
                           {{"name", "origin"}, {"role", "default"}, {"tag", "new"}, {"has", {"new"}}}}}});
}

facts::ServedDigest Served(const World& world, const std::string& image) {
  return {world.DigestOf(image), absl::FromUnixSeconds(100), absl::FromUnixSeconds(200)};
}

TEST(History, WithoutItAnUndatedImageIsOnlyDifferent) {
  World world = MirrorServes("undated");
  const TagResult result = world.Judge();
  EXPECT_EQ(result.hosts[0].state, HostState::kDifferent);
  EXPECT_EQ(result.cause, Cause::kMirrorDiffers);
}

TEST(History, ProvesAHostBehindThatServesWhatTheOriginServedBefore) {
  World world = MirrorServes("undated");
  world.tag.history.origin_served = {Served(world, "undated")};
  const TagResult result = world.Judge();
  EXPECT_EQ(result.hosts[0].state, HostState::kBehind);
  EXPECT_EQ(result.cause, Cause::kStaleMirror);
}

TEST(History, OfAnotherDigestProvesNothing) {
  World world = MirrorServes("undated");
  world.tag.history.origin_served = {Served(world, "new repacked")};
  EXPECT_EQ(world.Judge().hosts[0].state, HostState::kDifferent);
}

TEST(History, ProvesItEvenWhereTheImagesCannotBeRead) {
  World world(kImages, {{"cached", "new"},
                        {"stored", json::array()},
                        {"hosts",
                         {{{"name", "mirror"}, {"tag", "undated"}},
                          {{"name", "origin"}, {"role", "default"}, {"tag", "new"}, {"has", {"new"}}}}},
                        {"all_hosts", true}});
  world.tag.history.origin_served = {Served(world, "undated")};
  // The forecast finds that the mirror lacks what it names; before that is known it counts as behind.
  world.tag.answers.emplace(HostQuery{0, QueryKind::kTag, std::nullopt, ""},
                            hosts::Answer{.status = 200,
                                          .content_type = std::string(image::kOciManifest),
                                          .digest_header = world.DigestOf("undated").text()});
  world.tag.answers.emplace(HostQuery{1, QueryKind::kTag, std::nullopt, ""},
                            hosts::Answer{.status = 200,
                                          .content_type = std::string(image::kOciManifest),
                                          .digest_header = world.DigestOf("new").text()});
  EXPECT_EQ(JudgeTag(world.tag, world.route, world.context).hosts[0].state, HostState::kBehind);
}

TEST(History, DoesNotMakeAnEquivalentImageBehind) {
  World world = MirrorServes("new repacked");
  world.tag.history.origin_served = {Served(world, "new repacked")};
  EXPECT_EQ(world.Judge().hosts[0].state, HostState::kEquivalent);
}

TEST(History, DoesNotMakeTheOriginsOwnDigestBehind) {
  World world = MirrorServes("new");
  world.tag.history.origin_served = {Served(world, "new"), Served(world, "undated")};
  const TagResult result = world.Judge();
  EXPECT_EQ(result.hosts[0].state, HostState::kInSync);
  EXPECT_EQ(result.verdict, Verdict::kFresh);
}

TEST(History, SaysSinceWhenATagHasDrifted) {
  World stale = MirrorServes("undated");
  stale.tag.history.drift_first_seen = absl::FromUnixSeconds(300);
  EXPECT_EQ(stale.Judge().first_seen, absl::FromUnixSeconds(300));
  World fresh = MirrorServes("new");
  fresh.tag.history.drift_first_seen = absl::FromUnixSeconds(300);
  EXPECT_EQ(fresh.Judge().first_seen, std::nullopt) << "the drift is over";
}

}  // namespace
}  // namespace tagdrift::judge

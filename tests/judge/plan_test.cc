#include "tagdrift/judge/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <utility>
#include <vector>

#include "absl/time/civil_time.h"
#include "plan_world.h"

namespace tagdrift::judge {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

struct PlanRow {
  const char* name;
  std::function<void(PlanWorld&)> spoil;
  const char* expected;
};

void ExpectPlans(const std::vector<PlanRow>& rows, Plan (*make)(const ActionFacts&, const ActionOptions&)) {
  for (const PlanRow& row : rows) {
    SCOPED_TRACE(row.name);
    PlanWorld world;
    row.spoil(world);
    const Plan plan = make(world.facts, world.options);
    EXPECT_EQ(Describe(plan), row.expected);
    for (const Refusal& refusal : plan.refusals) EXPECT_NE(refusal.detail, "");
  }
}

void OnlyAMirror(PlanWorld& world) {
  world.route.config.registry = "docker.io";
  world.route.origin_is_other_host = true;
}
void ByDigest(PlanWorld& world) { world.facts.reference = world.facts.reference.At(world.new_digest); }

TEST(PlanRefresh, GivesEveryRowItsSteps) {
  ExpectPlans(
      {
          {"stale", [](PlanWorld&) {}, "PULL HOLD REPOINT VERIFY"},
          {"stale, content here", [](PlanWorld& w) { w.Complete(); }, "HOLD REPOINT VERIFY"},
          {"equivalent", [](PlanWorld& w) { w.facts.result.verdict = Verdict::kEquivalent; },
           "PULL HOLD REPOINT VERIFY"},
          {"fresh", [](PlanWorld& w) { w.Fresh(); }, "nothing"},
          {"fresh, but a layer is missing",
           [](PlanWorld& w) {
             const std::optional<WantedImage> incomplete = w.facts.wanted;
             w.Fresh();
             w.facts.wanted = incomplete;
           },
           "PULL HOLD REPOINT VERIFY"},
          {"the name points to no valid digest", [](PlanWorld& w) { w.facts.cached->target.reset(); },
           "refused NOT_CACHED"},
          {"no image store", [](PlanWorld& w) { w.facts.has_image_store = false; }, "refused NO_IMAGE_STORE"},
          {"a digest", ByDigest, "refused BY_DIGEST"},
          {"not cached", [](PlanWorld& w) { w.facts.cached.reset(); }, "refused NOT_CACHED"},
          {"local", [](PlanWorld& w) { w.facts.result.verdict = Verdict::kLocal; }, "refused LOCAL"},
          {"gone", [](PlanWorld& w) { w.facts.result.verdict = Verdict::kGone; }, "refused GONE"},
          {"origin unreachable",
           [](PlanWorld& w) {
             w.facts.result.verdict = Verdict::kUndecided;
             w.facts.result.cause = Cause::kOriginUnreachable;
             w.facts.result.origin_digest.reset();
             w.facts.wanted.reset();
           },
           "refused ORIGIN_UNKNOWN"},
          {"origin is a mirror",
           [](PlanWorld& w) {
             w.facts.result.verdict = Verdict::kUndecided;
             w.facts.result.cause = Cause::kOriginIsMirror;
           },
           "refused ORIGIN_UNKNOWN"},
          {"node disagrees, and the origin is a mirror",
           [](PlanWorld& w) {
             w.facts.result.verdict = Verdict::kUndecided;
             w.facts.result.cause = Cause::kNodeDisagrees;
             OnlyAMirror(w);
           },
           "refused ORIGIN_UNKNOWN"},
          {"asked for by digest, and the origin is a mirror",
           [](PlanWorld& w) {
             OnlyAMirror(w);
             w.options.to = w.new_digest;
           },
           "PULL HOLD REPOINT VERIFY"},
          {"node disagrees",
           [](PlanWorld& w) {
             w.facts.result.verdict = Verdict::kUndecided;
             w.facts.result.cause = Cause::kNodeDisagrees;
           },
           "PULL HOLD REPOINT VERIFY"},
          {"node disagrees, cached content is incomplete, no build times",
           [](PlanWorld& w) {
             w.facts.result.verdict = Verdict::kUndecided;
             w.facts.result.cause = Cause::kNodeDisagrees;
             w.facts.result.age.direction = Direction::kUnknown;
             w.facts.cached->stored->id.reset();
           },
           "PULL HOLD REPOINT VERIFY"},
          {"origin is older",
           [](PlanWorld& w) {
             w.facts.result.age = {absl::FromUnixSeconds(2'000'000'000), absl::FromUnixSeconds(1'900'000'000),
                                   Direction::kNewer};
           },
           "refused GOING_BACK"},
          {"origin is older, and that is allowed",
           [](PlanWorld& w) {
             w.facts.result.age = {absl::FromUnixSeconds(2'000'000'000), absl::FromUnixSeconds(1'900'000'000),
                                   Direction::kNewer};
             w.options.allow_older = true;
           },
           "PULL HOLD REPOINT VERIFY"},
          {"nobody knows which is older", [](PlanWorld& w) { w.facts.result.age.direction = Direction::kUnknown; },
           "PULL HOLD REPOINT VERIFY"},
          {"the older one is asked for",
           [](PlanWorld& w) {
             w.facts.result.age.direction = Direction::kNewer;
             w.options.to = w.new_digest;
           },
           "PULL HOLD REPOINT VERIFY"},
          {"asked for what it is already",
           [](PlanWorld& w) {
             w.Fresh();
             w.options.to = w.new_digest;
           },
           "nothing"},
          {"asked for what it is already, but the CRI has another image",
           [](PlanWorld& w) {
             w.Fresh();
             w.facts.cached->cri_image_id = image::Digest::OfBytes("other").text();
             w.options.to = w.new_digest;
           },
           "HOLD REPOINT VERIFY"},
          {"asked for, and the origin is down",
           [](PlanWorld& w) {
             w.facts.result.verdict = Verdict::kUndecided;
             w.facts.result.origin_digest.reset();
             w.options.to = w.new_digest;
           },
           "PULL HOLD REPOINT VERIFY"},
          {"asked for, complete, as content of another repository",
           [](PlanWorld& w) {
             const auto deliveries = w.facts.wanted->deliveries;
             w.Complete();
             w.facts.wanted->is_of_repository = false;
             w.facts.wanted->deliveries = {deliveries.front()};
             w.facts.result.origin_digest = w.old_digest;
             w.options.to = w.new_digest;
           },
           "refused NOT_OF_REPOSITORY"},
          {"the same, and a host of this repository delivers it",
           [](PlanWorld& w) {
             const auto deliveries = w.facts.wanted->deliveries;
             w.Complete();
             w.facts.wanted->is_of_repository = false;
             w.facts.wanted->deliveries = deliveries;
             w.facts.result.origin_digest = w.old_digest;
             w.options.to = w.new_digest;
           },
           "PULL HOLD REPOINT VERIFY"},
          {"the same for who has credentials",
           [](PlanWorld& w) {
             const auto deliveries = w.facts.wanted->deliveries;
             w.Complete();
             w.facts.wanted->is_of_repository = false;
             w.facts.wanted->deliveries = deliveries;
             w.facts.wanted->deliveries[1].answer.access = hosts::Access::kCredentials;
             w.facts.result.origin_digest = w.old_digest;
             w.options.to = w.new_digest;
           },
           "refused PRIVATE_IMAGE"},
          {"asked for by its first digits",
           [](PlanWorld& w) {
             w.facts.result.age.direction = Direction::kNewer;
             w.options.to_prefix = w.new_digest.Short();
           },
           "PULL HOLD REPOINT VERIFY"},
          {"asked for by digits that begin no digest",
           [](PlanWorld& w) {
             w.options.to_prefix = "000000";
             w.facts.wanted.reset();
           },
           "refused NO_SUCH_DIGEST"},
          {"manifest of another platform", [](PlanWorld& w) { w.facts.wanted->platform->architecture = "s390x"; },
           "refused WRONG_PLATFORM"},
          {"index without this platform", [](PlanWorld& w) { w.facts.wanted->manifest.reset(); },
           "refused WRONG_PLATFORM"},
          {"no host has it", [](PlanWorld& w) { w.facts.wanted->deliveries.pop_back(); }, "refused NOT_DELIVERABLE"},
          {"delivered, but no image",
           [](PlanWorld& w) {
             w.facts.wanted->unreadable = "not JSON";
             w.facts.wanted->manifest.reset();
           },
           "refused NOT_DELIVERABLE"},
          {"private", [](PlanWorld& w) { w.facts.wanted->deliveries[1].answer.access = hosts::Access::kCredentials; },
           "refused PRIVATE_IMAGE"},
          {"private and allowed",
           [](PlanWorld& w) {
             w.facts.wanted->deliveries[1].answer.access = hosts::Access::kCredentials;
             w.options.allow_private = true;
           },
           "PULL HOLD REPOINT VERIFY"},
          {"an anonymous token is no credential",
           [](PlanWorld& w) { w.facts.wanted->deliveries[1].answer.access = hosts::Access::kAnonymousToken; },
           "PULL HOLD REPOINT VERIFY"},
          {"disk too full for what comes", [](PlanWorld& w) { w.facts.disk.available = 17'000; },
           "refused DISK_TOO_FULL"},
          {"disk has just room", [](PlanWorld& w) { w.facts.disk.available = 17'800; }, "PULL HOLD REPOINT VERIFY"},
          {"disk is full, but nothing comes",
           [](PlanWorld& w) {
             w.Complete();
             w.facts.disk.available = 0;
           },
           "HOLD REPOINT VERIFY"},
          {"disk is not known", [](PlanWorld& w) { w.facts.disk = {.unknown = "out of reach"}; },
           "PULL HOLD REPOINT VERIFY"},
          {"force overrides none of these",
           [](PlanWorld& w) {
             w.facts.disk.available = 0;
             w.options.force = true;
           },
           "refused DISK_TOO_FULL"},
      },
      PlanRefresh);
}

TEST(PlanRefresh, SaysWhetherItLasts) {
  const std::vector<std::tuple<const char*, std::function<void(PlanWorld&)>, Durable>> rows = {
      {"the next pull brings it", [](PlanWorld&) {}, Durable::kYes},
      {"a stale mirror is asked first",
       [](PlanWorld& w) {
         w.facts.result.next_pull.pull = {Outcome::kStale, w.old_digest, 0, ""};
       },
       Durable::kNo},
      {"a mirror has the same image under another digest",
       [](PlanWorld& w) {
         w.facts.result.next_pull.pull = {Outcome::kEquivalent, w.old_digest, 0, ""};
       },
       Durable::kYes},
      {"going back, the registry has the new one",
       [](PlanWorld& w) {
         w.options.to = w.old_digest;
         w.facts.wanted->digest = w.old_digest;
       },
       Durable::kNo},
      {"the next pull fails",
       [](PlanWorld& w) {
         w.facts.result.next_pull.pull = {Outcome::kFails, std::nullopt, std::nullopt, "404"};
       },
       Durable::kUnknown},
      {"nobody knows",
       [](PlanWorld& w) {
         w.facts.result.next_pull.pull = {Outcome::kUndecided, w.new_digest, 1, ""};
       },
       Durable::kUnknown},
  };
  for (const auto& [name, spoil, expected] : rows) {
    SCOPED_TRACE(name);
    PlanWorld world;
    spoil(world);
    EXPECT_EQ(PlanRefresh(world.facts, world.options).durable, expected);
  }
}

TEST(PlanRefresh, NamesWhatKeepsAMirrorFromUndoingIt) {
  PlanWorld world;
  const Remedy fix{.kind = RemedyKind::kFixHostsToml, .host = 0, .fix = Fix::kTakeResolve};
  world.facts.result.remedies = {fix, {.kind = RemedyKind::kPurgeMirror, .host = 0}, {.kind = RemedyKind::kRefresh}};
  EXPECT_FALSE(PlanRefresh(world.facts, world.options).first.has_value()) << "it lasts anyway";
  world.facts.result.next_pull.pull = {Outcome::kStale, world.old_digest, 0, ""};
  EXPECT_EQ(PlanRefresh(world.facts, world.options).first, fix);
  world.options.to = world.old_digest;
  world.facts.wanted->digest = world.old_digest;
  world.facts.result.next_pull.pull = {Outcome::kFresh, world.new_digest, 1, ""};
  EXPECT_FALSE(PlanRefresh(world.facts, world.options).first.has_value()) << "the remedies are for the origin's digest";
}

TEST(PlanRefresh, ShowsBothTimesWhenItRefusesToGoBack) {
  PlanWorld world;
  world.facts.result.age = {absl::FromCivil(absl::CivilDay(2024, 2, 1), absl::UTCTimeZone()),
                            absl::FromCivil(absl::CivilDay(2024, 1, 1), absl::UTCTimeZone()), Direction::kNewer};
  const Plan plan = PlanRefresh(world.facts, world.options);
  ASSERT_EQ(Describe(plan), "refused GOING_BACK");
  for (const char* part : {"2024-01-01T00:00:00", "2024-02-01T00:00:00", "--allow-older", "--to sha256:"}) {
    EXPECT_THAT(plan.refusals[0].detail, HasSubstr(part));
  }
}

TEST(PlanRefresh, KnowsTheAgeOnlyOfWhatItReplaces) {
  PlanWorld world;
  EXPECT_EQ(PlanRefresh(world.facts, world.options).age->direction, Direction::kOlder);
  world.options.to = world.new_digest;
  EXPECT_FALSE(PlanRefresh(world.facts, world.options).age.has_value());
  world.options.to.reset();
  world.facts.result.verdict = Verdict::kEquivalent;
  EXPECT_FALSE(PlanRefresh(world.facts, world.options).age.has_value());
}

TEST(PlanRefresh, ListsTheDigestsThatAPrefixCanMean) {
  PlanWorld world;
  const auto digest = [](char last) { return *image::Digest::Parse("sha256:" + std::string(63, 'a') + last); };
  world.facts.known_digests = {digest('0'), digest('1'), world.old_digest};
  world.options.to_prefix = "aaaaaa";
  EXPECT_EQ(WantedDigest(world.facts, world.options), std::nullopt);
  const Plan plan = PlanRefresh(world.facts, world.options);
  ASSERT_EQ(Describe(plan).substr(0, 22), "refused NO_SUCH_DIGEST");
  EXPECT_THAT(plan.refusals[0].detail, HasSubstr(digest('0').text() + " " + digest('1').text()));
  EXPECT_EQ(plan.refusals[0].detail.find(world.old_digest.text()), std::string::npos);
}

TEST(ReadTo, TakesADigestOrItsFirstDigits) {
  const std::string hex(64, 'b');
  for (const auto& [text, is_digest] : std::vector<std::pair<std::string, bool>>{
           {"sha256:" + hex, true}, {"sha256:bbbbbb", false}, {"bbbbbb", false}, {hex, false}}) {
    ActionOptions options;
    ASSERT_TRUE(ReadTo(text, options).ok()) << text;
    EXPECT_EQ(options.to.has_value(), is_digest) << text;
    EXPECT_EQ(options.to_prefix, is_digest ? "" : text);
  }
  const std::vector<std::string> invalid{"",           "bbbbb", "sha256:", "sha256:BBBBBB",
                                         "md5:bbbbbb", "v1",    "bbbbbb…", "sha256:" + hex + "b"};
  for (const std::string& text : invalid) {
    ActionOptions options;
    EXPECT_TRUE(absl::IsInvalidArgument(ReadTo(text, options))) << text;
  }
}

TEST(PlanRefresh, RefusesSizesThatNoImageHas) {
  constexpr std::int64_t kGreatest = std::numeric_limits<std::int64_t>::max();
  for (const std::int64_t claimed : {kGreatest, kGreatest / 2, std::int64_t{5} << 40}) {
    for (const bool disk_is_known : {true, false}) {
      SCOPED_TRACE(claimed);
      PlanWorld world;
      world.facts.wanted->bytes_to_come = claimed;
      world.facts.wanted->layer_bytes = claimed;
      if (!disk_is_known) world.facts.disk = {.unknown = "out of reach"};
      const Plan plan = PlanRefresh(world.facts, world.options);
      EXPECT_EQ(Describe(plan), "refused DISK_TOO_FULL");
      EXPECT_GT(plan.disk_bytes, 0);
    }
  }
}

TEST(PlanRefresh, NamesTheHostThatDelivers) {
  PlanWorld world;
  const Plan plan = PlanRefresh(world.facts, world.options);
  EXPECT_EQ(plan.deliverer, 1U);
  EXPECT_EQ(plan.from, world.old_digest);
  EXPECT_EQ(plan.to, world.new_digest);
  EXPECT_EQ(plan.bytes_to_come, 1000);
  EXPECT_EQ(plan.steps.front().subject, "registry.test/team/app@" + world.new_digest.text());
}

TEST(PlanRefresh, NamesEveryHostThatWasTriedInVain) {
  PlanWorld world;
  world.facts.wanted->deliveries[1].has_it = false;
  world.facts.wanted->deliveries[1].answer.failure = hosts::Failure::kConnect;
  world.facts.wanted->deliveries[1].answer.failure_detail = "connection refused";
  const Plan plan = PlanRefresh(world.facts, world.options);
  ASSERT_EQ(Describe(plan), "refused NOT_DELIVERABLE");
  EXPECT_THAT(plan.refusals[0].detail,
              HasSubstr("https://mirror.test/v2: 404, https://registry.test/v2: connection refused"));
}

TEST(PlanPrePull, GivesEveryRowItsSteps) {
  ExpectPlans(
      {
          {"not here", [](PlanWorld&) {}, "PULL VERIFY"},
          {"never cached", [](PlanWorld& w) { w.facts.cached.reset(); }, "PULL VERIFY"},
          {"a digest", ByDigest, "PULL VERIFY"},
          {"here, without a name of its own", [](PlanWorld& w) { w.Complete(); }, "PULL VERIFY"},
          {"here",
           [](PlanWorld& w) {
             w.Complete();
             w.facts.wanted->has_digest_name = true;
           },
           "nothing"},
          {"here, but for another platform",
           [](PlanWorld& w) {
             w.Complete();
             w.facts.wanted->has_digest_name = true;
             w.facts.wanted->platform->architecture = "s390x";
           },
           "refused WRONG_PLATFORM"},
          {"origin is a mirror", OnlyAMirror, "refused ORIGIN_UNKNOWN"},
          {"a digest, origin is a mirror",
           [](PlanWorld& w) {
             OnlyAMirror(w);
             ByDigest(w);
           },
           "PULL VERIFY"},
          {"origin unknown", [](PlanWorld& w) { w.facts.wanted.reset(); }, "refused ORIGIN_UNKNOWN"},
          {"gone",
           [](PlanWorld& w) {
             w.facts.wanted.reset();
             w.facts.result.verdict = Verdict::kGone;
           },
           "refused GONE"},
          {"another platform", [](PlanWorld& w) { w.facts.wanted->platform->architecture = "s390x"; },
           "refused WRONG_PLATFORM"},
          {"private", [](PlanWorld& w) { w.facts.wanted->deliveries[1].answer.access = hosts::Access::kCredentials; },
           "refused PRIVATE_IMAGE"},
          {"disk too full", [](PlanWorld& w) { w.facts.disk.available = 0; }, "refused DISK_TOO_FULL"},
          {"no image store", [](PlanWorld& w) { w.facts.has_image_store = false; }, "refused NO_IMAGE_STORE"},
      },
      PlanPrePull);
}

TEST(PlanEvict, GivesEveryRowItsSteps) {
  ExpectPlans(
      {
          {"unused", [](PlanWorld&) {}, "DELETE_NAME VERIFY"},
          {"not there", [](PlanWorld& w) { w.facts.cached.reset(); }, "nothing"},
          {"a digest", ByDigest, "refused BY_DIGEST"},
          {"no image store", [](PlanWorld& w) { w.facts.has_image_store = false; }, "refused NO_IMAGE_STORE"},
          {"asked for by a container that has ended",
           [](PlanWorld& w) { w.facts.cached->used_by = {w.User(facts::UseBasis::kRequested)}; }, "refused IN_USE"},
          {"image of a container of which it is not known what it asked for",
           [](PlanWorld& w) { w.facts.cached->used_by = {w.User(facts::UseBasis::kSameImage)}; }, "refused IN_USE"},
          {"pinned", [](PlanWorld& w) { w.facts.cached->pinned = true; }, "refused PINNED"},
          {"sandbox image", [](PlanWorld& w) { w.facts.sandbox_image = "registry.test/team/app:v1"; },
           "refused SANDBOX_IMAGE"},
          {"protected", [](PlanWorld& w) { w.options.protected_by = {"*/team/*"}; }, "refused PROTECTED"},
          {"origin down", [](PlanWorld& w) { w.facts.result.origin_digest.reset(); }, "refused PULL_NOT_PROVEN"},
          {"origin is a mirror", OnlyAMirror, "refused PULL_NOT_PROVEN"},
          {"stale mirror",
           [](PlanWorld& w) {
             w.facts.result.next_pull.pull = {Outcome::kStale, w.old_digest, 0, ""};
           },
           "refused PULL_NOT_PROVEN"},
          {"next pull fails",
           [](PlanWorld& w) {
             w.facts.result.next_pull.pull = {Outcome::kFails, w.new_digest, 1, "no blob"};
           },
           "refused PULL_NOT_PROVEN"},
          {"credentials are only assumed",
           [](PlanWorld& w) { w.facts.result.next_pull.credentials = Credentials::kAssumed; },
           "refused PULL_NOT_PROVEN"},
          {"every reason at once, forced",
           [](PlanWorld& w) {
             w.facts.cached->used_by = {w.User(facts::UseBasis::kRequested)};
             w.facts.cached->pinned = true;
             w.options.protected_by = {"*"};
             w.facts.result.origin_digest.reset();
             w.options.force = true;
           },
           "DELETE_NAME VERIFY"},
          {"free", [](PlanWorld& w) { w.options.free = true; }, "DELETE_NAME REMOVE_IMAGE VERIFY"},
          {"free, another tag has the image",
           [](PlanWorld& w) {
             w.options.free = true;
             w.facts.other_tags = {"registry.test/team/app:v2"};
           },
           "DELETE_NAME VERIFY"},
          {"free, a container holds the image",
           [](PlanWorld& w) {
             w.options.free = true;
             w.facts.image_holders = 1;
           },
           "DELETE_NAME VERIFY"},
      },
      PlanEvict);
}

TEST(PlanEvict, KeepsWhatForceOverrode) {
  PlanWorld world;
  world.facts.cached->pinned = true;
  world.options.force = true;
  const Plan plan = PlanEvict(world.facts, world.options);
  ASSERT_EQ(plan.overridden.size(), 1U);
  EXPECT_EQ(plan.overridden[0].kind, RefusalKind::kPinned);
}

TEST(PlanEvict, ListsTheNamesThatGoAndThoseThatStay) {
  PlanWorld world;
  world.facts.siblings = {"registry.test/team/app:v2", "registry.test/team/app@sha256:old"};
  world.facts.image_names = {"registry.test/team/app@sha256:old", "sha256:id"};
  const Plan kept = PlanEvict(world.facts, world.options);
  EXPECT_THAT(kept.names_go, ElementsAre("registry.test/team/app:v1"));
  EXPECT_EQ(kept.names_stay, world.facts.siblings);
  EXPECT_EQ(kept.bytes_to_go, 0);

  world.options.free = true;
  const Plan freed = PlanEvict(world.facts, world.options);
  EXPECT_THAT(freed.names_go,
              ElementsAre("registry.test/team/app:v1", "registry.test/team/app@sha256:old", "sha256:id"));
  EXPECT_EQ(freed.bytes_to_go, 5000);
}

}  // namespace
}  // namespace tagdrift::judge

#include "tagdrift/judge/containers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tagdrift::judge {
namespace {

using facts::ContainerRole;
using facts::PullPolicy;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr char kTag[] = "registry.test/shop/web:v1";
constexpr char kLatest[] = "registry.test/shop/web:latest";

/// Images are called by a letter: 'a' is older than 'b'.
image::Digest DigestOf(char image) { return image::Digest::OfBytes(std::string("image ") + image); }
image::Digest IdOf(char image) { return image::Digest::OfBytes(std::string("config ") + image); }

image::Reference Ref(const std::string& text) { return *image::Reference::Parse(text); }

Route MirrorAndOrigin() {
  hosts::RegistryConfig config;
  config.registry = "registry.test";
  for (const auto role : {hosts::HostRole::kMirror, hosts::HostRole::kDefault}) {
    hosts::RegistryHost host;
    host.scheme = "https";
    host.host = role == hosts::HostRole::kMirror ? "mirror.test" : "registry.test";
    host.role = role;
    config.hosts.push_back(host);
  }
  return MakeRoute(std::move(config), {2, 1, 9}, std::nullopt);
}

/// What is said of a tag: the image that is cached, the origin's, and what a pull brings. '-': none; '?': not known;
/// '!': the pull fails.
struct TagWords {
  char cached = 'a';
  char origin = 'a';
  char pull = 'a';
};

Remedy Of(RemedyKind kind) {
  Remedy remedy;
  remedy.kind = kind;
  return remedy;
}

void SetForecast(const TagWords& words, TagResult& result) {
  Pull& pull = result.next_pull.pull;
  if (words.pull == '!') {
    pull = {Outcome::kFails, std::nullopt, std::nullopt, "connection refused"};
  } else if (words.pull == '?') {
    pull.detail = "no answer";
  } else {
    const bool right = words.pull == words.origin;
    pull = {right ? Outcome::kFresh : Outcome::kStale, DigestOf(words.pull), right ? 1 : 0, "", IdOf(words.pull)};
  }
}

TagResult ResultOf(const TagWords& words) {
  TagResult result;
  result.hosts.resize(2);
  result.hosts[0].state = HostState::kBehind;
  SetForecast(words, result);
  if (words.cached != '-') result.cached_image_id = IdOf(words.cached);
  if (words.origin == '-') {
    result.cause = Cause::kOriginUnreachable;
    return result;
  }
  result.origin_digest = DigestOf(words.origin);
  result.origin_image_id = IdOf(words.origin);
  result.verdict = words.cached == '-'            ? Verdict::kUndecided
                   : words.cached == words.origin ? Verdict::kFresh
                                                  : Verdict::kStale;
  if (words.cached == '-') result.cause = Cause::kAmbiguousCache;
  const bool mirror_is_stale = result.next_pull.pull.outcome == Outcome::kStale;
  if (mirror_is_stale) result.remedies.push_back(Of(RemedyKind::kFixHostsToml));
  if (result.verdict == Verdict::kStale) {
    result.cause = mirror_is_stale     ? Cause::kStaleMirror
                   : words.pull == '!' ? Cause::kPullWouldFail
                   : words.pull == '?' ? Cause::kForecastUnknown
                                       : Cause::kTagMoved;
    result.remedies.push_back(Of(RemedyKind::kRefresh));
  }
  return result;
}

/// A node with one pod shop/web-0 whose container is "app".
class Stage {
 public:
  /// `remedies` of the tag: none are its own.
  void AddTag(const std::string& name, const TagWords& words, const std::vector<Remedy>& remedies = {}) {
    facts::CachedImage image{.reference = Ref(name)};
    if (words.cached != '-') {
      image.target = DigestOf(words.cached);
      image.cri_image_id = IdOf(words.cached).text();
      node.images.push_back(image);
    }
    judged_.emplace_back(image, ResultOf(words));
    if (!remedies.empty()) judged_.back().second.remedies = remedies;
  }

  facts::Container& AddContainer(char image, const std::string& asked = "") {
    facts::Container container{.id = "c" + std::to_string(node.containers.size()),
                               .name = "app",
                               .sandbox_id = "s",
                               .pod_namespace = "shop",
                               .pod_name = "web-0",
                               .pod_uid = "uid-0",
                               .state = "running",
                               .created_at = absl::FromUnixSeconds(1000)};
    container.image = container.image_ref = IdOf(image).text();
    container.user_specified_image = asked;
    node.containers.push_back(container);
    return node.containers.back();
  }

  facts::PodContainer& AddSpec(const std::string& image, std::optional<PullPolicy> policy,
                               ContainerRole role = ContainerRole::kMain) {
    node.pods.pods.push_back({.namespace_name = "shop",
                              .name = "web-0",
                              .uid = "uid-0",
                              .phase = "Running",
                              .containers = {{.name = "app", .role = role, .image = image, .pull_policy = policy}}});
    return node.pods.pods.back().containers[0];
  }

  std::vector<ContainerResult> Judge() {
    const auto requests = ContainerRequests(node);
    std::map<image::Reference, JudgedName> names;
    for (const auto& [image, result] : judged_) {
      names.emplace(image.reference, JudgedName{.image = &image, .result = &result, .route = &route_});
    }
    return JudgeContainers(node, requests, names);
  }
  ContainerResult JudgeOne() { return Judge().at(0); }

  facts::Node node;

 private:
  Route route_ = MirrorAndOrigin();
  std::vector<std::pair<facts::CachedImage, TagResult>> judged_;
};

std::string Words(const Remedy& remedy) {
  switch (remedy.kind) {
    case RemedyKind::kNone:
      return "none";
    case RemedyKind::kFixHostsToml:
      return "fix hosts";
    case RemedyKind::kRefresh:
      return "refresh";
    case RemedyKind::kRestartWorkload:
      return "restart";
    case RemedyKind::kPinDigest:
      return "pin";
    case RemedyKind::kSetPullPolicy:
      return remedy.pull_policy == PullPolicy::kAlways ? "policy Always" : "policy IfNotPresent";
    case RemedyKind::kPurgeMirror:
    case RemedyKind::kProvideCredentials:
    case RemedyKind::kNameOrigin:
    case RemedyKind::kWait:
      break;
  }
  return "other";
}

std::vector<std::string> Words(const std::vector<Remedy>& remedies) {
  std::vector<std::string> words;
  for (const Remedy& remedy : remedies) words.push_back(Words(remedy));
  return words;
}

struct Row {
  const char* name;
  char runs;
  TagWords tag;
  PullPolicy policy;
  Verdict verdict;
  Cause cause;
  Outcome restart;
  std::vector<std::string> remedies;
};

const std::vector<Row>& Rows() {
  using enum PullPolicy;
  using V = Verdict;
  using C = Cause;
  using O = Outcome;
  static const std::vector<Row> rows = {
      {"all the same", 'a', {'a', 'a', 'a'}, kIfNotPresent, V::kFresh, C::kNone, O::kFresh, {}},
      {"tag re-pointed under it",
       'a',
       {'b', 'b', 'b'},
       kIfNotPresent,
       V::kStale,
       C::kTagMoved,
       O::kFresh,
       {"restart", "pin"}},
      {"tag pulled under it", 'a', {'b', 'b', 'b'}, kAlways, V::kStale, C::kTagMoved, O::kFresh, {"restart", "pin"}},
      {"refreshed behind a stale mirror, IfNotPresent",
       'a',
       {'b', 'b', 'a'},
       kIfNotPresent,
       V::kStale,
       C::kTagMoved,
       O::kFresh,
       {"restart", "pin"}},
      {"refreshed behind a stale mirror, Always",
       'a',
       {'b', 'b', 'a'},
       kAlways,
       V::kStale,
       C::kStaleMirror,
       O::kStale,
       {"fix hosts", "restart", "pin"}},
      {"stale cache, the pull is right, IfNotPresent",
       'a',
       {'a', 'b', 'b'},
       kIfNotPresent,
       V::kStale,
       C::kTagMoved,
       O::kStale,
       {"refresh", "policy Always", "restart", "pin"}},
      {"stale cache, the pull is right, Always",
       'a',
       {'a', 'b', 'b'},
       kAlways,
       V::kStale,
       C::kTagMoved,
       O::kFresh,
       {"restart", "pin"}},
      {"stale cache, the pull is right, Never",
       'a',
       {'a', 'b', 'b'},
       kNever,
       V::kStale,
       C::kTagMoved,
       O::kStale,
       {"refresh", "policy Always", "restart", "pin"}},
      {"stale cache and mirror, IfNotPresent",
       'a',
       {'a', 'b', 'a'},
       kIfNotPresent,
       V::kStale,
       C::kStaleMirror,
       O::kStale,
       {"refresh", "restart", "pin"}},
      {"stale cache and mirror, Always",
       'a',
       {'a', 'b', 'a'},
       kAlways,
       V::kStale,
       C::kStaleMirror,
       O::kStale,
       {"fix hosts", "restart", "pin"}},
      {"stale cache, the pull fails, Always",
       'a',
       {'a', 'b', '!'},
       kAlways,
       V::kStale,
       C::kPullWouldFail,
       O::kFails,
       {"none"}},
      {"stale cache, the pull fails, IfNotPresent",
       'a',
       {'a', 'b', '!'},
       kIfNotPresent,
       V::kStale,
       C::kPullWouldFail,
       O::kStale,
       {"refresh", "restart"}},
      {"stale cache, the pull is not known, Always",
       'a',
       {'a', 'b', '?'},
       kAlways,
       V::kStale,
       C::kForecastUnknown,
       O::kUndecided,
       {"pin"}},
      {"fresh, the tag moved back on this node",
       'b',
       {'a', 'b', 'b'},
       kIfNotPresent,
       V::kFresh,
       C::kNone,
       O::kStale,
       {"refresh", "policy Always", "pin"}},
      {"fresh behind a stale mirror, Always",
       'b',
       {'b', 'b', 'a'},
       kAlways,
       V::kFresh,
       C::kNone,
       O::kStale,
       {"fix hosts", "pin"}},
      {"fresh behind a stale mirror, IfNotPresent",
       'b',
       {'b', 'b', 'a'},
       kIfNotPresent,
       V::kFresh,
       C::kNone,
       O::kFresh,
       {}},
      {"fresh, the pull would fail, Always", 'b', {'b', 'b', '!'}, kAlways, V::kFresh, C::kNone, O::kFails, {"none"}},
      {"evicted, nothing moved", 'a', {'-', 'a', 'a'}, kIfNotPresent, V::kFresh, C::kNone, O::kFresh, {}},
      {"evicted, moved upstream",
       'a',
       {'-', 'b', 'b'},
       kIfNotPresent,
       V::kStale,
       C::kTagMoved,
       O::kFresh,
       {"restart", "pin"}},
      {"evicted, Never", 'a', {'-', 'a', 'a'}, kNever, V::kFresh, C::kNone, O::kFails, {"policy IfNotPresent"}},
      {"evicted behind a stale mirror",
       'b',
       {'-', 'b', 'a'},
       kIfNotPresent,
       V::kFresh,
       C::kNone,
       O::kStale,
       {"fix hosts", "pin"}},
      {"origin away, as its tag",
       'a',
       {'a', '-', '?'},
       kIfNotPresent,
       V::kUndecided,
       C::kOriginUnreachable,
       O::kUndecided,
       {"none"}},
      {"origin away, the tag moved here",
       'a',
       {'b', '-', '?'},
       kIfNotPresent,
       V::kStale,
       C::kTagMoved,
       O::kUndecided,
       {"none"}},
  };
  return rows;
}

TEST(ContainerTable, JudgesWhatRunsAndForecastsTheRestart) {
  for (const Row& row : Rows()) {
    SCOPED_TRACE(row.name);
    Stage stage;
    stage.AddTag(kTag, row.tag);
    stage.AddContainer(row.runs);
    stage.AddSpec(kTag, row.policy);
    const ContainerResult result = stage.JudgeOne();
    EXPECT_EQ(result.request.source, RequestSource::kPodSpec);
    EXPECT_EQ(result.verdict, row.verdict);
    EXPECT_EQ(result.cause, row.cause);
    EXPECT_EQ(result.restart.outcome, row.restart);
    EXPECT_FALSE(result.pull_policy.assumed);
    EXPECT_EQ(Words(result.remedies), row.remedies);
    const bool good = row.verdict == Verdict::kFresh;
    EXPECT_EQ(result.downgrade_risk, good && row.restart == Outcome::kStale);
  }
}

TEST(Containers, APodThatRunsOldCodeIsStaleHoweverFreshItsTagIs) {
  Stage stage;
  stage.AddTag(kTag, {'b', 'b', 'b'});
  stage.AddContainer('a', kTag);
  const ContainerResult result = stage.JudgeOne();
  EXPECT_EQ(result.verdict, Verdict::kStale);
  EXPECT_EQ(result.cause, Cause::kTagMoved);
  EXPECT_TRUE(result.request.decides);
}

TEST(Containers, WithoutASpecThePolicyIsAssumedAsKubernetesSetsIt) {
  Stage stage;
  stage.AddTag(kTag, {'a', 'a', 'a'});
  stage.AddTag(kLatest, {'a', 'a', 'a'});
  stage.AddContainer('a', kTag);
  stage.AddContainer('a', "registry.test/shop/web");
  stage.AddContainer('a', "registry.test/shop/web@" + DigestOf('a').text());
  const auto results = stage.Judge();
  EXPECT_EQ(results[0].pull_policy.value, PullPolicy::kIfNotPresent);
  EXPECT_EQ(results[1].pull_policy.value, PullPolicy::kAlways);
  EXPECT_EQ(results[2].pull_policy.value, PullPolicy::kIfNotPresent);
  EXPECT_EQ(results[2].verdict, Verdict::kImmutable);
  for (const ContainerResult& result : results) EXPECT_TRUE(result.pull_policy.assumed);
}

TEST(Containers, TheRecordedNameMakesStaleWhereNoTagHasTheImageAnyMore) {
  Stage stage;
  stage.AddTag(kTag, {'b', 'b', 'b'});
  stage.AddContainer('a').recorded_image = kTag;
  const ContainerResult result = stage.JudgeOne();
  EXPECT_EQ(result.request.source, RequestSource::kRecord);
  EXPECT_EQ(result.verdict, Verdict::kStale);
}

TEST(Containers, TheRecordedNameDecidesNothingWhileASiblingHasTheImage) {
  Stage stage;
  stage.AddTag("registry.test/shop/web:aaa", {'b', 'b', 'b'});
  stage.AddTag(kTag, {'a', 'a', 'a'});
  stage.AddContainer('a').recorded_image = "registry.test/shop/web:aaa";
  ContainerResult result = stage.JudgeOne();
  EXPECT_EQ(result.verdict, Verdict::kUndecided);
  EXPECT_EQ(result.cause, Cause::kAmbiguousCache);
  EXPECT_THAT(result.request.references, ElementsAre(Ref("registry.test/shop/web:aaa"), Ref(kTag)));

  stage.AddSpec(kTag, PullPolicy::kIfNotPresent);
  EXPECT_EQ(stage.JudgeOne().verdict, Verdict::kFresh) << "the spec settles it";
  stage.node.pods.pods[0].containers[0].image = "registry.test/shop/web:aaa";
  EXPECT_EQ(stage.JudgeOne().verdict, Verdict::kStale);
}

TEST(Containers, TheRecordedNameIsNotFreshWhileASiblingHasMovedSince) {
  Stage stage;
  stage.AddTag("registry.test/shop/web:aaa", {'a', 'a', 'a'});
  stage.AddTag(kTag, {'b', 'b', 'b'});
  stage.AddContainer('a').recorded_image = "registry.test/shop/web:aaa";
  facts::CachedImage& moved = stage.node.images[1];
  moved.created_at = absl::FromUnixSeconds(500);
  moved.updated_at = absl::FromUnixSeconds(900);
  EXPECT_EQ(stage.JudgeOne().verdict, Verdict::kFresh) << "it moved before the container was made";
  moved.updated_at = absl::FromUnixSeconds(2000);
  EXPECT_EQ(stage.JudgeOne().verdict, Verdict::kUndecided);
  moved.created_at = absl::FromUnixSeconds(1500);
  EXPECT_EQ(stage.JudgeOne().verdict, Verdict::kFresh) << "it was not here then";
}

TEST(Containers, CandidatesOfOneVerdictNeedNoSpec) {
  Stage stage;
  stage.AddTag(kTag, {'a', 'a', 'a'});
  stage.AddTag(kLatest, {'a', 'a', 'a'});
  stage.AddContainer('a').recorded_image = kLatest;
  const ContainerResult result = stage.JudgeOne();
  EXPECT_EQ(result.verdict, Verdict::kFresh);
  EXPECT_EQ(result.restart.outcome, Outcome::kFresh);
}

TEST(Containers, ARecordedNameThatWentAwayProvesNothingStale) {
  Stage stage;
  stage.AddTag(kTag, {'-', 'b', 'b'});
  stage.AddContainer('a').recorded_image = kTag;
  EXPECT_EQ(stage.JudgeOne().verdict, Verdict::kUndecided);
}

TEST(Containers, NobodyKnowsWhatWasAskedForIsUndecided) {
  Stage stage;
  stage.AddTag(kTag, {'a', 'a', 'a'});
  stage.AddContainer('a');
  stage.AddContainer('c');
  const auto results = stage.Judge();
  EXPECT_EQ(results[0].verdict, Verdict::kUndecided);
  EXPECT_THAT(results[0].request.references, ElementsAre(Ref(kTag)));
  EXPECT_EQ(results[1].verdict, Verdict::kUndecided);
  EXPECT_THAT(results[1].request.references, IsEmpty());
}

/// The image is `b`. The first attempt ran `first` and has ended, the second was made at 1000 and runs `second`.
Stage TwoAttempts(char first, char second, int first_created) {
  Stage stage;
  stage.AddTag(kTag, {'b', 'b', 'b'});
  facts::Container& ended = stage.AddContainer(first, kTag);
  ended.state = "exited";
  ended.created_at = absl::FromUnixSeconds(first_created);
  stage.AddContainer(second, kTag).attempt = 1;
  return stage;
}

TEST(Containers, OnlyTheNewestAttemptDecidesWhileItRuns) {
  Stage stage = TwoAttempts('a', 'b', 10);
  auto results = stage.Judge();
  EXPECT_FALSE(results[0].request.decides);
  EXPECT_TRUE(results[0].request.superseded);
  EXPECT_TRUE(results[1].request.decides);
  stage.node.containers[1].state = "exited";
  results = stage.Judge();
  EXPECT_FALSE(results[0].request.decides) << "an older attempt never does";
  EXPECT_FALSE(results[1].request.decides);
}

TEST(Containers, TheNewestAttemptIsTheLastCountedThoughTheClockWasSetBack) {
  const auto results = TwoAttempts('b', 'a', 4600).Judge();
  EXPECT_FALSE(results[0].request.decides);
  EXPECT_TRUE(results[1].request.decides);
  EXPECT_EQ(results[1].verdict, Verdict::kStale);
}

TEST(Containers, NoRefreshIsAdvisedThatTheKubeletWouldNotUse) {
  Stage stage;
  stage.AddTag(kTag, {'a', 'b', 'a'});
  stage.AddContainer('a', kTag);
  stage.AddSpec(kTag, PullPolicy::kIfNotPresent);
  EXPECT_THAT(Words(stage.JudgeOne().remedies), ElementsAre("refresh", "restart", "pin"));
  facts::PullVerification& verification = stage.node.pull_verification;
  verification.verification = facts::Verification::kOn;
  verification.policy = facts::VerificationPolicy::kAlwaysVerify;
  verification.pulled[IdOf('a').text()] = {{Ref(kTag).Name(), {.every_pod = true}}};
  EXPECT_THAT(Words(stage.JudgeOne().remedies), ElementsAre("pin")) << "what a refresh brings has no record";
}

TEST(Containers, HostsTomlComesFirstWhereNothingCanBePulled) {
  Stage stage;
  stage.AddTag(kTag, {'a', 'b', '!'}, {Of(RemedyKind::kFixHostsToml)});
  stage.AddContainer('a', kTag);
  stage.AddSpec(kTag, PullPolicy::kIfNotPresent);
  EXPECT_THAT(Words(stage.JudgeOne().remedies), ElementsAre("fix hosts")) << "another digest would have to be pulled";
}

TEST(Containers, InitEphemeralAndTerminatingOnesAreListedOnly) {
  for (const ContainerRole role :
       {ContainerRole::kMain, ContainerRole::kInit, ContainerRole::kSidecar, ContainerRole::kEphemeral}) {
    Stage stage;
    stage.AddContainer('a', kTag);
    stage.AddSpec(kTag, std::nullopt, role);
    const bool counts = role == ContainerRole::kMain || role == ContainerRole::kSidecar;
    EXPECT_EQ(stage.JudgeOne().request.decides, counts);
    stage.node.pods.pods[0].terminating = true;
    EXPECT_FALSE(stage.JudgeOne().request.decides);
  }
  Stage stage;
  stage.AddContainer('a', kTag);
  stage.node.sandboxes = {{.id = "s", .state = "not ready"}};
  EXPECT_TRUE(stage.JudgeOne().request.pod_terminating);
}

TEST(Containers, AStaticPodIsFoundByItsMirror) {
  Stage stage;
  stage.AddContainer('a');
  stage.AddSpec(kTag, PullPolicy::kNever);
  stage.node.pods.pods[0].uid = "another";
  stage.node.pods.pods[0].mirror_of = "uid-0";
  EXPECT_EQ(stage.JudgeOne().pull_policy.value, PullPolicy::kNever);
}

TEST(Containers, APrivateImageNeedsSecretsOfThePod) {
  Stage stage;
  stage.AddContainer('a', kLatest);
  stage.AddSpec(kLatest, PullPolicy::kAlways);
  facts::CachedImage image{.reference = Ref(kLatest), .target = DigestOf('a'), .cri_image_id = IdOf('a').text()};
  TagResult result = ResultOf({'a', 'a', 'a'});
  result.next_pull.credentials = Credentials::kAssumed;
  result.next_pull.if_anonymous = Pull{.outcome = Outcome::kFails};
  const Route route = MirrorAndOrigin();
  const auto judge = [&] {
    return JudgeContainers(stage.node, ContainerRequests(stage.node), {{Ref(kLatest), {&image, &result, &route}}})[0];
  };
  EXPECT_EQ(judge().restart.outcome, Outcome::kUndecided);
  stage.node.pods.pods[0].pull_secrets = {"registry"};
  EXPECT_EQ(judge().restart.outcome, Outcome::kFresh);
}

TEST(Containers, AKubeletThatVerifiesCredentialsMayPullWhatIsHere) {
  Stage stage;
  stage.AddTag(kTag, {'a', 'b', 'b'});
  stage.AddContainer('a', kTag);
  facts::PodContainer& spec = stage.AddSpec(kTag, PullPolicy::kIfNotPresent);
  stage.node.pull_verification.verification = facts::Verification::kOn;
  EXPECT_FALSE(stage.JudgeOne().restart.pulls) << "by default it does not verify what it has not pulled itself";

  stage.node.pull_verification.policy = facts::VerificationPolicy::kAlwaysVerify;
  EXPECT_TRUE(stage.JudgeOne().restart.pulls);
  EXPECT_EQ(stage.JudgeOne().restart.outcome, Outcome::kFresh);

  spec.pull_policy = PullPolicy::kNever;
  EXPECT_EQ(stage.JudgeOne().restart.outcome, Outcome::kFails);

  stage.node.pull_verification.policy = facts::VerificationPolicy::kUnknown;
  EXPECT_EQ(stage.JudgeOne().restart.outcome, Outcome::kUndecided);
}

TEST(Containers, WithoutASpecThePodsSecretsAreNotKnown) {
  Stage stage;
  stage.AddTag(kTag, {'a', 'b', 'b'});
  stage.AddContainer('a', kTag);
  stage.node.pull_verification.verification = facts::Verification::kOn;
  stage.node.pull_verification.pulled[IdOf('a').text()]["registry.test/shop/web"] = {.secrets = 1};
  EXPECT_EQ(stage.JudgeOne().restart.outcome, Outcome::kUndecided);
  EXPECT_EQ(stage.JudgeOne().verdict, Verdict::kStale) << "what it runs is known all the same";
}

TEST(AssignUses, GivesEachContainerToWhatItsSpecSays) {
  Stage stage;
  stage.AddTag(kTag, {'a', 'a', 'a'});
  stage.AddTag(kLatest, {'a', 'a', 'a'});
  stage.AddContainer('a');
  stage.AddSpec(kTag, std::nullopt);
  EXPECT_THAT(AssignUses(ContainerRequests(stage.node), stage.node), IsEmpty());
  ASSERT_EQ(stage.node.images[0].used_by.size(), 1U);
  EXPECT_EQ(stage.node.images[0].used_by[0].basis, facts::UseBasis::kRequested);
  EXPECT_THAT(stage.node.images[1].used_by, IsEmpty());
}

TEST(AssignUses, NamesWhatWasAskedForAndIsNotHere) {
  Stage stage;
  stage.AddContainer('a', kTag);
  const auto absent = AssignUses(ContainerRequests(stage.node), stage.node);
  ASSERT_EQ(absent.size(), 1U);
  EXPECT_EQ(absent[0].reference, Ref(kTag));
  EXPECT_TRUE(absent[0].used_by.at(0).decides);
}

TEST(AssignUses, MakesAnImageOfADigestThatASpecNames) {
  Stage stage;
  const std::string name = "registry.test/shop/web@" + DigestOf('a').text();
  stage.node.other_digests = {{.reference = Ref(name), .cri_image_id = IdOf('a').text()}};
  stage.AddContainer('a');
  stage.AddSpec(name, std::nullopt);
  AssignUses(ContainerRequests(stage.node), stage.node);
  EXPECT_THAT(stage.node.other_digests, IsEmpty());
  ASSERT_EQ(stage.node.images.size(), 1U);
  EXPECT_EQ(stage.node.images[0].used_by.size(), 1U);
}

}  // namespace
}  // namespace tagdrift::judge

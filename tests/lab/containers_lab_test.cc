// What pods run, on a real containerd: containers are made by image id, as the kubelet does, and what was forecast of a
// restart is held against one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "check_run.h"
#include "failure.h"
#include "kubelet.h"
#include "lab_fixture.h"
#include "moved_tags.h"

namespace tagdrift::lab {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

/// Two images of one tag that can run, v2 built after v1.
struct Release {
  explicit Release(const std::string& name)
      : v1(MakeImage({.text = name + " v1", .created = "2024-01-01T00:00:00Z", .runnable = true})),
        v2(MakeImage({.text = name + " v2", .created = "2024-02-01T00:00:00Z", .runnable = true})) {}
  Artifact v1;
  Artifact v2;
};

/// The image id; empty, and a failed test, where the pull failed.
std::string PullOrFail(const std::string& reference) {
  const auto pulled = TheLab().cri().Pull(reference);
  EXPECT_TRUE(pulled.ok()) << pulled.status();
  return pulled.value_or("");
}

/// True where the runtime keeps what the pod's author wrote.
bool KeepsWhatWasAsked() { return TheLab().containerd().version() != "1.6"; }

/// A pod with one container, removed at the end.
class RunningPod {
 public:
  RunningPod(const std::string& name, const std::string& image_id, const std::string& requested) {
    auto pod = TheLab().cri().Run({.name = name, .image_id = image_id, .requested = requested});
    EXPECT_TRUE(pod.ok()) << pod.status();
    if (pod.ok()) pod_ = *std::move(pod);
  }
  ~RunningPod() {
    if (pod_) EXPECT_TRUE(TheLab().cri().Remove(*pod_).ok());
  }
  RunningPod(const RunningPod&) = delete;
  RunningPod& operator=(const RunningPod&) = delete;

  std::string id() const { return pod_ ? pod_->container_id : ""; }
  std::string Says() const { return pod_ ? FirstLine(*pod_) : ""; }

 private:
  std::optional<Pod> pod_;
};

/// What the report says of the pod's container; an empty object, and a failed test, where it says nothing.
json ContainerIn(const CheckRun& run, const RunningPod& pod) {
  for (const json& container : run.report.value("containers", json::array())) {
    if (container["id"] == pod.id()) return container;
  }
  ADD_FAILURE() << "no container " << pod.id() << " in " << run.report.dump(2) << run.err;
  return json::object();
}

std::string Headline(const CheckRun& run) { return run.report["summary"].value("headline", ""); }

void AwaitImage(const std::string& reference, const std::string& image_id) {
  WaitFor(reference + " to be " + image_id, [&] { return CriId(TheLab(), reference) == image_id; });
}

enum class Move { kPull, kRefresh, kRetag };

void MoveTag(Move how, const std::string& reference, const Artifact& image) {
  const std::string pinned = reference.substr(0, reference.rfind(':')) + "@" + image.digest();
  switch (how) {
    case Move::kPull:
      PullOrFail(reference);
      break;
    case Move::kRefresh:
      EXPECT_EQ(RunTagdrift(TheLab(), {"refresh", "--yes", reference}).exit_code, 0);
      break;
    case Move::kRetag:
      PullOrFail(pinned);
      TheLab().containerd().Ctr({"images", "tag", "--force", pinned, reference});
      break;
  }
  AwaitImage(reference, image.image_id());
}

/// The opening promise: the tag on the node is right, and a pod still runs the old code.
void ExpectOldPodIsNamed(const std::string& name, Move how) {
  const Release app(name);
  const std::string reference = TheLab().upstream().host() + "/" + name + "/app:v1";
  TheLab().upstream().Push(name + "/app", "v1", app.v1);
  {
    const RunningPod pod(name, PullOrFail(reference), reference);
    TheLab().upstream().Push(name + "/app", "v1", app.v2);
    MoveTag(how, reference, app.v2);

    const CheckRun run = Check(TheLab(), {"--in-use", reference});
    EXPECT_EQ(run.exit_code, 1) << run.report.dump(2);
    EXPECT_EQ(Headline(run), "The one tag is fresh; 1 pod still runs another image");
    EXPECT_EQ(run.Tag(reference)["verdict"], "VERDICT_FRESH");
    const json container = ContainerIn(run, pod);
    EXPECT_EQ(container["verdict"], "VERDICT_STALE");
    EXPECT_EQ(container["cause"], "CAUSE_TAG_MOVED");
    EXPECT_EQ(container["runningImageId"], app.v1.image_id());
    EXPECT_EQ(container["tagImageId"], app.v2.image_id());
    EXPECT_EQ(container["requestedReference"], reference);
    EXPECT_EQ(container["requestedFrom"], KeepsWhatWasAsked() ? "REQUEST_SOURCE_RUNTIME" : "REQUEST_SOURCE_RECORD");
    EXPECT_EQ(container["restart"]["outcome"], "OUTCOME_FRESH");
    EXPECT_EQ(container["restart"]["imageId"], app.v2.image_id());
    const Output npd = RunTagdrift(TheLab(), {"check", "--npd", reference});
    EXPECT_EQ(npd.exit_code, 1);
    EXPECT_EQ(npd.out, "The one tag is fresh; 1 pod still runs another image\n");
  }
  const RunningPod again(name + "-again", CriId(TheLab(), reference), reference);
  const CheckRun run = Check(TheLab(), {"--in-use", reference});
  EXPECT_EQ(again.Says(), name + " v2");
  EXPECT_EQ(ContainerIn(run, again)["verdict"], "VERDICT_FRESH");
  EXPECT_EQ(run.exit_code, 0) << run.report.dump(2);
}

TEST(ContainersOnNode, ThePodThatRunsOldCodeIsNamedAfterAPullMovedItsTag) {
  ExpectOldPodIsNamed("ct-pull", Move::kPull);
}
TEST(ContainersOnNode, ThePodThatRunsOldCodeIsNamedAfterARefresh) { ExpectOldPodIsNamed("ct-refresh", Move::kRefresh); }
TEST(ContainersOnNode, ThePodThatRunsOldCodeIsNamedAfterItsTagWasRepointed) {
  ExpectOldPodIsNamed("ct-retag", Move::kRetag);
}

/// Another tag still has the image that runs: where only one of its names is recorded, nobody can tell.
void ExpectSiblingIsNotMistaken(const std::string& name, const std::string& sibling_tag, bool sibling_first) {
  const Release app(name);
  const std::string repository = TheLab().upstream().host() + "/" + name + "/app:";
  const std::string reference = repository + "latest";
  const std::string sibling = repository + sibling_tag;
  for (const std::string& tag : {std::string("latest"), sibling_tag}) {
    TheLab().upstream().Push(name + "/app", tag, app.v1);
  }
  const std::string id = PullOrFail(reference);
  if (sibling_first) PullOrFail(sibling);
  const RunningPod pod(name, id, reference);
  if (!sibling_first) PullOrFail(sibling);
  TheLab().upstream().Push(name + "/app", "latest", app.v2);
  MoveTag(Move::kPull, reference, app.v2);

  const CheckRun run = Check(TheLab(), {reference});
  const json container = ContainerIn(run, pod);
  if (KeepsWhatWasAsked()) {
    EXPECT_EQ(container["verdict"], "VERDICT_STALE") << container.dump(2);
    EXPECT_EQ(run.exit_code, 1);
    return;
  }
  EXPECT_EQ(container["verdict"], "VERDICT_UNDECIDED") << container.dump(2);
  EXPECT_EQ(container["cause"], "CAUSE_AMBIGUOUS_CACHE");
  EXPECT_THAT(container["candidates"].get<std::vector<std::string>>(), UnorderedElementsAre(reference, sibling));
  EXPECT_THAT(container.value("detail", ""), HasSubstr(sibling));
  EXPECT_EQ(run.exit_code, 2);
}

TEST(ContainersOnNode, ASiblingUnderWhichTheImageIsRecordedDoesNotMakeThePodFresh) {
  ExpectSiblingIsNotMistaken("ct-recorded", "aaa", true);
}
TEST(ContainersOnNode, ASiblingThatKeepsTheImageLeavesThePodUndecided) {
  ExpectSiblingIsNotMistaken("ct-sibling", "zzz", true);
}
TEST(ContainersOnNode, ASiblingThatCameLaterLeavesThePodUndecided) {
  ExpectSiblingIsNotMistaken("ct-later", "keep", false);
}

// `ctr images tag` makes the name anew, so that it looks as if it had not been here when the pod was started; where the
// runtime does not keep what was asked, the pod's spec does.
TEST(ContainersOnNode, ASiblingDoesNotHideThatTheTagWasRepointed) {
  const Release app("ct-retagged");
  const std::string repository = TheLab().upstream().host() + "/ct-retagged/app:";
  const std::string reference = repository + "v1";
  for (const char* tag : {"v1", "aaa"}) TheLab().upstream().Push("ct-retagged/app", tag, app.v1);
  const std::string id = PullOrFail(reference);
  PullOrFail(repository + "aaa");
  const RunningPod pod("ct-retagged", id, reference);
  TheLab().upstream().Push("ct-retagged/app", "v1", app.v2);
  MoveTag(Move::kRetag, reference, app.v2);

  const Kubelet kubelet({.name = "ct-retagged", .image_id = "", .requested = reference}, "IfNotPresent");
  std::vector<std::string> arguments = kubelet.Options();
  arguments.push_back(reference);
  const CheckRun run = Check(TheLab(), arguments);
  const json container = ContainerIn(run, pod);
  EXPECT_EQ(container["verdict"], "VERDICT_STALE") << container.dump(2);
  EXPECT_EQ(container["runningImageId"], app.v1.image_id());
  EXPECT_EQ(run.exit_code, 1);
}

TEST(ContainersOnNode, APodWhoseTagWasEvictedIsComparedWithTheRegistry) {
  const Release app("ct-evicted");
  const std::string reference = TheLab().upstream().host() + "/ct-evicted/app:v1";
  TheLab().upstream().Push("ct-evicted/app", "v1", app.v1);
  const RunningPod pod("ct-evicted", PullOrFail(reference), reference);
  TheLab().containerd().Ctr({"images", "remove", reference});
  AwaitImage(reference, "");
  CheckRun run = Check(TheLab(), {reference});
  EXPECT_EQ(ContainerIn(run, pod)["verdict"], "VERDICT_FRESH") << run.report.dump(2);
  EXPECT_EQ(run.report["tags"].size(), 0U);
  TheLab().upstream().Push("ct-evicted/app", "v1", app.v2);
  run = Check(TheLab(), {reference});
  EXPECT_EQ(ContainerIn(run, pod)["verdict"], KeepsWhatWasAsked() ? "VERDICT_STALE" : "VERDICT_UNDECIDED");
}

enum class Cache { kOld, kNew, kNone };
enum class MirrorState { kNew, kOld, kDown };

struct Policy {
  std::string name;
  std::string image_pull_policy;
  std::string tag;
  bool in_spec;  ///< the kubelet tells it, against the default for the tag; otherwise nobody does
};

struct Case {
  std::string name;
  Policy policy;
  Cache cache;
  MirrorState mirror;

  bool ImageIsMissing() const { return policy.image_pull_policy == "Never" && cache == Cache::kNone; }
};

std::vector<Case> Cases() {
  std::vector<Case> cases;
  const Policy policies[] = {{"always", "Always", "latest", false},
                             {"present", "IfNotPresent", "v1", false},
                             {"spec-always", "Always", "v1", true},
                             {"spec-present", "IfNotPresent", "latest", true},
                             {"spec-never", "Never", "latest", true}};
  const std::pair<Cache, const char*> caches[] = {{Cache::kOld, "old"}, {Cache::kNew, "new"}, {Cache::kNone, "none"}};
  const std::pair<MirrorState, const char*> mirrors[] = {
      {MirrorState::kNew, "new"}, {MirrorState::kOld, "old"}, {MirrorState::kDown, "down"}};
  for (const Policy& policy : policies) {
    for (const auto& [cache, cached] : caches) {
      for (const auto& [mirror, mirrored] : mirrors) {
        // The spec's are not another policy: once for each cache shows that they are heeded.
        if (policy.in_spec && policy.image_pull_policy != "Never" && mirror != MirrorState::kOld) continue;
        cases.push_back({policy.name + "-" + cached + "-" + mirrored, policy, cache, mirror});
      }
    }
  }
  return cases;
}

/// The image id that the kubelet would start; the error where there is none.
absl::StatusOr<std::string> ImageToStart(const Policy& policy, const std::string& reference) {
  if (policy.image_pull_policy != "Always") {
    if (const std::string id = CriId(TheLab(), reference); !id.empty()) return id;
  }
  if (policy.image_pull_policy == "Never") return absl::NotFoundError(reference + " is not on the node");
  return TheLab().cri().Pull(reference);
}

json ContainerBeforeRestart(const Case& row, const std::string& reference, const RunningPod& pod) {
  if (!row.policy.in_spec) return ContainerIn(Check(TheLab(), {reference}), pod);
  const Kubelet kubelet({.name = "ct-" + row.name, .image_id = "", .requested = reference},
                        row.policy.image_pull_policy);
  std::vector<std::string> arguments = kubelet.Options();
  arguments.push_back(reference);
  return ContainerIn(Check(TheLab(), arguments), pod);
}

/// Neither has the kubelet an image to start, nor has the runtime one of that name.
void ExpectNothingStarts(const std::string& name, const absl::StatusOr<std::string>& image,
                         const std::string& reference) {
  EXPECT_FALSE(image.ok()) << *image;
  const auto pod = TheLab().cri().Run({.name = name, .image_id = reference, .requested = reference});
  EXPECT_TRUE(absl::IsNotFound(pod.status())) << pod.status();
  EXPECT_EQ(CriId(TheLab(), reference), "");
}

void ExpectRestartAsForecast(const Case& row) {
  const std::string name = "ct-" + row.name;
  const Release app(name);
  const std::string repository = name + "/app";
  const std::string& tag = row.policy.tag;
  const std::string reference = name + ".test/" + repository + ":" + tag;
  Registry mirror(name);
  for (Registry* registry : {&TheLab().upstream(), &mirror}) registry->Push(repository, tag, app.v1);
  TheLab().containerd().SetHosts(name + ".test", TheLab().upstream().url(), {{.url = mirror.url()}});
  std::optional<RunningPod> pod(std::in_place, name, PullOrFail(reference), reference);
  TheLab().upstream().Push(repository, tag, app.v2);
  if (row.mirror == MirrorState::kNew) mirror.Push(repository, tag, app.v2);
  if (row.mirror == MirrorState::kDown) mirror.Stop();
  if (row.cache == Cache::kNew) MoveTag(Move::kRefresh, reference, app.v2);
  if (row.cache == Cache::kNone) {
    TheLab().containerd().Ctr({"images", "remove", reference});
    AwaitImage(reference, "");
  }

  const json container = ContainerBeforeRestart(row, reference, *pod);
  const json restart = container.value("restart", json::object());
  const bool undecided = row.cache == Cache::kNone && !KeepsWhatWasAsked() && !row.policy.in_spec;
  EXPECT_EQ(container["verdict"], undecided ? "VERDICT_UNDECIDED" : "VERDICT_STALE") << container.dump(2);
  pod.reset();
  const auto started = ImageToStart(row.policy, reference);
  if (row.ImageIsMissing()) {
    EXPECT_EQ(restart["outcome"], "OUTCOME_FAILS") << container.dump(2);
    ExpectNothingStarts(name + "-again", started, reference);
    return;
  }
  ASSERT_TRUE(started.ok()) << started.status();
  const RunningPod again(name + "-again", *started, reference);
  EXPECT_EQ(restart["imageId"], *started) << container.dump(2);
  const bool is_new = again.Says() == name + " v2";
  EXPECT_EQ(restart["outcome"], is_new ? "OUTCOME_FRESH" : "OUTCOME_STALE") << container.dump(2);
}

class RestartForecast : public testing::TestWithParam<Case> {};

TEST_P(RestartForecast, IsWhatARealRestartRuns) { ExpectRestartAsForecast(GetParam()); }

INSTANTIATE_TEST_SUITE_P(PolicyCacheAndMirror, RestartForecast, testing::ValuesIn(Cases()), [](const auto& info) {
  std::string name = info.param.name;
  std::erase(name, '-');
  return name;
});

}  // namespace
}  // namespace tagdrift::lab

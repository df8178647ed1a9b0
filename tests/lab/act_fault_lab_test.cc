// Actions on a real containerd when something goes wrong: a clear outcome, and the node as it was before.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

#include "act_run.h"
#include "lab_files.h"
#include "lab_fixture.h"
#include "scripted_registry.h"
#include "tagdrift/image/digest.h"

namespace tagdrift::lab {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

std::string Text(const json& value) { return value.is_string() ? value.get<std::string>() : value.dump(); }

/// NAME.test is a scripted registry; the node has v1 of a tag of which the registry has v2.
struct Trouble {
  explicit Trouble(const std::string& name)
      : v1(MakeImage({.text = name + " v1", .created = "2024-01-01T00:00:00Z", .runnable = true})),
        v2(MakeImage({.text = name + " v2", .created = "2024-02-01T00:00:00Z", .runnable = true})),
        reference(name + ".test/app:latest") {
    registry.Push("latest", v1);
    TheLab().containerd().SetHosts(name + ".test", registry.url(), {{.url = registry.url()}});
    const auto pulled = TheLab().cri().Pull(reference);
    EXPECT_TRUE(pulled.ok()) << pulled.status();
    registry.Push("latest", v2);
    before = Names(TheLab());
  }

  /// Refreshes, and fails unless that ends so with the node as before.
  ActRun ExpectEnd(const std::string& state, std::vector<std::string> options = {}) const {
    options.insert(options.begin(), {"refresh", "--yes"});
    options.push_back(reference);
    ActRun run = Act(TheLab(), options);
    EXPECT_EQ(run.State(), state) << run.report.dump(2) << run.err;
    EXPECT_EQ(run.exit_code, state == "ACTION_STATE_REFUSED" ? 1 : 2);
    EXPECT_EQ(Names(TheLab()), before);
    EXPECT_EQ(TheLab().containerd().Ctr({"leases", "list", "-q"}), "");
    return run;
  }
  /// The layer that no other image has.
  const Blob& OwnLayer() const { return v2.blobs.back(); }

  ScriptedRegistry registry;
  Artifact v1;
  Artifact v2;
  std::string reference;
  std::string before;
};

ScriptedRegistry::Fault AtPath(const std::string& part, const ScriptedReply& reply) {
  return [part, reply](const ScriptedRequest& request) -> std::optional<ScriptedReply> {
    if (!FromContainerd(request) || request.path.find(part) == std::string::npos) return std::nullopt;
    return reply;
  };
}

TEST(ActionFaults, NamesOfAPoisonedPullAreTakenAwayAndNeverUsed) {
  Trouble app("poison");
  // containerd resolves the digest under blobs/ then and records it as octet-stream.
  app.registry.SetFault(AtPath("/manifests/", ReplyOf(503)));

  ActRun run = app.ExpectEnd("ACTION_STATE_FAILED");

  EXPECT_EQ(TheLab().containerd().Target("poison.test/app@" + app.v2.digest()), "") << run.report.dump(2);
}

TEST(ActionFaults, ARecordPoisonedBeforeIsNeverCopiedOntoTheTag) {
  Trouble app("poisoned-before");
  app.registry.SetFault(AtPath("/manifests/", ReplyOf(503)));
  const std::string by_digest = "poisoned-before.test/app@" + app.v2.digest();
  EXPECT_FALSE(TheLab().cri().Pull(by_digest).ok());
  ASSERT_THAT(Names(TheLab()), HasSubstr(by_digest + " application/octet-stream"));
  app.registry.SetFault({});

  ActRun run = Act(TheLab(), {"refresh", "--yes", app.reference});

  EXPECT_EQ(run.State(), "ACTION_STATE_DONE") << run.report.dump(2) << run.err;
  EXPECT_THAT(Names(TheLab()),
              HasSubstr(app.reference + " application/vnd.oci.image.manifest.v1+json " + app.v2.digest()));
}

TEST(ActionFaults, RegistryThatResetsInMidLayerLeavesTheNodeAsItWas) {
  Trouble app("reset");
  ScriptedReply cut = ReplyOf(200, app.OwnLayer().bytes);
  cut.cut_at = 100;
  app.registry.SetFault(AtPath(app.OwnLayer().digest, cut));
  ActRun run = app.ExpectEnd("ACTION_STATE_FAILED");
  EXPECT_THAT(Text(run.Outcome()["detail"]), HasSubstr("pulling reset.test/app@"));
}

TEST(ActionFaults, WrongContentForADigestLeavesTheNodeAsItWas) {
  Trouble app("wrong-content");
  std::string other = app.OwnLayer().bytes;
  other[600] = '!';
  app.registry.SetFault(AtPath(app.OwnLayer().digest, ReplyOf(200, other)));
  app.ExpectEnd("ACTION_STATE_FAILED");
}

TEST(ActionFaults, RefusedPullLeavesTheNodeAsItWas) {
  Trouble app("refused");
  ScriptedReply challenge = ReplyOf(401);
  challenge.headers["WWW-Authenticate"] = "Basic realm=\"scripted\"";
  app.registry.SetFault(AtPath("/", challenge));
  app.ExpectEnd("ACTION_STATE_FAILED");
}

TEST(ActionFaults, ManifestForAnotherPlatformIsRefused) {
  Trouble app("other-platform");
  app.registry.Push(
      "latest", MakeImage({.text = "foreign", .created = "2024-03-01T00:00:00Z", .architecture = OtherArchitecture()}));
  EXPECT_THAT(app.ExpectEnd("ACTION_STATE_REFUSED").Refusals(), ElementsAre("REFUSAL_KIND_WRONG_PLATFORM"));
}

TEST(ActionFaults, IndexWithoutThisPlatformIsRefused) {
  Trouble app("no-platform");
  const Artifact index = MakeIndex({MakeImage({.text = "foreign", .architecture = OtherArchitecture()})});
  app.registry.Push("latest", index);
  EXPECT_THAT(app.ExpectEnd("ACTION_STATE_REFUSED", {"--to", index.digest()}).Refusals(),
              ElementsAre("REFUSAL_KIND_WRONG_PLATFORM"));
}

TEST(ActionFaults, DigestThatNoHostHasIsRefusedWithWhatEachSaid) {
  Trouble app("undeliverable");
  const Artifact unknown = MakeImage({.text = "never pushed"});
  ActRun run = app.ExpectEnd("ACTION_STATE_REFUSED", {"--to", unknown.digest()});
  EXPECT_THAT(run.Refusals(), ElementsAre("REFUSAL_KIND_NOT_DELIVERABLE"));
  EXPECT_THAT(Text(run.Plan()["refusals"][0]["detail"]), HasSubstr(app.registry.host()));
}

TEST(ActionFaults, ImageThatTheDiskCannotTakeIsRefused) {
  Trouble app("large");
  // A layer of a petabyte, by what the manifest says.
  json manifest = json::parse(app.v2.document.bytes);
  manifest["layers"][1]["size"] = 1'000'000'000'000'000;
  manifest["layers"][1]["digest"] = "sha256:" + std::string(64, 'a');
  Artifact large = MakeImage({.text = "large v3", .created = "2024-03-01T00:00:00Z", .runnable = true});
  large.document.bytes = manifest.dump();
  large.document.digest = image::Digest::OfBytes(large.document.bytes).text();
  app.registry.Push("latest", large);
  EXPECT_THAT(app.ExpectEnd("ACTION_STATE_REFUSED", {"--to", large.digest()}).Refusals(),
              ElementsAre("REFUSAL_KIND_DISK_TOO_FULL"));
}

TEST(ActionFaults, OlderImageOfTheOriginNeedsToBeAskedFor) {
  Trouble app("going-back");
  const Artifact v0 = MakeImage({.text = "going-back v0", .created = "2023-01-01T00:00:00Z", .runnable = true});
  app.registry.Push("latest", v0);
  EXPECT_THAT(app.ExpectEnd("ACTION_STATE_REFUSED").Refusals(), ElementsAre("REFUSAL_KIND_GOING_BACK"));

  ActRun run = Act(TheLab(), {"refresh", "--yes", "--to", v0.digest(), app.reference});
  EXPECT_EQ(run.State(), "ACTION_STATE_DONE") << run.report.dump(2) << run.err;
  EXPECT_EQ(TheLab().containerd().Target(app.reference), v0.digest());
}

/// Runs a command that reports a transfer and ends it by SIGTERM as soon as it does: how long a start takes is nobody's
/// to know.
Output RunUntilItTransfers(const std::vector<std::string>& command) {
  constexpr char kScript[] = R"(
    errors=$(mktemp)
    "$@" 2>"$errors" &
    until grep -q ' of .* KiB$' "$errors" || ! kill -0 $! 2>/dev/null; do sleep 0.02; done
    kill -TERM $!
    wait $!
    code=$?
    cat "$errors" >&2
    exit $code)";
  std::vector<std::string> script = {"bash", "-c", kScript, "bash"};
  script.insert(script.end(), command.begin(), command.end());
  return RunCommand(script);
}

TEST(ActionFaults, SignalDuringThePullStopsAndLeavesTheNodeAsItWas) {
  Trouble app("signalled");
  ScriptedReply slow = ReplyOf(200, app.OwnLayer().bytes);
  slow.headers["Content-Type"] = "application/octet-stream";
  slow.delay = std::chrono::minutes(2);
  app.registry.SetFault(AtPath(app.OwnLayer().digest, slow));

  const Output output = RunUntilItTransfers(
      {TagdriftBinary(), "refresh", "--yes", "--runtime-endpoint", TheLab().containerd().endpoint(), app.reference});

  EXPECT_EQ(output.exit_code, 2) << output.out << output.err;
  EXPECT_THAT(output.out, HasSubstr("STOPPED"));
  EXPECT_THAT(output.err, testing::ContainsRegex("signalled.test/app:latest: [0-9.]+ (B|KiB) of [0-9.]+ KiB"));
  EXPECT_EQ(Names(TheLab()), app.before);
  EXPECT_EQ(TheLab().containerd().Ctr({"leases", "list", "-q"}), "");
}

TEST(ActionFaults, TwoAtOnceDoItOnce) {
  Trouble app("two-at-once");
  std::vector<ActRun> runs(2);
  {
    std::vector<std::jthread> threads;
    for (ActRun& run : runs) {
      threads.emplace_back([&] { run = Act(TheLab(), {"refresh", "--yes", app.reference}); });
    }
  }
  std::vector<std::string> states{runs[0].State(), runs[1].State()};
  std::sort(states.begin(), states.end());
  EXPECT_THAT(states, ElementsAre("ACTION_STATE_DONE", "ACTION_STATE_NOTHING_TO_DO"))
      << runs[0].report.dump(2) << runs[1].report.dump(2);
  EXPECT_EQ(TheLab().containerd().Target(app.reference), app.v2.digest());
}

}  // namespace
}  // namespace tagdrift::lab

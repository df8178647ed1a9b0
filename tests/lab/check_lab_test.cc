// `tagdrift check` on a real containerd: tags that moved, mirrors that did not, registries that do not answer. In each
// scenario a real pull afterwards brings what was forecast.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "check_run.h"
#include "lab_files.h"
#include "lab_fixture.h"

namespace tagdrift::lab {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::IsEmpty;

/// Two images of one tag, v2 built after v1.
struct Release {
  explicit Release(const std::string& name)
      : v1(MakeImage({.text = name + " v1", .created = "2024-01-01T00:00:00Z"})),
        v2(MakeImage({.text = name + " v2", .created = "2024-02-01T00:00:00Z"})) {}
  Artifact v1;
  Artifact v2;
};

void PullOrFail(const std::string& reference, bool password = false) {
  const auto pulled = TheLab().cri().Pull(reference, password);
  ASSERT_TRUE(pulled.ok()) << pulled.status();
}

/// Registry name NAME.test, behind which the upstream and these mirrors are.
std::string Behind(const std::string& name, const std::vector<Mirror>& mirrors, const std::string& server = "") {
  TheLab().containerd().SetHosts(name + ".test", server.empty() ? TheLab().upstream().url() : server, mirrors);
  return name + ".test";
}

/// As a node that has no mirrors is: the registry under its own address, no hosts.toml.
std::string Direct(const std::string& repository) { return TheLab().upstream().host() + "/" + repository + ":latest"; }

TEST(CheckOnNode, FreshWhenTheTagDidNotMove) {
  const Release app("fresh");
  const std::string reference = Direct("fresh/app");
  TheLab().upstream().Push("fresh/app", "latest", app.v1);
  PullOrFail(reference);

  CheckRun run = Check(TheLab(), {reference});

  json tag = run.Tag(reference);
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_EQ(tag["verdict"], "VERDICT_FRESH");
  EXPECT_EQ(tag["cause"], "CAUSE_NONE");
  EXPECT_EQ(tag["cachedDigest"], app.v1.digest());
  EXPECT_EQ(tag["originDigest"], app.v1.digest());
  EXPECT_EQ(tag["imageId"], app.v1.image_id());
  EXPECT_EQ(tag["nextPull"]["outcome"], "OUTCOME_FRESH");
  EXPECT_EQ(tag["downgradeRisk"], false);
  ExpectPullAsForecast(TheLab(), tag);
}

TEST(CheckOnNode, StaleByTagMovedWhenNewImageIsPushed) {
  const Release app("moved");
  const std::string reference = Direct("moved/app");
  TheLab().upstream().Push("moved/app", "latest", app.v1);
  PullOrFail(reference);
  TheLab().upstream().Push("moved/app", "latest", app.v2);

  CheckRun run = Check(TheLab(), {reference});

  json tag = run.Tag(reference);
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_EQ(tag["verdict"], "VERDICT_STALE");
  EXPECT_EQ(tag["cause"], "CAUSE_TAG_MOVED");
  EXPECT_EQ(tag["cachedDigest"], app.v1.digest());
  EXPECT_EQ(tag["originDigest"], app.v2.digest());
  EXPECT_EQ(tag["nextPull"]["outcome"], "OUTCOME_FRESH");
  EXPECT_EQ(tag["nextPull"]["digest"], app.v2.digest());
  ExpectPullAsForecast(TheLab(), tag);
}

TEST(CheckOnNode, StaleMirrorIsNamedWhenItServesTheOldImage) {
  const Release app("stale-mirror");
  TheLab().mirror().Push("stale-mirror/app", "latest", app.v1);
  TheLab().upstream().Push("stale-mirror/app", "latest", app.v1);
  TheLab().upstream().Push("stale-mirror/app", "latest", app.v2);
  const std::string reference = Behind("stale-mirror", {{.url = TheLab().mirror().url()}}) + "/stale-mirror/app:latest";
  PullOrFail(reference);

  CheckRun run = Check(TheLab(), {reference});

  json tag = run.Tag(reference);
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_EQ(tag["verdict"], "VERDICT_STALE");
  EXPECT_EQ(tag["cause"], "CAUSE_STALE_MIRROR");
  EXPECT_THAT(tag["detail"].get<std::string>(), HasSubstr(TheLab().mirror().host()));
  EXPECT_EQ(tag["cachedDigest"], app.v1.digest());
  EXPECT_EQ(tag["originDigest"], app.v2.digest());
  EXPECT_EQ(tag["nextPull"]["outcome"], "OUTCOME_STALE");
  EXPECT_EQ(tag["nextPull"]["digest"], app.v1.digest());
  EXPECT_THAT(tag["nextPull"]["host"].get<std::string>(), HasSubstr(TheLab().mirror().host()));
  EXPECT_EQ(run.Host(reference, TheLab().mirror().url())["state"], "HOST_STATE_BEHIND");
  EXPECT_EQ(run.Host(reference, TheLab().upstream().url())["state"], "HOST_STATE_IN_SYNC");
  ASSERT_FALSE(tag["remedies"].empty());
  EXPECT_EQ(tag["remedies"][0]["kind"], "REMEDY_KIND_FIX_HOSTS_TOML");
  EXPECT_THAT(tag["remedies"][0]["host"].get<std::string>(), HasSubstr(TheLab().mirror().host()));
  ExpectPullAsForecast(TheLab(), tag);
}

TEST(CheckOnNode, MirrorDiffersWhenNothingProvesItsImageOld) {
  const Release app("differs");
  const Artifact other = MakeImage({.text = "rebuilt by the mirror", .created = "2024-03-01T00:00:00Z"});
  TheLab().mirror().Push("differs/app", "latest", other);
  TheLab().upstream().Push("differs/app", "latest", app.v2);
  const std::string reference = Behind("differs", {{.url = TheLab().mirror().url()}}) + "/differs/app:latest";
  PullOrFail(reference);

  CheckRun run = Check(TheLab(), {reference});

  json tag = run.Tag(reference);
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_EQ(tag["verdict"], "VERDICT_STALE");
  EXPECT_EQ(tag["cause"], "CAUSE_MIRROR_DIFFERS");
  EXPECT_EQ(run.Host(reference, TheLab().mirror().url())["state"], "HOST_STATE_DIFFERENT");
  EXPECT_EQ(tag["nextPull"]["digest"], other.digest());
  ExpectPullAsForecast(TheLab(), tag);
}

TEST(CheckOnNode, DowngradeRiskWhenOnlyTheMirrorIsBehind) {
  const Release app("risk");
  TheLab().mirror().Push("risk/app", "latest", app.v1);
  TheLab().upstream().Push("risk/app", "latest", app.v1);
  TheLab().upstream().Push("risk/app", "latest", app.v2);
  const std::string reference = Behind("risk", {{.url = TheLab().upstream().url()}}) + "/risk/app:latest";
  PullOrFail(reference);
  Behind("risk", {{.url = TheLab().mirror().url()}});

  CheckRun run = Check(TheLab(), {reference});

  json tag = run.Tag(reference);
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_EQ(tag["verdict"], "VERDICT_FRESH");
  EXPECT_EQ(tag["downgradeRisk"], true);
  EXPECT_EQ(tag["nextPull"]["outcome"], "OUTCOME_STALE");
  EXPECT_EQ(tag["nextPull"]["digest"], app.v1.digest());
  EXPECT_EQ(Check(TheLab(), {reference, "--fail-on", "risk"}).exit_code, 1);
  ExpectPullAsForecast(TheLab(), tag);
}

TEST(CheckOnNode, WalkGoesOnWhenTheMirrorIsDown) {
  const Release app("mirror-down");
  const std::string dead = "http://127.0.0.1:" + std::to_string(FreePort());
  TheLab().upstream().Push("mirror-down/app", "latest", app.v1);
  const std::string reference = Behind("mirror-down", {{.url = dead}}) + "/mirror-down/app:latest";
  PullOrFail(reference);

  CheckRun fresh = Check(TheLab(), {reference});
  EXPECT_EQ(fresh.exit_code, 0);
  EXPECT_EQ(fresh.Tag(reference)["verdict"], "VERDICT_FRESH");
  EXPECT_EQ(fresh.Host(reference, dead)["state"], "HOST_STATE_UNREACHABLE");

  TheLab().upstream().Push("mirror-down/app", "latest", app.v2);
  CheckRun stale = Check(TheLab(), {reference});
  EXPECT_EQ(stale.exit_code, 1);
  EXPECT_EQ(stale.Tag(reference)["verdict"], "VERDICT_STALE");
  EXPECT_EQ(stale.Tag(reference)["cause"], "CAUSE_TAG_MOVED");
  EXPECT_THAT(stale.Tag(reference)["nextPull"]["host"].get<std::string>(), HasSubstr(TheLab().upstream().host()));
  ExpectPullAsForecast(TheLab(), stale.Tag(reference));
}

TEST(CheckOnNode, WalkGoesOnWhenTheMirrorHasNoSuchTag) {
  const Release app("mirror-empty");
  TheLab().upstream().Push("mirror-empty/app", "latest", app.v1);
  const std::string reference = Behind("mirror-empty", {{.url = TheLab().mirror().url()}}) + "/mirror-empty/app:latest";
  PullOrFail(reference);
  TheLab().upstream().Push("mirror-empty/app", "latest", app.v2);

  CheckRun run = Check(TheLab(), {reference});

  EXPECT_EQ(run.Tag(reference)["cause"], "CAUSE_TAG_MOVED");
  EXPECT_EQ(run.Host(reference, TheLab().mirror().url())["state"], "HOST_STATE_MISSING");
  ExpectPullAsForecast(TheLab(), run.Tag(reference));
}

TEST(CheckOnNode, StaleMirrorDoesNotDecideWhenItMayNotResolve) {
  const Release app("pull-only");
  TheLab().mirror().Push("pull-only/app", "latest", app.v1);
  TheLab().upstream().Push("pull-only/app", "latest", app.v1);
  const Mirror pull_only{.url = TheLab().mirror().url(), .capabilities = R"(["pull"])"};
  const std::string reference = Behind("pull-only", {pull_only}) + "/pull-only/app:latest";
  PullOrFail(reference);
  TheLab().upstream().Push("pull-only/app", "latest", app.v2);

  CheckRun run = Check(TheLab(), {reference});

  EXPECT_EQ(run.Tag(reference)["cause"], "CAUSE_TAG_MOVED");
  EXPECT_EQ(run.Tag(reference)["nextPull"]["digest"], app.v2.digest());
  EXPECT_EQ(run.Host(reference, TheLab().mirror().url())["state"], "HOST_STATE_NOT_ASKED");
  ExpectPullAsForecast(TheLab(), run.Tag(reference));
}

TEST(CheckOnNode, PullThroughMirrorBringsTheMovedTag) {
  const Release app("through");
  Registry through("through", {.pull_through = TheLab().upstream().url()});
  TheLab().upstream().Push("through/app", "latest", app.v1);
  const std::string reference = Behind("through", {{.url = through.url()}}) + "/through/app:latest";
  PullOrFail(reference);
  EXPECT_EQ(Check(TheLab(), {reference}).Tag(reference)["verdict"], "VERDICT_FRESH");
  TheLab().upstream().Push("through/app", "latest", app.v2);

  CheckRun run = Check(TheLab(), {reference});

  EXPECT_EQ(run.Tag(reference)["verdict"], "VERDICT_STALE");
  EXPECT_EQ(run.Tag(reference)["cause"], "CAUSE_TAG_MOVED");
  EXPECT_THAT(run.Tag(reference)["nextPull"]["host"].get<std::string>(), HasSubstr(through.host()));
  ExpectPullAsForecast(TheLab(), run.Tag(reference));
}

TEST(CheckOnNode, UndecidedWhenTheUpstreamIsDown) {
  const Release app("upstream-down");
  Registry upstream("upstream-down");
  upstream.Push("app", "latest", app.v1);
  const std::string reference = upstream.host() + "/app:latest";
  PullOrFail(reference);
  upstream.Stop();

  CheckRun run = Check(TheLab(), {reference});

  json tag = run.Tag(reference);
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_EQ(tag["verdict"], "VERDICT_UNDECIDED");
  EXPECT_EQ(tag["cause"], "CAUSE_ORIGIN_UNREACHABLE");
  EXPECT_EQ(tag["nextPull"]["outcome"], "OUTCOME_FAILS");
  ExpectPullAsForecast(TheLab(), tag);
}

TEST(CheckOnNode, MirrorStillForecastsThePullWhenTheUpstreamIsDown) {
  const Release app("half-down");
  const std::string dead = "http://127.0.0.1:" + std::to_string(FreePort());
  TheLab().mirror().Push("half-down/app", "latest", app.v1);
  const std::string reference = Behind("half-down", {{.url = TheLab().mirror().url()}}, dead) + "/half-down/app:latest";
  PullOrFail(reference);

  CheckRun run = Check(TheLab(), {reference});

  json tag = run.Tag(reference);
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_EQ(tag["verdict"], "VERDICT_UNDECIDED");
  EXPECT_EQ(tag["cause"], "CAUSE_ORIGIN_UNREACHABLE");
  EXPECT_EQ(tag["nextPull"]["digest"], app.v1.digest());
  ExpectPullAsForecast(TheLab(), tag);
}

TEST(CheckOnNode, GoneWhenTheTagWasDeletedUpstream) {
  const Release app("gone");
  const std::string reference = Direct("gone/app");
  TheLab().upstream().Push("gone/app", "latest", app.v1);
  PullOrFail(reference);
  TheLab().upstream().Delete("gone/app", app.v1.digest());

  CheckRun run = Check(TheLab(), {reference});

  json tag = run.Tag(reference);
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_EQ(tag["verdict"], "VERDICT_GONE");
  EXPECT_EQ(tag["cause"], "CAUSE_TAG_DELETED");
  EXPECT_EQ(tag["nextPull"]["outcome"], "OUTCOME_FAILS");
  ExpectPullAsForecast(TheLab(), tag);
}

TEST(CheckOnNode, UnauthorizedWhenCredentialsAreLacking) {
  const Release app("guarded");
  Registry guarded("guarded", {.wants_password = true});
  guarded.Push("app", "latest", app.v1);
  const std::string reference = guarded.host() + "/app:latest";
  PullOrFail(reference, true);

  CheckRun run = Check(TheLab(), {reference});

  json tag = run.Tag(reference);
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_EQ(tag["verdict"], "VERDICT_UNDECIDED");
  EXPECT_EQ(tag["cause"], "CAUSE_UNAUTHORIZED");
  EXPECT_EQ(tag["nextPull"]["credentials"], "CREDENTIALS_MISSING");
  EXPECT_EQ(tag["nextPull"]["ifAnonymous"]["outcome"], "OUTCOME_FAILS");
  ExpectPullAsForecast(TheLab(), tag);
}

TEST(CheckOnNode, AuthFileOpensTheGuardedRegistry) {
  const Release app("opened");
  Registry guarded("opened", {.wants_password = true});
  guarded.Push("app", "latest", app.v1);
  const std::string reference = guarded.host() + "/app:latest";
  PullOrFail(reference, true);
  const std::string auth_file = LabRoot() + "/opened.json";
  const json entry = {{"username", kUser}, {"password", kPassword}};
  WriteFile(auth_file, json{{"auths", {{guarded.host(), entry}}}}.dump());

  CheckRun run = Check(TheLab(), {reference, "--auth-file", auth_file});

  json tag = run.Tag(reference);
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_EQ(tag["verdict"], "VERDICT_FRESH");
  EXPECT_EQ(tag["nextPull"]["credentials"], "CREDENTIALS_ASSUMED");
  EXPECT_THAT(run.report.dump() + run.err, testing::Not(HasSubstr(kPassword)));
  ExpectPullAsForecast(TheLab(), tag);
}

TEST(CheckOnNode, FreshOverTlsWithItsOwnCa) {
  const Release app("tls");
  const Certificates certificates = MakeCertificates(LabRoot() + "/check-tls");
  Registry https("tls", {.certificates = certificates});
  https.Push("app", "latest", app.v1);
  const Mirror trusted{.url = https.url(), .more = "  ca = \"" + certificates.ca + "\"\n"};
  TheLab().containerd().SetHosts("tls.test", "server = \"" + https.url() + "\"\nca = \"" + certificates.ca +
                                                 "\"\n\n[host.\"" + https.url() + "\"]\n  ca = \"" + certificates.ca +
                                                 "\"\n");
  PullOrFail("tls.test/app:latest");

  CheckRun run = Check(TheLab(), {"tls.test/app:latest"});
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_EQ(run.Tag("tls.test/app:latest")["verdict"], "VERDICT_FRESH");
  ExpectPullAsForecast(TheLab(), run.Tag("tls.test/app:latest"));

  TheLab().containerd().SetHosts("tls.test", https.url(), {{.url = https.url()}});
  CheckRun untrusted = Check(TheLab(), {"tls.test/app:latest"});
  EXPECT_EQ(untrusted.exit_code, 2);
  EXPECT_EQ(untrusted.Tag("tls.test/app:latest")["cause"], "CAUSE_ORIGIN_UNREACHABLE");
  EXPECT_EQ(untrusted.Tag("tls.test/app:latest")["nextPull"]["outcome"], "OUTCOME_FAILS");
  ExpectPullAsForecast(TheLab(), untrusted.Tag("tls.test/app:latest"));
}

TEST(CheckOnNode, LocalWhenTheImageWasImported) {
  const std::string reference = Behind("local", {{.url = TheLab().mirror().url()}}) + "/local/app:latest";
  const Artifact image = MakeImage({.text = "built here"});
  TheLab().Import(reference, image);
  TheLab().upstream().TakeRequests();
  TheLab().mirror().TakeRequests();

  CheckRun run = Check(TheLab(), {reference});

  EXPECT_EQ(run.exit_code, 0);
  EXPECT_EQ(run.Tag(reference)["verdict"], "VERDICT_LOCAL");
  EXPECT_EQ(run.Tag(reference)["cachedDigest"], image.digest());
  EXPECT_THAT(TheLab().upstream().TakeRequests(), IsEmpty());
  EXPECT_THAT(TheLab().mirror().TakeRequests(), IsEmpty());
}

TEST(CheckOnNode, ImmutableWhenPulledByDigestForAContainer) {
  const Artifact image = MakeImage({.text = "by digest", .runnable = true});
  TheLab().upstream().Push("immutable/app", "latest", image);
  const std::string reference = TheLab().upstream().host() + "/immutable/app@" + image.digest();
  PullOrFail(reference);
  // The kubelet creates containers by image id. 1.6 keeps nothing else of what the pod asked for, so there it is told
  // the name.
  const bool keeps_request = TheLab().containerd().version() != "1.6";
  const auto pod = TheLab().cri().Run(
      {.name = "by-digest", .image_id = keeps_request ? image.image_id() : reference, .requested = reference});
  ASSERT_TRUE(pod.ok()) << pod.status();

  CheckRun run = Check(TheLab(), {TheLab().upstream().host() + "/immutable/*"});

  EXPECT_EQ(run.exit_code, 0);
  EXPECT_EQ(run.Tag(reference)["verdict"], "VERDICT_IMMUTABLE");
  EXPECT_TRUE(TheLab().cri().Remove(*pod).ok());
}

TEST(CheckOnNode, UsersOfATagAreNamed) {
  const Artifact image = MakeImage({.text = "used", .runnable = true});
  TheLab().upstream().Push("used/app", "latest", image);
  const std::string reference = Direct("used/app");
  PullOrFail(reference);
  const auto pod = TheLab().cri().Run({.name = "user", .image_id = image.image_id(), .requested = reference});
  ASSERT_TRUE(pod.ok()) << pod.status();

  json tag = Check(TheLab(), {reference}).Tag(reference);

  ASSERT_EQ(tag["usedBy"].size(), 1u) << tag.dump(2);
  EXPECT_EQ(tag["usedBy"][0]["containerId"], pod->container_id);
  EXPECT_EQ(tag["usedBy"][0]["pod"]["name"], "user");
  EXPECT_EQ(tag["usedBy"][0]["state"], "running");
  EXPECT_TRUE(TheLab().cri().Remove(*pod).ok());
}

}  // namespace
}  // namespace tagdrift::lab

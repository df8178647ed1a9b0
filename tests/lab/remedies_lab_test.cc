// What `tagdrift check` says is to be done, done: each command is pasted into a shell that knows nothing of the lab,
// each change of hosts.toml is made in the line that is named.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "check_run.h"
#include "lab_files.h"
#include "lab_fixture.h"
#include "scripted_registry.h"

namespace tagdrift::lab {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

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

std::vector<json> RemediesFor(const CheckRun& run, const std::string& reference) {
  const json tag = run.Tag(reference);
  std::vector<json> remedies;
  for (const json& remedy : tag.value("remedies", json::array())) remedies.push_back(remedy);
  return remedies;
}

std::vector<std::string> Kinds(const std::vector<json>& remedies) {
  std::vector<std::string> kinds;
  for (const json& remedy : remedies) kinds.push_back(remedy.value("kind", ""));
  return kinds;
}

/// In a shell without the lab's environment. A refresh is told to do what it planned.
Output Paste(const json& remedy) {
  const std::string command = remedy.value("command", "");
  EXPECT_NE(command, "") << remedy.dump(2);
  const bool acts = remedy.value("kind", "") == "REMEDY_KIND_REFRESH";
  return RunCommand({"env", "-i", "PATH=/usr/bin:/bin", "sh", "-c", command + (acts ? " --yes" : "")});
}

/// Takes `resolve` from the capabilities of the table at the line that is named.
void TakeResolve(const json& remedy) {
  std::istringstream lines(ReadFile(remedy.value("file", "")));
  std::string text;
  bool done = false;
  int number = 0;
  for (std::string line; std::getline(lines, line);) {
    if (++number >= remedy.value("line", 0) && !done && line.find("capabilities") != std::string::npos) {
      line = "capabilities = [\"pull\"]";
      done = true;
    }
    text += line + "\n";
  }
  ASSERT_TRUE(done) << remedy.dump(2) << "\n" << text;
  WriteFile(remedy.value("file", ""), text);
}

void ExpectFresh(const std::string& reference, std::vector<std::string> options = {}) {
  options.insert(options.begin(), reference);
  const CheckRun run = Check(TheLab(), options);
  EXPECT_EQ(run.Tag(reference)["verdict"], "VERDICT_FRESH") << run.report.dump(2);
  EXPECT_EQ(run.Tag(reference)["downgradeRisk"], false);
}

std::string AuthFileFor(const std::string& name, const std::string& key) {
  const std::string file = LabRoot() + "/it's " + name + ".json";
  WriteFile(file, json{{"auths", {{key, {{"username", kUser}, {"password", kPassword}}}}}}.dump());
  return file;
}

TEST(PastedRemedy, RefreshClosesTheGapOfATagThatMoved) {
  const Release app("moved");
  const std::string reference = TheLab().upstream().host() + "/remedy-moved/app:latest";
  TheLab().upstream().Push("remedy-moved/app", "latest", app.v1);
  PullOrFail(reference);
  TheLab().upstream().Push("remedy-moved/app", "latest", app.v2);

  const auto remedies = RemediesFor(Check(TheLab(), {reference}), reference);
  ASSERT_THAT(Kinds(remedies), ElementsAre("REMEDY_KIND_REFRESH"));
  const Output pasted = Paste(remedies[0]);
  EXPECT_EQ(pasted.exit_code, 0) << pasted.out << pasted.err;
  ExpectFresh(reference);
}

TEST(PastedRemedy, RefreshBringsAnImageBackThatIsOlder) {
  const Release app("back");
  const std::string reference = TheLab().upstream().host() + "/remedy-back/app:latest";
  TheLab().upstream().Push("remedy-back/app", "latest", app.v2);
  PullOrFail(reference);
  TheLab().upstream().Push("remedy-back/app", "latest", app.v1);

  const auto remedies = RemediesFor(Check(TheLab(), {reference}), reference);
  ASSERT_THAT(Kinds(remedies), ElementsAre("REMEDY_KIND_REFRESH"));
  EXPECT_THAT(remedies[0].value("command", ""), HasSubstr("--to " + app.v1.digest()));
  const Output pasted = Paste(remedies[0]);
  EXPECT_EQ(pasted.exit_code, 0) << pasted.out << pasted.err;
  ExpectFresh(reference);
}

TEST(PastedRemedy, RefreshBringsAPrivateImageWithTheCredentialsOfTheCheck) {
  const Release app("private");
  Registry registry("remedy-private", {.wants_password = true});
  const std::string reference = registry.host() + "/app:latest";
  const std::string auth_file = AuthFileFor("private", registry.host());
  registry.Push("app", "latest", app.v1);
  PullOrFail(reference, true);
  registry.Push("app", "latest", app.v2);

  const auto remedies = RemediesFor(Check(TheLab(), {reference, "--auth-file", auth_file}), reference);
  ASSERT_THAT(Kinds(remedies), ElementsAre("REMEDY_KIND_REFRESH"));
  const Output pasted = Paste(remedies[0]);
  EXPECT_EQ(pasted.exit_code, 0) << pasted.out << pasted.err;
  ExpectFresh(reference, {"--auth-file", auth_file});
}

TEST(PastedRemedy, PullsAreRightOnceAStaleMirrorDoesNotResolve) {
  const Release app("mirror");
  TheLab().mirror().Push("remedy-mirror/app", "latest", app.v1);
  TheLab().upstream().Push("remedy-mirror/app", "latest", app.v1);
  TheLab().upstream().Push("remedy-mirror/app", "latest", app.v2);
  TheLab().containerd().SetHosts("remedy-mirror.test", TheLab().upstream().url(), {{.url = TheLab().mirror().url()}});
  const std::string reference = "remedy-mirror.test/remedy-mirror/app:latest";
  PullOrFail(reference);

  const auto remedies = RemediesFor(Check(TheLab(), {reference}), reference);
  ASSERT_THAT(Kinds(remedies),
              ElementsAre("REMEDY_KIND_FIX_HOSTS_TOML", "REMEDY_KIND_PURGE_MIRROR", "REMEDY_KIND_REFRESH"));
  EXPECT_EQ(remedies[1].value("command", "x"), "");
  TakeResolve(remedies[0]);
  const Output pasted = Paste(remedies[2]);
  EXPECT_EQ(pasted.exit_code, 0) << pasted.out << pasted.err;
  ExpectFresh(reference);
  TheLab().containerd().Ctr({"images", "remove", reference});
  PullOrFail(reference);
  ExpectFresh(reference);
}

TEST(PastedRemedy, PullsAreRightOnceTwoStaleMirrorsDoNotResolve) {
  const Release app("mirrors");
  Registry second("remedy-second");
  for (Registry* registry : {&TheLab().mirror(), &second, &TheLab().upstream()}) {
    registry->Push("remedy-mirrors/app", "latest", app.v1);
  }
  TheLab().upstream().Push("remedy-mirrors/app", "latest", app.v2);
  TheLab().containerd().SetHosts("remedy-mirrors.test", TheLab().upstream().url(),
                                 {{.url = TheLab().mirror().url()}, {.url = second.url()}});
  const std::string reference = "remedy-mirrors.test/remedy-mirrors/app:latest";
  PullOrFail(reference);

  const auto remedies = RemediesFor(Check(TheLab(), {reference}), reference);
  ASSERT_THAT(Kinds(remedies),
              ElementsAre("REMEDY_KIND_FIX_HOSTS_TOML", "REMEDY_KIND_FIX_HOSTS_TOML", "REMEDY_KIND_REFRESH"));
  TakeResolve(remedies[0]);
  TakeResolve(remedies[1]);
  PullOrFail(reference);
  ExpectFresh(reference);
}

TEST(PastedRemedy, OriginIsNamedWhereOnlyAMirrorOfAPublicRegistryIsLeft) {
  const Release app("public");
  TheLab().mirror().Push("remedy/public", "latest", app.v1);
  TheLab().containerd().SetHosts("quay.io", TheLab().mirror().url(), {});
  const std::string reference = "quay.io/remedy/public:latest";
  PullOrFail(reference);

  const auto remedies = RemediesFor(Check(TheLab(), {reference}), reference);
  ASSERT_THAT(Kinds(remedies), ElementsAre("REMEDY_KIND_NAME_ORIGIN", "REMEDY_KIND_NAME_ORIGIN"));
  const Output pasted = Paste(remedies[1]);
  EXPECT_EQ(pasted.exit_code, 0) << pasted.out << pasted.err;
  EXPECT_THAT(pasted.out, HasSubstr("The one tag is fresh"));
}

TEST(PastedRemedy, OriginIsNamedWhereAPublicRegistryCannotBeReached) {
  const Release app("unreachable");
  TheLab().mirror().Push("remedy/unreachable", "latest", app.v1);
  TheLab().containerd().SetHosts("ghcr.io", "", {{.url = TheLab().mirror().url()}});
  const std::string reference = "ghcr.io/remedy/unreachable:latest";
  PullOrFail(reference);

  const auto remedies = RemediesFor(Check(TheLab(), {reference}), reference);
  ASSERT_THAT(Kinds(remedies), ElementsAre("REMEDY_KIND_NAME_ORIGIN"));
  const Output pasted = Paste(remedies[0]);
  EXPECT_EQ(pasted.exit_code, 0) << pasted.out << pasted.err;
  EXPECT_THAT(pasted.out, HasSubstr("The one tag is fresh"));
}

TEST(PastedRemedy, ServerGetsTheRegistrysCredentialsOverHttps) {
  const Release app("server");
  const Certificates certificates = MakeCertificates(LabRoot() + "/remedy-server");
  Registry store("remedy-store", {.certificates = certificates, .wants_password = true});
  store.Push("remedy/server", "latest", app.v1);
  TheLab().containerd().SetHosts("server.test", "server = \"" + store.url() + "\"\nca = \"" + certificates.ca + "\"\n");
  const std::string reference = "server.test/remedy/server:latest";
  PullOrFail(reference, true);

  const std::string auth_file = AuthFileFor("server", "server.test");
  const auto remedies = RemediesFor(Check(TheLab(), {reference, "--auth-file", auth_file}), reference);
  ASSERT_THAT(Kinds(remedies), ElementsAre("REMEDY_KIND_PROVIDE_CREDENTIALS"));
  const Output pasted = Paste(remedies[0]);
  EXPECT_EQ(pasted.exit_code, 0) << pasted.out << pasted.err;
  EXPECT_THAT(pasted.out, HasSubstr("The one tag is fresh"));
}

TEST(PastedRemedy, CertificateIsTrustedOnceItsAuthorityIsNamed) {
  const Release app("untrusted");
  const Certificates certificates = MakeCertificates(LabRoot() + "/remedy-ca");
  Registry https("remedy-ca", {.certificates = certificates});
  https.Push("remedy/ca", "latest", app.v1);
  const std::string server = "server = \"" + https.url() + "\"\n";
  const std::string ca = "ca = \"" + certificates.ca + "\"\n";
  TheLab().containerd().SetHosts("ca.test", server + ca);
  const std::string reference = "ca.test/remedy/ca:latest";
  PullOrFail(reference);
  TheLab().containerd().SetHosts("ca.test", server);

  const auto remedies = RemediesFor(Check(TheLab(), {reference}), reference);
  ASSERT_THAT(Kinds(remedies), ElementsAre("REMEDY_KIND_FIX_HOSTS_TOML"));
  EXPECT_THAT(remedies[0].value("detail", ""), HasSubstr("ca = \"FILE\""));
  const std::string file = remedies[0].value("file", "");
  WriteFile(file, ReadFile(file) + ca);
  ExpectFresh(reference);
}

/// Every pull through a network that wants a login first brings its web page.
TEST(PastedRemedy, RefreshBringsTheImageInPlaceOfAWebPage) {
  const Release app("portal");
  const std::string page = "<html><body>Please log in</body></html>";
  ScriptedRegistry registry;
  registry.Push("latest", app.v1);
  registry.SetFault([&](const ScriptedRequest&) {
    ScriptedReply reply = ReplyOf(200, page);
    reply.headers["Content-Type"] = "text/html";
    return reply;
  });
  const std::string reference = registry.host() + "/portal:latest";
  ASSERT_FALSE(TheLab().cri().Pull(reference).ok());
  registry.SetFault({});
  if (TheLab().containerd().Target(reference).empty()) GTEST_SKIP() << "the failed pull left no name";

  const CheckRun run = Check(TheLab(), {reference});
  EXPECT_EQ(run.Tag(reference)["verdict"], "VERDICT_STALE") << run.report.dump(2);
  EXPECT_EQ(run.Tag(reference)["cause"], "CAUSE_NOT_AN_IMAGE");
  const auto remedies = RemediesFor(run, reference);
  ASSERT_THAT(Kinds(remedies), ElementsAre("REMEDY_KIND_REFRESH"));
  const Output pasted = Paste(remedies[0]);
  EXPECT_EQ(pasted.exit_code, 0) << pasted.out << pasted.err;
  ExpectFresh(reference);
}

}  // namespace
}  // namespace tagdrift::lab

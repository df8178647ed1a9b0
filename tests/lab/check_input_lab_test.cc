// `tagdrift check` on a real containerd, given what cannot work: one clear line on stderr, the right exit code.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

#include "check_run.h"
#include "failure.h"
#include "lab_files.h"
#include "lab_fixture.h"
#include "nginx.h"

namespace tagdrift::lab {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;

constexpr int kUsage = 64;
constexpr int kNotPossible = 2;

/// Fails unless the program said nothing but one line on stderr, and ended so.
void ExpectComplaint(const Output& output, int exit_code, const testing::Matcher<std::string>& line) {
  EXPECT_EQ(output.exit_code, exit_code);
  EXPECT_EQ(output.out, "");
  EXPECT_THAT(output.err, line);
  EXPECT_EQ(std::count(output.err.begin(), output.err.end(), '\n'), 1) << output.err;
}

Output CheckAt(const std::string& endpoint) { return RunTagdrift(TheLab(), {"check", "--runtime-endpoint", endpoint}); }

std::string Pulled(const std::string& repository) {
  TheLab().upstream().Push(repository, "latest", MakeImage({.text = repository}));
  const std::string reference = TheLab().upstream().host() + "/" + repository + ":latest";
  const auto pulled = TheLab().cri().Pull(reference);
  if (!pulled.ok()) GiveUp(pulled.status().ToString());
  return reference;
}

TEST(CheckInput, MissingSocketIsNamed) {
  ExpectComplaint(CheckAt("unix:///run/nowhere/containerd.sock"), kNotPossible,
                  AllOf(HasSubstr("/run/nowhere/containerd.sock"), HasSubstr("--runtime-endpoint")));
}

TEST(CheckInput, SocketOfAnotherKindIsRefused) {
  const std::string ttrpc = TheLab().containerd().socket() + ".ttrpc";
  ExpectComplaint(CheckAt("unix://" + ttrpc), kNotPossible, HasSubstr(ttrpc));
}

TEST(CheckInput, PlainFileIsNoSocket) {
  ExpectComplaint(CheckAt("unix://" + TheLab().containerd().config_file()), kNotPossible, HasSubstr("not a socket"));
}

TEST(CheckInput, EndpointThatIsNoUnixSocketIsUsage) {
  ExpectComplaint(CheckAt("tcp://127.0.0.1:1"), kUsage, HasSubstr("tcp://127.0.0.1:1"));
}

TEST(CheckInput, SocketWithoutPermissionSaysWhatToDo) {
  const std::string binary = LabRoot() + "/tagdrift-for-anyone";
  std::filesystem::copy_file(TagdriftBinary(), binary, std::filesystem::copy_options::overwrite_existing);
  chmod(binary.c_str(), 0755);
  const Output output = RunCommand({"setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", binary,
                                    "check", "--runtime-endpoint", TheLab().containerd().endpoint()});
  ExpectComplaint(output, kNotPossible, AllOf(HasSubstr("permission denied"), HasSubstr("root")));
}

TEST(CheckInput, RuntimeWithoutContainerdsServicesTakesOnlyUnambiguousPairs) {
  const Artifact image = MakeImage({.text = "ambiguous"});
  TheLab().upstream().Push("ambiguous/app", "latest", image);
  TheLab().upstream().Push("ambiguous/app", "multi", MakeIndex({image}));
  const std::string repository = TheLab().upstream().host() + "/ambiguous/app";
  ASSERT_TRUE(TheLab().cri().Pull(repository + ":latest").ok());
  ASSERT_TRUE(TheLab().cri().Pull(repository + ":multi").ok());
  const std::string single = Pulled("unambiguous/app");
  const std::string socket = LabRoot() + "/cri-only.sock";
  const Nginx cri_only = CriOnly("cri-only", socket, TheLab().containerd().socket());

  CheckRun run = Check(TheLab(), {"--runtime-endpoint", "unix://" + socket, repository + ":*", single});

  EXPECT_EQ(run.exit_code, kNotPossible);
  EXPECT_EQ(run.Tag(repository + ":latest")["verdict"], "VERDICT_UNDECIDED");
  EXPECT_EQ(run.Tag(repository + ":latest")["cause"], "CAUSE_AMBIGUOUS_CACHE");
  EXPECT_EQ(run.Tag(repository + ":multi")["cause"], "CAUSE_AMBIGUOUS_CACHE");
  EXPECT_FALSE(run.Tag(single)["cachedDigest"].get<std::string>().empty());
  EXPECT_EQ(run.report["runtime"]["imageStore"], false);
}

TEST(CheckInput, MalformedReferenceIsUsage) {
  ExpectComplaint(RunTagdrift(TheLab(), {"check", "registry.test/UPPER//case"}), kUsage,
                  HasSubstr("registry.test/UPPER//case"));
}

TEST(CheckInput, ReferenceThatIsNotHereIsNamed) {
  ExpectComplaint(RunTagdrift(TheLab(), {"check", "not-cached.test/app:v1"}), kNotPossible,
                  HasSubstr("not-cached.test/app:v1"));
}

TEST(CheckInput, PatternThatMatchesNothingIsNamed) {
  ExpectComplaint(RunTagdrift(TheLab(), {"check", "nothing-here.test/*"}), kNotPossible,
                  HasSubstr("nothing-here.test/*"));
}

TEST(CheckInput, UnknownFlagIsUsage) {
  ExpectComplaint(RunTagdrift(TheLab(), {"check", "--no-such-flag"}), kUsage, HasSubstr("--no-such-flag"));
}

TEST(CheckInput, UnknownCommandIsUsage) { EXPECT_EQ(RunTagdrift(TheLab(), {"chek"}).exit_code, kUsage); }

TEST(CheckInput, MissingAuthFileIsNamed) {
  ExpectComplaint(RunTagdrift(TheLab(), {"check", Pulled("auth/app"), "--auth-file", "/run/nowhere.json"}),
                  kNotPossible, HasSubstr("/run/nowhere.json"));
}

TEST(CheckInput, BrokenAuthFileIsNamedWithoutItsContent) {
  const std::string file = LabRoot() + "/broken.json";
  WriteFile(file, R"({"auths": {"registry.test": {"password": "planted-secret")");
  const Output output = RunTagdrift(TheLab(), {"check", Pulled("auth/app"), "--auth-file", file});
  EXPECT_NE(output.exit_code, 0);
  EXPECT_THAT(output.err, HasSubstr(file));
  EXPECT_THAT(output.out + output.err, testing::Not(HasSubstr("planted-secret")));
}

TEST(CheckInput, ClosedStandardOutputIsAnError) {
  const Output output = RunTagdrift(TheLab(), {"check", Pulled("closed/app")}, {.closed_stdout = true});
  ExpectComplaint(output, kNotPossible, HasSubstr("standard output"));
}

TEST(CheckInput, FullDeviceAsStandardOutputIsAnError) {
  const Output output = RunCommand({"sh", "-c", R"(exec "$0" check --runtime-endpoint "$1" "$2" >/dev/full)",
                                    TagdriftBinary(), TheLab().containerd().endpoint(), Pulled("full/app")});
  ExpectComplaint(output, kNotPossible, HasSubstr("standard output"));
}

// containerd logs the error and goes to the registry's default host as if there were no configuration.
TEST(CheckInput, BrokenHostsTomlIsNamedWithItsLine) {
  const std::string reference = "broken-toml.test/input/broken:latest";
  TheLab().upstream().Push("input/broken", "latest", MakeImage({.text = "broken"}));
  TheLab().containerd().SetHosts("broken-toml.test", TheLab().upstream().url(), {{.url = TheLab().upstream().url()}});
  ASSERT_TRUE(TheLab().cri().Pull(reference).ok());
  TheLab().containerd().SetHosts("broken-toml.test",
                                 "server = \"http://127.0.0.1:1\"\n\n[host.\"http://127.0.0.1:2\"\n");

  CheckRun run = Check(TheLab(), {reference});

  EXPECT_EQ(run.exit_code, kNotPossible);
  EXPECT_EQ(run.Tag(reference)["verdict"], "VERDICT_UNDECIDED");
  json notes = run.report["registries"].at(0)["notes"];
  const auto ignored =
      std::find_if(notes.begin(), notes.end(), [](const json& n) { return n["kind"] == "NOTE_KIND_FILE_IGNORED"; });
  ASSERT_NE(ignored, notes.end()) << run.report["registries"].dump(2);
  EXPECT_THAT((*ignored)["file"].get<std::string>(), HasSubstr("broken-toml.test/hosts.toml"));
  EXPECT_EQ((*ignored)["line"], 3);
  ExpectPullAsForecast(TheLab(), run.Tag(reference));
}

// The pull goes to the registry's default host, which this node cannot reach, and nobody else says why.
TEST(CheckInput, MisspeltCapabilityIsTheCauseWhenThePullGoesElsewhere) {
  const std::string reference = "misspelt-toml.test/input/misspelt:latest";
  const std::string url = TheLab().upstream().url();
  TheLab().upstream().Push("input/misspelt", "latest", MakeImage({.text = "misspelt"}));
  TheLab().containerd().SetHosts("misspelt-toml.test", url, {{.url = url}});
  ASSERT_TRUE(TheLab().cri().Pull(reference).ok());
  TheLab().containerd().SetHosts("misspelt-toml.test", "server = \"" + url + "\"\n\n[host.\"" + url +
                                                           "\"]\ncapabilities = [\"pull\", \"resolv\"]\n");

  CheckRun run = Check(TheLab(), {reference});

  json tag = run.Tag(reference);
  EXPECT_EQ(run.exit_code, kNotPossible);
  EXPECT_EQ(tag["verdict"], "VERDICT_UNDECIDED");
  EXPECT_EQ(tag["cause"], "CAUSE_MIRROR_CONFIG_IGNORED") << tag.dump(2);
  EXPECT_EQ(tag["remedies"].at(0)["kind"], "REMEDY_KIND_FIX_HOSTS_TOML");
  EXPECT_THAT(tag["remedies"].at(0)["file"].get<std::string>(), HasSubstr("misspelt-toml.test/hosts.toml"));
  EXPECT_EQ(tag["remedies"].at(0)["line"], 4);
  EXPECT_THAT(tag["detail"].get<std::string>(), HasSubstr("resolv"));
  ExpectPullAsForecast(TheLab(), tag);
}

// Root can read any file, so a folder stands for what cannot be read; containerd fails the pull on both.
TEST(CheckInput, UnreadableHostsTomlIsNamed) {
  const std::string reference = "unreadable-toml.test/input/unreadable:latest";
  TheLab().upstream().Push("input/unreadable", "latest", MakeImage({.text = "unreadable"}));
  TheLab().containerd().SetHosts("unreadable-toml.test", TheLab().upstream().url(),
                                 {{.url = TheLab().upstream().url()}});
  ASSERT_TRUE(TheLab().cri().Pull(reference).ok());
  const std::string file = TheLab().containerd().hosts_root() + "/unreadable-toml.test/hosts.toml";
  std::filesystem::remove(file);
  std::filesystem::create_directory(file);

  CheckRun run = Check(TheLab(), {reference});

  EXPECT_EQ(run.exit_code, kNotPossible);
  EXPECT_EQ(run.Tag(reference)["verdict"], "VERDICT_UNDECIDED");
  EXPECT_EQ(run.Tag(reference)["nextPull"]["outcome"], "OUTCOME_FAILS");
  EXPECT_THAT(run.report["registries"].dump(), HasSubstr("unreadable-toml.test/hosts.toml"));
  ExpectPullAsForecast(TheLab(), run.Tag(reference));
}

}  // namespace
}  // namespace tagdrift::lab

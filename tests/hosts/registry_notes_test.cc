#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <string>

#include "tagdrift/hosts/registry_config.h"
#include "tree_folder.h"

namespace tagdrift::hosts {
namespace {

using testing::Contains;
using testing::IsEmpty;
using testing::Not;

struct Loaded {
  RegistryConfig config;
  std::vector<NoteKind> Kinds() const {
    std::vector<NoteKind> kinds;
    for (const Note& note : config.notes) kinds.push_back(note.kind);
    return kinds;
  }
  Note Of(NoteKind kind) const {
    for (const Note& note : config.notes) {
      if (note.kind == kind) return note;
    }
    return {NoteKind::kFileIgnored, "no such note", 0, ""};
  }
};

Loaded Load(const std::map<std::string, std::string>& files, const std::string& registry, ContainerdVersion version,
            PullPath pull_path = PullPath::kLocal, const std::string& config_path = "/certs") {
  const TreeFolder folder(files);
  RegistrySettings settings;
  settings.version = version;
  settings.pull_path = pull_path;
  settings.config_path = config_path;
  return {LoadRegistryConfig(folder.Tree(), settings, registry)};
}

Loaded LoadFile(const std::string& text, ContainerdVersion version = {2, 1, 9}) {
  return Load({{"certs/quay.io/hosts.toml", text}}, "quay.io", version);
}

constexpr const char* kFile = "/certs/quay.io/hosts.toml";

TEST(RegistryNotes, NameTheLineThatMakesTheFileIgnored) {
  EXPECT_EQ(LoadFile("# mirrors\n\n[host.\"https://m\"\n").Of(NoteKind::kFileIgnored).line, 3);
  EXPECT_EQ(LoadFile("[host.\"https://m\"]\n\nskip_verify = \"true\"\n").Of(NoteKind::kFileIgnored),
            (Note{NoteKind::kFileIgnored, kFile, 3, "\"skip_verify\" must be true or false"}));
  EXPECT_EQ(LoadFile("[host.\"https://ok\"]\n[host.\"https://a b\"]\n").Of(NoteKind::kFileIgnored).line, 2);
  EXPECT_EQ(LoadFile("[host.\"https://a\"]\nca = \"x\"\n[host.\"https://a\"]\n").Of(NoteKind::kFileIgnored).line, 3);
}

TEST(RegistryNotes, SuggestTheKeyThatWasMeant) {
  EXPECT_EQ(LoadFile("[host.\"https://m\"]\ncapabilties = [\"pull\"]\n").Of(NoteKind::kUnknownKey),
            (Note{NoteKind::kUnknownKey, kFile, 2,
                  "key \"capabilties\" is unknown to containerd and skipped; did you mean \"capabilities\"?"}));
  EXPECT_EQ(LoadFile("[host.\"https://m\"]\nskip-verify = true\n").Of(NoteKind::kUnknownKey).detail,
            "key \"skip-verify\" is unknown to containerd and skipped; did you mean \"skip_verify\"?");
  EXPECT_EQ(LoadFile("[host.\"https://m\"]\nweight = 5\n").Of(NoteKind::kUnknownKey).detail,
            "key \"weight\" is unknown to containerd and skipped");
}

TEST(RegistryNotes, TellKeysByTheirCaseOnlyOn1x) {
  const std::string text = "[host.\"https://m\"]\nCapabilities = [\"pull\"]\n";
  EXPECT_THAT(LoadFile(text, {1, 7, 34}).Kinds(), Contains(NoteKind::kUnknownKey));
  EXPECT_THAT(LoadFile(text, {2, 1, 9}).Kinds(), Not(Contains(NoteKind::kUnknownKey)));
}

TEST(RegistryNotes, NameTheUnknownCapability) {
  const Loaded loaded = LoadFile("[host.\"https://m\"]\ncapabilities = [\"pull\",\n \"reslove\"]\n");
  EXPECT_EQ(loaded.Of(NoteKind::kUnknownCapability),
            (Note{NoteKind::kUnknownCapability, kFile, 3,
                  "capability \"reslove\" is unknown to this containerd; did you mean \"resolve\"?"}));
  EXPECT_EQ(loaded.Of(NoteKind::kFileIgnored).line, 3);
}

TEST(RegistryNotes, TellHostsThat2xNeverAsks) {
  const std::string text = "[host]\n\"https://m\" = {capabilities = [\"pull\"]}\n";
  EXPECT_EQ(LoadFile(text).Of(NoteKind::kHostIgnored).line, 2);
  EXPECT_THAT(LoadFile(text, {1, 7, 34}).Kinds(), Not(Contains(NoteKind::kHostIgnored)));
  EXPECT_EQ(LoadFile("host.\"https://m\".capabilities = [\"pull\"]\n").Of(NoteKind::kHostIgnored).line, 1);
}

TEST(RegistryNotes, TellAHostWithoutAName) {
  const Note note = LoadFile("[host.\"http-mirror.local\"]\n").Of(NoteKind::kHostIgnored);
  EXPECT_EQ(note.line, 1);
  EXPECT_EQ(
      note.detail,
      "host \"http-mirror.local\" names no host, so every request to it fails: a name that begins with \"http\" needs "
      "its scheme written");
}

TEST(RegistryNotes, TellAHostListedTwice) {
  const std::string text = "[host.\"https://a\"]\n[host.\"https://b\"]\n[host.\"https://a\".header]\nx = \"1\"\n";
  EXPECT_THAT(LoadFile(text).Kinds(), Contains(NoteKind::kHostListedTwice));
  EXPECT_THAT(LoadFile(text, {1, 7, 34}).Kinds(), Not(Contains(NoteKind::kHostListedTwice)));
}

TEST(RegistryNotes, TellAMirrorThatMayResolveByDefault) {
  EXPECT_EQ(LoadFile("\n[host.\"https://m\"]\n").Of(NoteKind::kMirrorMayResolve).line, 2);
  EXPECT_THAT(LoadFile("[host.\"https://m\"]\ncapabilities = [\"pull\"]\n").Kinds(),
              Not(Contains(NoteKind::kMirrorMayResolve)));
}

TEST(RegistryNotes, TellWhetherUpstreamIsAsked) {
  EXPECT_THAT(LoadFile("[host.\"https://m\"]\n").Kinds(), Contains(NoteKind::kUpstreamIsLastResort));
  EXPECT_EQ(LoadFile("server = \"https://m\"\n").Of(NoteKind::kUpstreamNeverAsked).line, 1);
  EXPECT_THAT(LoadFile("server = \"https://quay.io\"\n[host.\"https://m\"]\n").Kinds(),
              Not(testing::AnyOf(Contains(NoteKind::kUpstreamNeverAsked), Contains(NoteKind::kUpstreamIsLastResort))));
}

TEST(RegistryNotes, TellTopLevelKeysWithoutEffect) {
  EXPECT_EQ(LoadFile("[host]\n").Kinds(), std::vector<NoteKind>{});
  EXPECT_EQ(LoadFile("capabilities = [\"pull\"]\n[host.\"https://m\"]\n").Of(NoteKind::kTopLevelIgnored).line, 1);
  EXPECT_THAT(LoadFile("server = \"https://quay.io\"\ncapabilities = [\"pull\"]\n").Kinds(),
              Not(Contains(NoteKind::kTopLevelIgnored)));
}

TEST(RegistryNotes, TellWhereAnUnreadableCertificateIsNamed) {
  const Loaded loaded = LoadFile("[host.\"https://m\"]\nca = \"nope.crt\"\n");
  const Note note = loaded.Of(NoteKind::kCertificateUnreadable);
  EXPECT_EQ(note.file, "/certs/quay.io/hosts.toml");
  EXPECT_EQ(note.line, 1);
  EXPECT_NE(note.detail.find("/certs/quay.io/nope.crt"), std::string::npos) << note.detail;
  EXPECT_THAT(loaded.config.hosts, IsEmpty());
}

TEST(RegistryNotes, TellAPathListThatIsNotSplit) {
  const std::map<std::string, std::string> files = {{"b/quay.io/hosts.toml", "[host.\"https://m\"]\n"}};
  EXPECT_THAT(Load(files, "quay.io", {2, 1, 9}, PullPath::kTransfer, "/a:/b").Kinds(),
              Contains(NoteKind::kConfigPathNotSplit));
  EXPECT_THAT(Load(files, "docker.io", {2, 1, 9}, PullPath::kTransfer, "/a:/b").Kinds(), IsEmpty());
  EXPECT_THAT(Load(files, "quay.io", {2, 1, 9}, PullPath::kLocal, "/a:/b").Kinds(),
              Not(Contains(NoteKind::kConfigPathNotSplit)));
}

TEST(RegistryNotes, TellADirectoryThatTheDefaultHides) {
  const std::map<std::string, std::string> files = {{"a/_default/hosts.toml", "[host.\"https://m\"]\n"},
                                                    {"b/quay.io/hosts.toml", "[host.\"https://m\"]\n"}};
  EXPECT_EQ(Load(files, "quay.io", {1, 7, 34}, PullPath::kLocal, "/a:/b").Of(NoteKind::kDefaultHidesRoot).file,
            "/b/quay.io");
}

TEST(RegistryNotes, TellDirectoriesThatNeverMatch) {
  const std::map<std::string, std::string> files = {{"certs/registry/ca.crt", ""},
                                                    {"certs/Registry:5000/ca.crt", ""},
                                                    {"certs/registry_5000/ca.crt", ""},
                                                    {"certs/other/ca.crt", ""}};
  std::vector<std::string> never;
  for (const Note& note : Load(files, "registry:5000", {2, 1, 9}).config.notes) {
    if (note.kind == NoteKind::kDirectoryNeverMatches) never.push_back(note.file);
  }
  EXPECT_EQ(never, (std::vector<std::string>{"/certs/Registry:5000", "/certs/registry", "/certs/registry_5000"}));
}

TEST(RegistryLimits, MakeTheForecastUndecidedNeverEmpty) {
  const Loaded large = LoadFile(std::string((1 << 20) + 1, '#'));
  EXPECT_TRUE(large.config.unknown);
  EXPECT_THAT(large.config.hosts, IsEmpty());
  EXPECT_THAT(large.Kinds(), testing::ElementsAre(NoteKind::kLimitExceeded));
  EXPECT_TRUE(LoadFile("a = " + std::string(101, '[') + std::string(101, ']') + "\n").config.unknown);
  EXPECT_TRUE(LoadFile("a" + std::string(30'000, '.') + " = 1\n").config.unknown);
  EXPECT_TRUE(LoadFile("a = \"" + std::string(20'000, 'x') + "\"\n").config.unknown);
  EXPECT_FALSE(LoadFile("a = " + std::string(100, '[') + std::string(100, ']') + "\n").config.unknown);
  EXPECT_FALSE(LoadFile("a = \"" + std::string(200, '[') + "\" # " + std::string(200, '[') + "\n").config.unknown);
}

TEST(RegistryLimits, AFifoIsUnknownAndDoesNotBlock) {
  const TreeFolder folder;
  folder.Write("certs/quay.io/", "");
  ASSERT_EQ(mkfifo((folder.path() / "certs/quay.io/hosts.toml").c_str(), 0600), 0);
  RegistrySettings settings;
  settings.version = {2, 1, 9};
  settings.config_path = "/certs";
  const RegistryConfig config = LoadRegistryConfig(folder.Tree(), settings, "quay.io");
  EXPECT_EQ(config.unknown, "open /certs/quay.io/hosts.toml: not a regular file");
}

TEST(RegistryNotes, TellWhichMirrorIsOfferedContainerdsCredentials) {
  const std::map<std::string, std::string> files = {
      {"certs/quay.io/hosts.toml", "[host.\"https://m:5000\"]\n[host.\"https://other\"]\n"}};
  const TreeFolder folder(files);
  RegistrySettings settings;
  settings.version = {2, 1, 9};
  settings.config_path = "/certs";
  settings.endpoint_auths["m:5000"] = {"user", "planted", "", ""};
  settings.endpoint_auths["quay.io"] = {"user", "planted", "", ""};
  const Loaded loaded{LoadRegistryConfig(folder.Tree(), settings, "quay.io")};
  EXPECT_EQ(std::ranges::count(loaded.Kinds(), NoteKind::kCredentialsForMirror), 1);
  const Note note = loaded.Of(NoteKind::kCredentialsForMirror);
  EXPECT_EQ(note.line, 1);
  EXPECT_EQ(note.detail.find("planted"), std::string::npos);
  EXPECT_NE(note.detail.find("m:5000"), std::string::npos);
}

}  // namespace
}  // namespace tagdrift::hosts

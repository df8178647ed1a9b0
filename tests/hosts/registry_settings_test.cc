#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "releases.h"
#include "tagdrift/hosts/containerd_config.h"
#include "tree_folder.h"

namespace tagdrift::hosts {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr ContainerdVersion k1639{1, 6, 39};
constexpr ContainerdVersion k20{2, 0, 11};
constexpr ContainerdVersion k220{2, 2, 0};
constexpr ContainerdVersion k22{2, 2, 7};

RegistrySettings Load(const std::map<std::string, std::string>& files, ContainerdVersion version,
                      std::optional<PullPath> pull_path = std::nullopt) {
  const TreeFolder folder(files);
  return LoadRegistrySettings(folder.Tree(), kMain, version, pull_path);
}

RegistrySettings LoadMain(const std::string& text, ContainerdVersion version) { return Load({{kMain, text}}, version); }

std::vector<NoteKind> Kinds(const RegistrySettings& settings) {
  std::vector<NoteKind> kinds;
  for (const Note& note : settings.notes) kinds.push_back(note.kind);
  return kinds;
}

const std::string kV1 = "[plugins.cri.registry]\nconfig_path = \"/v1\"\n";
const std::string kV2 = "version = 2\n[plugins.\"io.containerd.grpc.v1.cri\".registry]\nconfig_path = \"/v2\"\n";
const std::string kV3 = "version = 3\n[plugins.\"io.containerd.cri.v1.images\".registry]\nconfig_path = \"/v3\"\n";
const std::string kV4 = "version = 4\n[plugins.\"io.containerd.cri.v1.images\".registry]\nconfig_path = \"/v4\"\n";
const std::string kDefaults = "/etc/containerd/certs.d:/etc/docker/certs.d";

TEST(RegistrySettings, AreTheDefaultsWithoutAFile) {
  for (const ContainerdVersion version : {k1639, k17, k20, k21}) {
    const RegistrySettings settings = Load({}, version);
    EXPECT_EQ(settings.config_path, "") << version.Text();
    EXPECT_EQ(settings.source, "containerd's default");
    EXPECT_FALSE(settings.unknown);
    EXPECT_EQ(settings.pull_path, version == k21 ? PullPath::kTransfer : PullPath::kLocal);
  }
  for (const ContainerdVersion version : {k220, k22, k23}) EXPECT_EQ(Load({}, version).config_path, kDefaults);
}

struct PathCase {
  std::string name;
  std::string text;
  ContainerdVersion version;
  std::string config_path;
};

void PrintTo(const PathCase& row, std::ostream* out) { *out << row.name; }

class ConfigPath : public testing::TestWithParam<PathCase> {};

TEST_P(ConfigPath, IsReadFromTheTableOfTheVersion) {
  const RegistrySettings settings = LoadMain(GetParam().text, GetParam().version);
  EXPECT_EQ(settings.unknown, std::nullopt);
  EXPECT_EQ(settings.config_path, GetParam().config_path);
}

const std::string kLongNameWithoutVersion = "[plugins.\"io.containerd.grpc.v1.cri\".registry]\nconfig_path = \"/x\"\n";
const std::string kOldTableInV3 =
    "version = 3\n[plugins.\"io.containerd.grpc.v1.cri\".registry]\nconfig_path = \"/x\"\n";
const std::string kBothTablesInV2 =
    kV2 + "[plugins.\"io.containerd.cri.v1.images\".registry]\nconfig_path = \"/new\"\n";

INSTANTIATE_TEST_SUITE_P(
    Versions, ConfigPath,
    testing::Values(
        PathCase{"V1On1x", kV1, k17, "/v1"}, PathCase{"V2On1x", kV2, k1639, "/v2"}, PathCase{"V2On20", kV2, k20, "/v2"},
        PathCase{"V2On22", kV2, k22, "/v2"}, PathCase{"V2On23", kV2, k23, "/v2"}, PathCase{"V3On20", kV3, k20, "/v3"},
        PathCase{"V3On23", kV3, k23, "/v3"}, PathCase{"V4On23", kV4, k23, "/v4"},
        PathCase{"V1On20IsRenamedButNotMoved", kV1, k20, ""}, PathCase{"V1On23", kV1, k23, "/v1"},
        PathCase{"LongNameWithoutVersionOn1x", kLongNameWithoutVersion, k17, ""},
        PathCase{"OldTableInV3On20IsDead", kOldTableInV3, k20, ""},
        PathCase{"OldTableInV3On23IsMoved", kOldTableInV3, k23, "/x"},
        PathCase{"OldTableWinsInV2On20", kBothTablesInV2, k20, "/v2"},
        PathCase{"EmptyOn220StaysEmpty",
                 "version = 3\n[plugins.'io.containerd.cri.v1.images'.registry]\nconfig_path = ''\n", k220, ""},
        PathCase{"EmptyOn227IsTheDefault",
                 "version = 3\n[plugins.'io.containerd.cri.v1.images'.registry]\nconfig_path = ''\n", k22, kDefaults},
        PathCase{"KeyInAnotherCaseOn2x",
                 "version = 3\n[plugins.'io.containerd.cri.v1.images'.registry]\nConfig_Path = '/c'\n", k20, "/c"},
        PathCase{"KeyInAnotherCaseOn1x",
                 "version = 2\n[plugins.'io.containerd.grpc.v1.cri'.registry]\nConfig_Path = '/c'\n", k17, ""}),
    [](const auto& row) { return row.param.name; });

TEST(RegistrySettings, SayWhereThePathIsWritten) {
  EXPECT_EQ(LoadMain(kV2, k17).source, "/etc/containerd/config.toml:3");
}

TEST(RegistrySettings, TellSettingsInATableThatIsNotRead) {
  const RegistrySettings settings = LoadMain(kLongNameWithoutVersion, k17);
  ASSERT_EQ(settings.notes.size(), 1U);
  EXPECT_EQ(settings.notes[0].kind, NoteKind::kSettingsNotRead);
  EXPECT_EQ(settings.notes[0].line, 1);
  EXPECT_THAT(Kinds(LoadMain(kV2, k20)), IsEmpty());
  EXPECT_THAT(Kinds(LoadMain(kV1, k20)), Contains(NoteKind::kSettingsNotRead));
}

TEST(RegistrySettings, AreUnknownWhereContainerdWouldNotStart) {
  EXPECT_THAT(*LoadMain(kV3, k17).unknown, HasSubstr("versions up to 2"));
  EXPECT_THAT(*LoadMain(kV4, k22).unknown, HasSubstr("versions up to 3"));
  EXPECT_THAT(*LoadMain("version = 2\n" + kV1, k17).unknown, HasSubstr("invalid plugin key URI \"cri\""));
  EXPECT_THAT(*LoadMain("version = [\n", k17).unknown, HasSubstr("reading /etc/containerd/config.toml:"));
  EXPECT_THAT(*LoadMain("imports = [\"/none.toml\"]\n", k17).unknown, "reading /none.toml: no such file or directory");
  EXPECT_THAT(*LoadMain("version = \"2\"\n", k17).unknown, HasSubstr(":1: \"version\" must be a number"));
}

std::map<std::string, std::string> WithDropIn(const std::string& drop_in, const std::string& main = kV2) {
  return {{kMain, "imports = [\"conf.d/*.toml\"]\n" + main}, {"/etc/containerd/conf.d/10.toml", drop_in}};
}

TEST(ConfigImports, ReplaceAPluginsTableOn1xAndMergeItOn2x) {
  const auto files = WithDropIn("[plugins.\"io.containerd.grpc.v1.cri\".containerd.runtimes.x]\n");
  EXPECT_EQ(Load(files, k17).config_path, "");
  const auto versioned = WithDropIn("version = 2\n[plugins.\"io.containerd.grpc.v1.cri\".containerd.runtimes.x]\n");
  EXPECT_EQ(Load(versioned, k17).config_path, "");
  EXPECT_EQ(Load(versioned, k20).config_path, "/v2");
  EXPECT_EQ(Load(versioned, k23).config_path, "/v2");
}

TEST(ConfigImports, ResetAPathWithAnEmptyOneOn2x) {
  const auto files = WithDropIn("version = 2\n[plugins.\"io.containerd.grpc.v1.cri\".registry]\nconfig_path = \"\"\n");
  EXPECT_EQ(Load(files, k20).config_path, "");
}

TEST(ConfigImports, TurnTheVersionBackOn20) {
  const auto files = WithDropIn("version = 2\n", kOldTableInV3);
  EXPECT_EQ(Load(files, k20).config_path, "/x");
}

TEST(ConfigImports, AreReadBreadthFirstAndOnce) {
  const std::string table = "version = 2\n[plugins.\"io.containerd.grpc.v1.cri\".registry]\nconfig_path = ";
  const std::map<std::string, std::string> files = {
      {kMain, "imports = [\"a.toml\", \"/etc/containerd/b.toml\"]\n" + kV2},
      {"/etc/containerd/a.toml", "imports = [\"config.toml\", \"c.toml\"]\n" + table + "\"/a\"\n"},
      {"/etc/containerd/b.toml", table + "\"/b\"\n"},
      {"/etc/containerd/c.toml", table + "\"/c\"\n"}};
  const RegistrySettings settings = Load(files, k17);
  EXPECT_EQ(settings.config_path, "/c");
  EXPECT_EQ(settings.source, "/etc/containerd/c.toml:3");
}

TEST(ConfigImports, GlobInLexicalOrderAndMayMatchNothing) {
  const std::string table = "version = 2\n[plugins.\"io.containerd.grpc.v1.cri\".registry]\nconfig_path = ";
  const std::map<std::string, std::string> files = {
      {kMain, "imports = [\"/none/*.toml\", \"/etc/*/conf.d/[0-9]?.toml\"]\n" + kV2},
      {"/etc/containerd/conf.d/20.toml", table + "\"/20\"\n"},
      {"/etc/containerd/conf.d/10.toml", table + "\"/10\"\n"},
      {"/etc/containerd/conf.d/x0.toml", table + "\"/x0\"\n"}};
  EXPECT_EQ(Load(files, k17).config_path, "/20");
}

std::string Images(const std::string& body) {
  return "version = 3\n[plugins.\"io.containerd.cri.v1.images\"]\n" + body;
}

TEST(PullPath, IsTransferFrom21UnlessForcedToLocal) {
  EXPECT_EQ(LoadMain(Images(""), k21).pull_path, PullPath::kTransfer);
  EXPECT_EQ(LoadMain(Images("disable_snapshot_annotations = true\nmax_concurrent_downloads = 3\n"), k21).pull_path,
            PullPath::kTransfer);
  for (const std::string line :
       {"use_local_image_pull = true", "disable_snapshot_annotations = false", "discard_unpacked_layers = true",
        "max_concurrent_downloads = 5", "image_pull_with_sync_fs = true",
        "registry.auths.\"https://a\".username = \"u\"", "registry.configs.\"a\".auth.username = \"u\"",
        "registry.mirrors.\"docker.io\".endpoint = [\"https://a\"]"}) {
    EXPECT_EQ(LoadMain(Images(line + "\n"), k21).pull_path, PullPath::kLocal) << line;
    EXPECT_EQ(LoadMain(Images(line + "\n"), k20).pull_path, PullPath::kLocal) << line;
  }
}

TEST(PullPath, IsForcedByWhatAMigrationMoves) {
  const std::string text =
      "version = 2\n[plugins.\"io.containerd.grpc.v1.cri\".containerd]\ndiscard_unpacked_layers = true\n";
  EXPECT_EQ(LoadMain(text, k21).pull_path, PullPath::kLocal);
}

TEST(PullPath, IsTheOperatorsWhenStated) {
  EXPECT_EQ(Load({}, k21, PullPath::kLocal).pull_path, PullPath::kLocal);
  EXPECT_EQ(Load({}, k17, PullPath::kTransfer).pull_path, PullPath::kLocal);
}

const std::string kLegacy = R"(version = 2
[plugins."io.containerd.grpc.v1.cri".registry.mirrors."docker.io"]
endpoint = ["https://m:5000", "n/path"]
[plugins."io.containerd.grpc.v1.cri".registry.configs."m:5000".tls]
insecure_skip_verify = true
ca_file = "/etc/ca.crt"
[plugins."io.containerd.grpc.v1.cri".registry.configs."m:5000".auth]
username = "u"
password = "p"
[plugins."io.containerd.grpc.v1.cri".registry.auths."https://other:1"]
identitytoken = "t"
[plugins."io.containerd.grpc.v1.cri".registry.headers]
X-Meta = ["a", "b"]
)";

TEST(LegacySettings, AreRead) {
  const RegistrySettings settings = LoadMain(kLegacy, k17);
  EXPECT_EQ(settings.unknown, std::nullopt);
  EXPECT_EQ(settings.mirrors.at("docker.io"), (std::vector<std::string>{"https://m:5000", "n/path"}));
  EXPECT_EQ(settings.mirror_places.at("docker.io").second, 2);
  EXPECT_EQ(settings.endpoint_tls.at("m:5000"), (EndpointTls{true, "/etc/ca.crt", "", ""}));
  EXPECT_EQ(settings.endpoint_auths.at("m:5000"), (EndpointAuth{"u", "p", "", ""}));
  EXPECT_EQ(settings.endpoint_auths.at("other:1"), (EndpointAuth{"", "", "", "t"}));
  EXPECT_EQ(settings.headers.at("X-Meta"), (std::vector<std::string>{"a", "b"}));
}

TEST(LegacySettings, LoseTheirTlsOn2x) {
  const RegistrySettings settings = LoadMain(kLegacy, k20);
  EXPECT_THAT(settings.endpoint_tls, IsEmpty());
  EXPECT_THAT(Kinds(settings), Contains(NoteKind::kUnknownKey));
}

TEST(LegacySettings, ConflictWithAConfigPath) {
  const RegistrySettings settings =
      LoadMain(kV2 + "[plugins.\"io.containerd.grpc.v1.cri\".registry.mirrors.\"docker.io\"]\nendpoint = []\n", k17);
  EXPECT_THAT(*settings.unknown, HasSubstr("`mirrors` cannot be set when `config_path` is provided"));
  EXPECT_THAT(Kinds(settings), Contains(NoteKind::kLegacyMirrorsIgnored));
  EXPECT_TRUE(LoadMain(Images("registry.mirrors.\"docker.io\".endpoint = [\"https://a\"]\n"), k220).unknown);
  EXPECT_FALSE(LoadMain(Images("registry.mirrors.\"docker.io\".endpoint = [\"https://a\"]\n"), k22).unknown);
}

std::vector<std::string> Urls(const std::string& registry, std::map<std::string, std::vector<std::string>> mirrors) {
  const TreeFolder folder;
  RegistrySettings settings;
  settings.version = k17;
  settings.mirrors = std::move(mirrors);
  std::vector<std::string> urls;
  for (const RegistryHost& host : LoadRegistryConfig(folder.Tree(), settings, registry).hosts)
    urls.push_back(host.Url());
  return urls;
}

TEST(LegacyMirrors, GiveTheHosts) {
  using Strings = std::vector<std::string>;
  EXPECT_EQ(Urls("docker.io", {}), (Strings{"https://registry-1.docker.io/v2"}));
  EXPECT_EQ(Urls("docker.io", {{"*", {"https://w"}}, {"docker.io", {"m:5000", "http://n/some/path/"}}}),
            (Strings{"https://m:5000/v2", "http://n/some/path/", "https://registry-1.docker.io/v2"}));
  EXPECT_EQ(Urls("quay.io", {{"*", {"https://w"}}}), (Strings{"https://w/v2", "https://quay.io/v2"}));
  EXPECT_EQ(Urls("quay.io", {{"quay.io", {"http://quay.io", "https://m"}}}),
            (Strings{"http://quay.io/v2", "https://m/v2"}));
  EXPECT_EQ(Urls("docker.io", {{"docker.io", {"https://registry-1.docker.io"}}}),
            (Strings{"https://registry-1.docker.io/v2", "https://registry-1.docker.io/v2"}));
  EXPECT_EQ(Urls("localhost:5000", {}), (Strings{"http://localhost:5000/v2"}));
}

TEST(LegacyMirrors, FailWithHalfAClientPair) {
  const TreeFolder folder;
  RegistrySettings settings;
  settings.version = k17;
  settings.endpoint_tls["quay.io"] = {false, "", "/c.pem", ""};
  EXPECT_EQ(LoadRegistryConfig(folder.Tree(), settings, "quay.io").error,
            "get TLSConfig for registry \"https://quay.io\": cert file \"/c.pem\" was specified, but no corresponding "
            "key file "
            "was specified");
}

}  // namespace
}  // namespace tagdrift::hosts

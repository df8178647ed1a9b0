#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>

#include "binary.h"

namespace tagdrift::cli {
namespace {

namespace fs = std::filesystem;

/// A folder with certs.d/NAME/hosts.toml.
class Certs {
 public:
  Certs() {
    std::string name = (fs::temp_directory_path() / "certs-XXXXXX").string();
    root_ = mkdtemp(name.data());
  }
  ~Certs() { fs::remove_all(root_); }
  Certs(const Certs&) = delete;
  Certs& operator=(const Certs&) = delete;

  Certs& Add(const std::string& registry, const std::string& text) {
    return AddFile("certs.d/" + registry + "/hosts.toml", text);
  }
  Certs& AddFile(const std::string& file, const std::string& text) {
    fs::create_directories((root_ / file).parent_path());
    std::ofstream(root_ / file) << text;
    return *this;
  }

  Outcome RunIn(const std::string& arguments) const { return RunBinary(arguments, root_.string()); }
  Outcome Run(const std::string& arguments) const {
    return RunIn("mirrors --registry-config-path certs.d --containerd-version 2.1.9 " + arguments);
  }

 private:
  fs::path root_;
};

TEST(Mirrors, ShowsHostsInContainerdsOrder) {
  Certs certs;
  certs.Add("quay.io",
            "server = \"https://quay.io\"\n[host.\"https://mirror.corp\"]\ncapabilities = [\"pull\", \"resolve\"]\n");
  const Outcome outcome = certs.Run("");
  EXPECT_EQ(outcome.exit_code, 0) << outcome.text;
  EXPECT_EQ(outcome.text.rfind("1 registry, 1 mirror, ", 0), 0U) << outcome.text;
  EXPECT_LT(outcome.text.find("1. https://mirror.corp/v2  pull,resolve"), outcome.text.find("2. https://quay.io/v2"));
}

TEST(Mirrors, ExitsWith1WhenAFileIsIgnored) {
  Certs certs;
  certs.Add("quay.io", "[host.\"https://mirror.corp\"]\ncapabilities = [\"pull\", \"resolv\"]\n");
  const Outcome outcome = certs.Run("");
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_NE(outcome.text.find("some mirrors are not used"), std::string::npos) << outcome.text;
  EXPECT_NE(outcome.text.find("certs.d/quay.io/hosts.toml:2"), std::string::npos) << outcome.text;
}

TEST(Mirrors, ExitsWith1WhenEveryPullFails) {
  Certs certs;
  certs.Add("quay.io", "[host.\"https://mirror.corp\"]\nca = \"missing.crt\"\n");
  const Outcome outcome = certs.Run("");
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_NE(outcome.text.find("every pull fails from 1"), std::string::npos) << outcome.text;
}

TEST(Mirrors, ExitsWith2WhenAFileCannotBeJudged) {
  Certs certs;
  certs.Add("quay.io", "a = " + std::string(200, '[') + std::string(200, ']') + "\n");
  EXPECT_EQ(certs.Run("").exit_code, 2);
}

TEST(Mirrors, AnswersForARegistryWithoutConfiguration) {
  const Outcome outcome = Certs().Add("quay.io", "").Run("docker.io");
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_NE(outcome.text.find("1. https://registry-1.docker.io/v2"), std::string::npos) << outcome.text;
}

// Before 2.1 containerd has one way to pull, and it splits the list.
TEST(Mirrors, IgnoresTransferPullsBefore21) {
  Certs certs;
  certs.Add("quay.io", "server = \"https://quay.io\"\n[host.\"https://mirror.corp\"]\n");
  const std::string roots = "mirrors quay.io -o wide --registry-config-path empty:certs.d --image-pull transfer ";
  EXPECT_NE(certs.RunIn(roots + "--containerd-version 1.7.24").text.find("1. https://mirror.corp/v2"),
            std::string::npos);
  EXPECT_EQ(certs.RunIn(roots + "--containerd-version 2.1.9").text.find("https://mirror.corp/v2"), std::string::npos);
}

TEST(Mirrors, ExitsWith1WhenOnlyAnotherNameOfDockerHubIsConfigured) {
  Certs certs;
  certs.Add("registry-1.docker.io", "[host.\"https://mirror.corp\"]\n");
  const Outcome outcome = certs.Run("");
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_NE(outcome.text.find("is never used for docker.io"), std::string::npos) << outcome.text;
}

TEST(Mirrors, ExitsWith1WhenTheNamedDirectoryIsNotThere) {
  const Outcome outcome = Certs().Run("docker.io");
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_NE(outcome.text.find("--registry-config-path names it"), std::string::npos) << outcome.text;
}

TEST(Mirrors, ExitsWith1WhenTheHostsTableIsMisspelt) {
  Certs certs;
  certs.Add("quay.io", "server = \"https://quay.io\"\n[hosts.\"https://mirror.corp\"]\n");
  const Outcome outcome = certs.Run("");
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_NE(outcome.text.find("hosts.toml:2"), std::string::npos) << outcome.text;
}

TEST(Mirrors, ExitsWith1WhenTheFileIsCalledHostToml) {
  EXPECT_EQ(Certs().AddFile("certs.d/quay.io/host.toml", "[host.\"https://mirror.corp\"]\n").Run("").exit_code, 1);
}

TEST(Mirrors, ExitsWith1WhenTheFileForAllRegistriesIsIgnored) {
  Certs certs;
  certs.Add("_default", "[host.\"https://mirror.corp\"\n").Add("docker.io", "server = \"https://docker.io\"\n");
  const Outcome outcome = certs.Run("");
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_NE(outcome.text.find("certs.d/_default/hosts.toml:1"), std::string::npos) << outcome.text;
}

TEST(Mirrors, RefusesAnImageForARegistry) {
  const std::pair<const char*, const char*> kArguments[] = {
      {"nginx:latest", "'nginx:latest' is no registry; did you mean docker.io?"},
      {"nginx", "did you mean docker.io?"},
      {"quay.io/prometheus/node-exporter", "did you mean quay.io?"},
      {"https://quay.io", "did you mean quay.io?"},
      {"https://u:pl4nted@quay.io", "'https://xxxxx@quay.io' is no registry"},
      {"index.docker.io", "did you mean docker.io?"},
  };
  for (const auto& [argument, says] : kArguments) {
    const Outcome outcome = Certs().Add("quay.io", "").Run(std::string(argument) + " 2>&1");
    EXPECT_EQ(outcome.exit_code, 64) << outcome.text;
    EXPECT_NE(outcome.text.find(says), std::string::npos) << outcome.text;
    EXPECT_EQ(outcome.text.find("pl4nted"), std::string::npos) << outcome.text;
  }
}

constexpr char kConfig[] =
    "version = 3\n[plugins.\"io.containerd.cri.v1.images\".registry]\nconfig_path = \"/etc/certs.d\"\n";

TEST(Mirrors, ReadsAConfigurationFileWithoutARuntime) {
  Certs certs;
  certs.AddFile("root/etc/config.toml", kConfig)
      .AddFile("root/etc/certs.d/quay.io/hosts.toml", "[host.\"https://mirror.corp\"]\n");
  const Outcome outcome =
      certs.RunIn("mirrors --host-root root --containerd-config /etc/config.toml --containerd-version 2.1.9");
  EXPECT_EQ(outcome.exit_code, 0) << outcome.text;
  EXPECT_NE(outcome.text.find("1. https://mirror.corp/v2"), std::string::npos) << outcome.text;
}

TEST(Mirrors, ExitsWith1WhenThePluginIsNamedAsInAnotherVersion) {
  Certs certs;
  certs.AddFile("c.toml", "version = 3\n[plugins.\"io.containerd.grpc.v1.cri\".registry]\nconfig_path = \"/x\"\n");
  const Outcome outcome = certs.RunIn("mirrors docker.io --containerd-config c.toml --containerd-version 2.1.9");
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_NE(outcome.text.find("c.toml:2"), std::string::npos) << outcome.text;
}

TEST(Mirrors, TakesThePullPathFromTheConfigurationAndTheDirectoriesFromTheOption) {
  Certs certs;
  certs.AddFile("c.toml", "version = 3\n[plugins.\"io.containerd.cri.v1.images\"]\nuse_local_image_pull = true\n");
  certs.Add("quay.io", "[host.\"https://mirror.corp\"]\n").AddFile("empty/readme", "");
  const Outcome outcome =
      certs.RunIn("mirrors --containerd-config c.toml --registry-config-path empty:certs.d --containerd-version 2.1.9");
  EXPECT_NE(outcome.text.find("1. https://mirror.corp/v2"), std::string::npos) << outcome.text;
}

// Also where no registry is asked for, as in a check before a roll-out.
TEST(Mirrors, FailsWhenTheNamedConfigurationIsNotThere) {
  const Certs certs;
  for (const char* arguments : {"docker.io", "", "--registry-config-path certs.d"}) {
    const Outcome outcome = certs.RunIn(
        std::string("mirrors --containerd-config none.toml --containerd-version 2.1.9 ") + arguments + " 2>&1");
    EXPECT_EQ(outcome.exit_code, 2) << outcome.text;
    EXPECT_NE(outcome.text.find("none.toml: no such file"), std::string::npos) << outcome.text;
  }
}

TEST(Mirrors, SaysInItsHelpThatJsonHasHeaderValues) {
  EXPECT_NE(RunBinary("mirrors --help").text.find("-o json prints the values of all configured headers"),
            std::string::npos);
}

TEST(Mirrors, BytesOfAHostNameDoNotVanishFromJson) {
  Certs certs;
  certs.Add("quay.io", "[host.\"https://m%ff%fe.example\"]\n");
  const Outcome outcome = certs.Run("-o json");
  EXPECT_NE(outcome.text.find(R"("url": "https://m\\xff\\xfe.example/v2")"), std::string::npos) << outcome.text;
}

TEST(Mirrors, PrintsNames) {
  Certs certs;
  certs.Add("quay.io", "").Add("registry_5000_", "");
  EXPECT_EQ(certs.Run("-o name").text, "quay.io\nregistry:5000\n");
}

}  // namespace
}  // namespace tagdrift::cli

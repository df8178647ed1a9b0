#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

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
    fs::create_directories(root_ / "certs.d" / registry);
    std::ofstream(root_ / "certs.d" / registry / "hosts.toml") << text;
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
  const Outcome outcome = Certs().Run("docker.io");
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

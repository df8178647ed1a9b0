#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "binary.h"
#include "nlohmann/json.hpp"

namespace tagdrift::cli {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

std::vector<json> ReadCases() {
  const char* folder = std::getenv("TAGDRIFT_VECTORS");
  std::ifstream file((folder != nullptr ? fs::path(folder) : fs::path(TAGDRIFT_TEST_DATA) / "vectors") / "hosts.jsonl");
  std::vector<json> cases;
  for (std::string line; std::getline(file, line);) cases.push_back(json::parse(line));
  return cases;
}

/// The case's files in a folder of their own.
class Tree {
 public:
  explicit Tree(const json& tree) {
    std::string name = (fs::temp_directory_path() / "mirrors-XXXXXX").string();
    root_ = mkdtemp(name.data());
    for (const auto& [path, text] : tree.items()) {
      const fs::path target = root_ / path;
      if (path.ends_with('/')) {
        fs::create_directories(target);
        continue;
      }
      fs::create_directories(target.parent_path());
      std::ofstream(target, std::ios::binary) << text.get<std::string>();
    }
  }
  ~Tree() { fs::remove_all(root_); }
  Tree(const Tree&) = delete;
  Tree& operator=(const Tree&) = delete;

  std::string path() const { return root_.string(); }

 private:
  fs::path root_;
};

/// "2.1.9/local" as options.
std::string VersionOptions(const std::string& version) {
  const std::size_t slash = version.find('/');
  std::string options = "--containerd-version " + version.substr(0, slash);
  if (slash != std::string::npos) options += " --image-pull " + version.substr(slash + 1);
  return options;
}

std::string Joined(const json& roots) {
  std::string text;
  for (const json& root : roots) text += (text.empty() ? "" : ":") + root.get<std::string>();
  return text;
}

/// The command's JSON in the vectors' words.
json InTheVectorsWords(const json& registry) {
  if (!registry.at("error").get<std::string>().empty()) return registry.at("error");
  json hosts = json::array();
  for (const json& host : registry.at("hosts")) {
    json words = {{"url", host.at("url")}, {"capabilities", host.at("capabilities")}};
    if (host.at("skipVerify").get<bool>()) words["skip_verify"] = true;
    if (host.at("httpFallback").get<bool>()) words["http_fallback"] = true;
    if (!host.at("headers").empty()) words["headers"] = host.at("headers");
    hosts.push_back(words);
  }
  return hosts;
}

json Expected(const json& expect) {
  if (expect.contains("error")) return expect.at("error");
  json hosts = json::array();
  for (const json& host : expect.at("hosts")) {
    json words = {{"url", host.at("url")}, {"capabilities", host.at("capabilities")}};
    for (const char* key : {"skip_verify", "http_fallback", "headers"}) {
      if (host.contains(key) && host.at(key) != json(false)) words[key] = host.at(key);
    }
    hosts.push_back(words);
  }
  return hosts;
}

// Each case through the command line once, the versions taking turns; hosts_test holds every version to every case.
TEST(MirrorsVectors, AgreeOnTheCommandLine) {
  const std::vector<json> cases = ReadCases();
  ASSERT_GT(cases.size(), 20U);
  for (std::size_t turn = 0; turn < cases.size(); ++turn) {
    const json& one = cases[turn];
    const json& expect = one.at("expect").at(turn % one.at("expect").size());
    const std::string version = expect.at("versions").at(turn % expect.at("versions").size());
    SCOPED_TRACE(one.at("name").get<std::string>() + " on " + version);
    const Tree tree(one.at("tree"));
    const Outcome outcome =
        RunBinary("mirrors '" + one.at("host").get<std::string>() + "' -o json --registry-config-path '" +
                      Joined(one.at("roots")) + "' " + VersionOptions(version),
                  tree.path());
    const json report = json::parse(outcome.text, nullptr, false);
    ASSERT_FALSE(report.is_discarded()) << outcome.text;
    EXPECT_EQ(InTheVectorsWords(report.at("registries").at(0)), Expected(expect));
  }
}

}  // namespace
}  // namespace tagdrift::cli

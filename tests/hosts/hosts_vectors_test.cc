#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "tagdrift/hosts/registry_config.h"
#include "tree_folder.h"

namespace tagdrift::hosts {
namespace {

using Json = nlohmann::json;

std::string VectorsFile() {
  const char* folder = std::getenv("TAGDRIFT_VECTORS");
  return std::string(folder != nullptr ? folder : TAGDRIFT_TEST_DATA "/vectors") + "/hosts.jsonl";
}

/// "2.1.9/transfer"; without a word after the slash: local.
RegistrySettings Settings(const std::string& release, const Json& row) {
  RegistrySettings settings;
  const std::size_t slash = release.find('/');
  settings.version = ContainerdVersion::Parse(release.substr(0, slash)).value();
  if (slash != std::string::npos && release.substr(slash) == "/transfer") settings.pull_path = PullPath::kTransfer;
  for (const Json& root : row.at("roots")) {
    settings.config_path += (settings.config_path.empty() ? "" : ":") + root.get<std::string>();
  }
  return settings;
}

/// A host in the vectors' own form; they leave `referrers` out.
Json JsonOf(const RegistryHost& host) {
  Json shown = {{"url", host.Url()}, {"capabilities", Json::array()}};
  if (host.capabilities.Has(Capability::kPull)) shown["capabilities"].push_back("pull");
  if (host.capabilities.Has(Capability::kResolve)) shown["capabilities"].push_back("resolve");
  if (host.capabilities.Has(Capability::kPush)) shown["capabilities"].push_back("push");
  if (host.SkipsVerification()) shown["skip_verify"] = true;
  if (host.http_fallback) shown["http_fallback"] = true;
  for (const auto& [name, values] : host.headers) shown["headers"][name] = values;
  return shown;
}

Json JsonOutcome(const RegistryConfig& config) {
  if (config.unknown) return {{"unknown", *config.unknown}};
  if (config.error) return {{"error", *config.error}};
  Json hosts = Json::array();
  for (const RegistryHost& host : config.hosts) hosts.push_back(JsonOf(host));
  return {{"hosts", hosts}};
}

std::size_t Check(const Json& row) {
  TreeFolder folder(row.at("tree").get<std::map<std::string, std::string>>());
  const FileTree tree = folder.Tree();
  std::size_t checked = 0;
  for (Json expected : row.at("expect")) {
    const Json versions = expected.at("versions");
    expected.erase("versions");
    for (const Json& version : versions) {
      const RegistryConfig config =
          LoadRegistryConfig(tree, Settings(version.get<std::string>(), row), row.at("host").get<std::string>());
      EXPECT_EQ(JsonOutcome(config).dump(1), expected.dump(1)) << row.at("name") << " on " << version << "\n"
                                                               << row.at("tree").dump(1);
      ++checked;
    }
  }
  return checked;
}

TEST(HostsVectors, AgreeWithEveryContainerd) {
  const std::string path = VectorsFile();
  std::ifstream file(path);
  ASSERT_TRUE(file.is_open()) << path << " cannot be opened";
  std::size_t outcomes = 0;
  for (std::string line; std::getline(file, line);) {
    if (line.empty()) continue;
    const Json row = Json::parse(line, nullptr, false);
    ASSERT_TRUE(row.is_object() && row.contains("expect")) << "not a vector: " << line;
    outcomes += Check(row);
  }
  EXPECT_GT(outcomes, 0U) << path << " has no vectors";
}

}  // namespace
}  // namespace tagdrift::hosts

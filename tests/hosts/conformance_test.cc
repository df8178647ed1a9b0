#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tagdrift/hosts/registry_config.h"
#include "tree_folder.h"

namespace tagdrift::hosts {
namespace {

using Json = nlohmann::json;

std::string Letters(Capabilities capabilities) {
  std::string letters;
  if (capabilities.Has(Capability::kPull)) letters += 'P';
  if (capabilities.Has(Capability::kResolve)) letters += 'R';
  if (capabilities.Has(Capability::kPush)) letters += 'U';
  if (capabilities.Has(Capability::kReferrers)) letters += 'F';
  return letters;
}

/// "https://m/v2 PR fallback insecure ca x-a=1".
std::string Shown(const RegistryHost& host) {
  std::string text = host.Url() + " " + Letters(host.capabilities);
  if (host.http_fallback) text += " fallback";
  if (host.SkipsVerification()) text += " insecure";
  if (!host.ca.empty()) text += " ca";
  if (!host.clients.empty()) text += " clients=" + std::to_string(host.clients.size());
  for (const auto& [name, values] : host.headers) text += " " + name + "=" + (values.empty() ? "" : values.front());
  return text;
}

/// One line per host, or the error.
std::string Outcome(const RegistryConfig& config) {
  if (config.unknown) return "unknown: " + *config.unknown;
  if (config.error) return "error: " + *config.error;
  std::string lines;
  for (const RegistryHost& host : config.hosts) lines += Shown(host) + "\n";
  return lines;
}

/// "DEFAULT" in an expected line is the release's default set.
std::string Expected(const Json& lines, const ContainerdVersion& version) {
  const std::string set = version >= ContainerdVersion{2, 2, 0} ? "PRUF" : "PRU";
  std::string expected;
  for (const Json& line : lines) {
    std::string text = line.get<std::string>();
    if (const std::size_t at = text.find("DEFAULT"); at != std::string::npos) text.replace(at, 7, set);
    expected += text + "\n";
  }
  return expected;
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

/// A text of "@name" stands for tests/data/hosts/name.
std::map<std::string, std::string> Tree(const Json& row) {
  std::map<std::string, std::string> tree;
  for (const auto& [path, text] : row.at("tree").items()) {
    const std::string value = text.get<std::string>();
    tree[path] = value.starts_with('@') ? ReadFile(TAGDRIFT_TEST_DATA "/hosts/" + value.substr(1)) : value;
  }
  return tree;
}

struct Row {
  Json json;
};
void PrintTo(const Row& row, std::ostream* out) { *out << row.json.at("name").get<std::string>(); }

class HostsConformance : public testing::TestWithParam<Row> {};

TEST_P(HostsConformance, AgreesWithContainerd) {
  const Json& row = GetParam().json;
  TreeFolder folder(Tree(row));
  const FileTree tree = folder.Tree();
  for (const Json& expect : row.at("expect")) {
    for (const Json& version : expect.at("versions")) {
      RegistrySettings settings;
      settings.version = ContainerdVersion::Parse(version.get<std::string>()).value();
      settings.config_path = row.value("config_path", "/R");
      if (expect.value("transfer", false)) settings.pull_path = PullPath::kTransfer;
      const RegistryConfig config = LoadRegistryConfig(tree, settings, row.at("host").get<std::string>());
      const std::string expected = expect.contains("error") ? "error: " + expect.at("error").get<std::string>()
                                                            : Expected(expect.at("hosts"), settings.version);
      EXPECT_EQ(Outcome(config), expected) << "on " << version;
      const bool ignored = std::ranges::any_of(
          config.notes, [](const Note& note) { return note.kind == NoteKind::kFileIgnored && !note.detail.empty(); });
      EXPECT_EQ(ignored, expect.value("ignored", false)) << "on " << version;
    }
  }
}

std::vector<Row> Rows() {
  std::vector<Row> rows;
  std::ifstream file(TAGDRIFT_TEST_DATA "/hosts/conformance.jsonl");
  for (std::string line; std::getline(file, line);) {
    if (!line.empty()) rows.push_back({Json::parse(line)});
  }
  return rows;
}

TEST(HostsConformanceRows, AreThere) { EXPECT_GE(Rows().size(), 60U); }

INSTANTIATE_TEST_SUITE_P(Documented, HostsConformance, testing::ValuesIn(Rows()),
                         [](const auto& row) { return row.param.json.at("name").template get<std::string>(); });

}  // namespace
}  // namespace tagdrift::hosts

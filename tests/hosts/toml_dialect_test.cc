#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tagdrift/hosts/registry_config.h"
#include "tree_folder.h"

namespace tagdrift::hosts {
namespace {

enum class Fate { kUsed, kIgnored, kUnknown };

struct DialectCase {
  std::string name;
  std::string text;
  Fate on_1x;
  Fate on_2x;
};

void PrintTo(const DialectCase& row, std::ostream* out) { *out << row.name; }

Fate FateOf(const std::string& text, ContainerdVersion version) {
  const TreeFolder folder({{"c/quay.io/hosts.toml", text + "[host.\"https://last\"]\n"}, {"c/quay.io/readme", ""}});
  RegistrySettings settings;
  settings.version = version;
  settings.config_path = "/c";
  const RegistryConfig config = LoadRegistryConfig(folder.Tree(), settings, "quay.io");
  if (config.unknown) return Fate::kUnknown;
  return config.hosts.size() > 1 ? Fate::kUsed : Fate::kIgnored;
}

class TomlDialect : public testing::TestWithParam<DialectCase> {};

TEST_P(TomlDialect, IsThatOfTheRelease) {
  EXPECT_EQ(FateOf(GetParam().text, {1, 7, 34}), GetParam().on_1x);
  EXPECT_EQ(FateOf(GetParam().text, {2, 1, 9}), GetParam().on_2x);
}

INSTANTIATE_TEST_SUITE_P(
    Texts, TomlDialect,
    testing::Values(
        DialectCase{"Plain", "x = 1\n", Fate::kUsed, Fate::kUsed},
        DialectCase{"WindowsLines", "x = 1\r\n# c\r\n", Fate::kUsed, Fate::kUsed},
        DialectCase{"UnquotedText", "server = https://m\n", Fate::kIgnored, Fate::kIgnored},
        DialectCase{"QuoteMissing", "server = \"https://m\n", Fate::kIgnored, Fate::kIgnored},
        DialectCase{"BracketMissing", "[host.\"https://m\"\n", Fate::kIgnored, Fate::kIgnored},
        DialectCase{"CapitalTrue", "skip_verify = True\n", Fate::kIgnored, Fate::kIgnored},
        DialectCase{"TwoValues", "skip_verify = true false\n", Fate::kIgnored, Fate::kIgnored},
        DialectCase{"KeyTwice", "server = \"https://a\"\nserver = \"https://b\"\n", Fate::kIgnored, Fate::kIgnored},
        DialectCase{"TableTwice", "[host.\"https://last\"]\n", Fate::kIgnored, Fate::kIgnored},
        DialectCase{"TableTwiceInOtherSpelling", "[ host . \"https://last\" ]\n", Fate::kUnknown, Fate::kIgnored},
        DialectCase{"BadEscape", "a = \"\\q\"\n", Fate::kIgnored, Fate::kIgnored},
        DialectCase{"EscapeThatOnlyGoKnows", "a = \"\\e\"\n", Fate::kIgnored, Fate::kUnknown},
        DialectCase{"EscapeInTableKey", "[host.\"https:\\u002f\\u002fm\"]\n", Fate::kUnknown, Fate::kUsed},
        DialectCase{"InvalidUtf8InAComment", "# caf\xE9\n", Fate::kUsed, Fate::kIgnored},
        DialectCase{"InvalidUtf8InAKey", "['c\xF2i']\n", Fate::kUsed, Fate::kIgnored},
        DialectCase{"LeadingZero", "x = 01\n", Fate::kUnknown, Fate::kUnknown},
        DialectCase{"TwoUnderscores", "x = 1__0\n", Fate::kUnknown, Fate::kUnknown},
        DialectCase{"NumberOutOfRange", "x = 99999999999999999999\n", Fate::kIgnored, Fate::kUsed},
        DialectCase{"DateAlone", "x = 1979-05-27\n", Fate::kUnknown, Fate::kUsed},
        DialectCase{"EmptyTableForAString", "[server]\n", Fate::kIgnored, Fate::kUsed}),
    [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace tagdrift::hosts

#include <gtest/gtest.h>

#include <string>
#include <variant>

#include "hosts/toml/document.h"

namespace tagdrift::hosts {
namespace {

struct SyntaxCase {
  std::string name;
  std::string text;
  int line;
  std::string reason;
};

void PrintTo(const SyntaxCase& row, std::ostream* out) { *out << row.name; }

class SyntaxProblems : public testing::TestWithParam<SyntaxCase> {};

TEST_P(SyntaxProblems, AreToldAsAPersonWould) {
  const auto parsed = ParseToml(GetParam().text, TomlDialect::kGoToml2);
  const TomlRefusal* refusal = std::get_if<TomlRefusal>(&parsed);
  ASSERT_NE(refusal, nullptr);
  EXPECT_EQ(refusal->reason, GetParam().reason);
  EXPECT_EQ(refusal->line, GetParam().line);
}

INSTANTIATE_TEST_SUITE_P(
    Texts, SyntaxProblems,
    testing::Values(
        SyntaxCase{"BracketOfATable", "x = 1\n[host.\"https://m\"\nca = \"x\"\n", 2, "`]` is missing"},
        SyntaxCase{"QuoteOfATable", "[host.\"https://m]\n", 1, "a quote is missing"},
        SyntaxCase{"QuoteOfAValue", "\nserver = \"https://m\n", 2, "a quote is missing"},
        SyntaxCase{"NoQuotes", "server = https://m\n", 1, "text needs quotes"},
        SyntaxCase{"CapitalTrue", "skip_verify = True\n", 1, "true and false are written in lower case"},
        SyntaxCase{"Yaml", "server: https://m\n", 1, "`:` is no TOML: write `key = value`"},
        SyntaxCase{"NoEqualsSign", "server \"https://m\"\n", 1, "`=` is missing: TOML is written `key = value`"},
        SyntaxCase{"NoValue", "server =\n", 1, "the value is missing"},
        SyntaxCase{"NoKey", "= 5\n", 1, "the key is missing"},
        SyntaxCase{"NoComma", "ca = [\"a\" \"b\"]\n", 1, "`,` or `]` is missing, or quotes around a text"},
        SyntaxCase{"MoreAfterTheValue", "server = \"a\" \"b\"\n", 1, "nothing may follow the value on its line"},
        SyntaxCase{"TableTwice", "[host.\"https://a\"]\nca = \"x\"\n[host.\"https://a\"]\n", 3,
                   "[host.\"https://a\"] is there twice"},
        SyntaxCase{"KeyTwice", "server = \"a\"\nserver = \"b\"\n", 2, "server is there twice"},
        SyntaxCase{"Escape", "ca = \"C:\\q\"\n", 1,
                   "there is no such escape: a backslash in double quotes is written twice"}),
    [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace tagdrift::hosts

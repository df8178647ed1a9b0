#include "tagdrift/text/text.h"

#include <gtest/gtest.h>

namespace tagdrift::text {
namespace {

TEST(Lower, ChangesAsciiLettersOnly) {
  EXPECT_EQ(Lower(""), "");
  EXPECT_EQ(Lower("AZaz"), "azaz");
  EXPECT_EQ(Lower("@[`{ 09-_"), "@[`{ 09-_");
  EXPECT_EQ(Lower("\xC3\x84\xFF"), "\xC3\x84\xFF") << "UTF-8 is left as it is";
  EXPECT_EQ(Lower(std::string_view("A\0B", 3)), std::string("a\0b", 3));
}

TEST(Trim, TakesBlanksOffBothEnds) {
  struct Row {
    const char* name;
    std::string_view text;
    std::string_view trimmed;
  };
  for (const Row& row :
       {Row{"Empty", "", ""}, Row{"NoBlank", "a", "a"}, Row{"OnlyBlanks", " \t\r\n", ""},
        Row{"BothEnds", "\r\n a\t ", "a"}, Row{"Inside", " a \n b ", "a \n b"}, Row{"OneEnd", "a\n", "a"},
        Row{"OtherSpaces", "\va\f", "\va\f"}, Row{"Nul", std::string_view("\0 ", 2), std::string_view("\0", 1)}}) {
    EXPECT_EQ(Trim(row.text), row.trimmed) << row.name;
  }
}

TEST(Trim, IsAViewIntoItsArgument) {
  const std::string text = "  a  ";
  EXPECT_EQ(Trim(text).data(), text.data() + 2);
}

TEST(MessageOf, IsTheStatussText) {
  EXPECT_EQ(MessageOf(absl::OkStatus()), "");
  EXPECT_EQ(MessageOf(absl::NotFoundError("reading x: no such file")), "reading x: no such file");
}

}  // namespace
}  // namespace tagdrift::text

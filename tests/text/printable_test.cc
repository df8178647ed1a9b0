#include "tagdrift/text/printable.h"

#include <gtest/gtest.h>

namespace tagdrift::text {
namespace {

using std::string_literals::operator""s;

struct Row {
  const char* name;
  std::string given;
  std::string printed;
};

TEST(Printable, ShowsWhatWouldSteerATerminalOrHide) {
  const Row kRows[] = {
      {"escape sequence", "red \x1b[31m", "red \\x1b[31m"},
      {"forged line", "404\nAll 500 tags are fresh", "404\\nAll 500 tags are fresh"},
      {"carriage return and tab", "a\r\tb", "a\\r\\tb"},
      {"zero byte", "a\0b"s, "a\\x00b"},
      {"delete", "a\x7f", "a\\x7f"},
      {"control sequence introducer as a byte",
       "a\x9b"
       "31m",
       "a\\x9b31m"},
      {"control sequence introducer as a character",
       "a\xc2\x9b"
       "31m",
       "a\\u009b31m"},
      {"right-to-left override",
       "a\xe2\x80\xae"
       "b",
       "a\\u202eb"},
      {"isolate", "\xe2\x81\xa6", "\\u2066"},
      {"line separator", "\xe2\x80\xa8", "\\u2028"},
      {"zero-width space", "mirror\xe2\x80\x8b.corp", "mirror\\u200b.corp"},
      {"byte order mark",
       "\xef\xbb\xbf"
       "a",
       "\\ufeffa"},
      {"tag character", "\xf3\xa0\x81\x81", "\\U000e0041"},
      {"bytes that are no UTF-8", "https://m\xff\xfe.example", "https://m\\xff\\xfe.example"},
      {"overlong", "\xc0\xaf", "\\xc0\\xaf"},
      {"surrogate", "\xed\xa0\x80", "\\xed\\xa0\\x80"},
      {"cut off at the end", "a\xe2\x80", "a\\xe2\\x80"},
  };
  for (const Row& row : kRows) {
    SCOPED_TRACE(row.name);
    EXPECT_FALSE(IsPrintable(row.given));
    EXPECT_EQ(Printable(row.given), row.printed);
    EXPECT_TRUE(IsPrintable(row.printed));
  }
}

TEST(Printable, LeavesTextOfAnyLanguageAlone) {
  for (const char* text : {"", "a b", "C:\\x1b", "grün", "日本語", "🙂 \xf4\x8f\xbf\xbd", "\xc2\xa0no break"}) {
    EXPECT_EQ(Printable(text), text);
    EXPECT_TRUE(IsPrintable(text)) << text;
  }
}

}  // namespace
}  // namespace tagdrift::text

#include "tagdrift/text/base64.h"

#include <gtest/gtest.h>

namespace tagdrift::text {
namespace {

TEST(Base64, IsPadded) {
  EXPECT_EQ(Base64Encode(""), "");
  EXPECT_EQ(Base64Encode("user:pass"), "dXNlcjpwYXNz");
  EXPECT_EQ(Base64Encode("user:pa:ss"), "dXNlcjpwYTpzcw==");
  EXPECT_EQ(Base64Encode("user:pass1"), "dXNlcjpwYXNzMQ==");
  EXPECT_EQ(Base64Encode("ab"), "YWI=");
}

TEST(Base64, IsDecoded) {
  struct Row {
    const char* name;
    const char* text;
    std::optional<std::string> bytes;
  };
  for (const Row& row : {Row{"Empty", "", ""}, Row{"OnlyBlanks", " \n", ""}, Row{"Whole", "dXNlcjpwYXNz", "user:pass"},
                         Row{"OnePad", "YWI=", "ab"}, Row{"TwoPads", "YQ==", "a"}, Row{"NoPadding", "YWI", "ab"},
                         Row{"Blanks", " YWI=\r\n", "ab"}, Row{"LastTwoCharacters", "+/8=", "\xFB\xFF"},
                         Row{"OnePadTooFew", "YQ=", std::nullopt}, Row{"OnePadTooMany", "YWI==", std::nullopt},
                         Row{"ThreePads", "Y===", std::nullopt}, Row{"OnlyPads", "==", std::nullopt},
                         Row{"OneCharacter", "Y", std::nullopt}, Row{"PadInside", "YQ==YQ==", std::nullopt},
                         Row{"BlankInside", "YW I=", std::nullopt}, Row{"UrlAlphabet", "-_8=", std::nullopt},
                         Row{"OtherCharacter", "YW$=", std::nullopt}}) {
    EXPECT_EQ(Base64Decode(row.text), row.bytes) << row.name;
  }
}

TEST(Base64, DecodesWhatItEncoded) {
  std::string bytes;
  for (int c = 0; c < 256; ++c) {
    bytes += static_cast<char>(c);
    EXPECT_EQ(Base64Decode(Base64Encode(bytes)), bytes) << c;
  }
}

}  // namespace
}  // namespace tagdrift::text

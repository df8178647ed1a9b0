#include "tagdrift/image/digest.h"

#include <gtest/gtest.h>

#include "tagdrift/image/digest_prefix.h"

namespace tagdrift::image {
namespace {

const std::string kHex64(64, 'a');

TEST(Digest, KeepsAWellFormedText) {
  const absl::StatusOr<Digest> digest = Digest::Parse("sha256:" + kHex64);
  ASSERT_TRUE(digest.ok()) << digest.status();
  EXPECT_EQ(digest->text(), "sha256:" + kHex64);
  EXPECT_EQ(digest->algorithm(), "sha256");
  EXPECT_EQ(digest->hex(), kHex64);
  EXPECT_EQ(digest->Short(), "sha256:aaaaaaaaaaaa");
}

TEST(Digest, TakesEveryRegisteredAlgorithm) {
  EXPECT_TRUE(Digest::Parse("sha384:" + std::string(96, '0')).ok());
  EXPECT_TRUE(Digest::Parse("sha512:" + std::string(128, 'f')).ok());
}

TEST(Digest, NamesTheProblemOfBadText) {
  struct Row {
    const char* name;
    std::string text;
    const char* error;
  };
  const Row rows[] = {
      {"empty", "", "invalid checksum digest format"},
      {"no colon", "sha256", "invalid checksum digest format"},
      {"no algorithm", ":" + kHex64, "invalid checksum digest format"},
      {"no hex", "sha256:", "invalid checksum digest format"},
      {"too short", "sha256:abc", "invalid checksum digest length"},
      {"too long", "sha256:" + kHex64 + "0", "invalid checksum digest length"},
      {"upper case hex", "sha256:" + std::string(64, 'A'), "invalid checksum digest format"},
      {"not hex", "sha256:" + std::string(64, 'g'), "invalid checksum digest format"},
      {"upper case algorithm", "SHA256:" + kHex64, "invalid checksum digest format"},
      {"leading space", " sha256:" + kHex64, "invalid checksum digest format"},
      {"trailing newline", "sha256:" + kHex64.substr(1) + "\n", "invalid checksum digest format"},
      {"unregistered algorithm", "md5:" + std::string(32, 'c'), "unsupported digest algorithm"},
      {"compound algorithm", "sha256+b64u:" + kHex64, "unsupported digest algorithm"},
      {"doubled separator", "sha256++b64u:" + kHex64, "invalid checksum digest format"},
      {"zero byte", std::string("sha256:") + '\0' + kHex64.substr(1), "invalid checksum digest format"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    const absl::StatusOr<Digest> digest = Digest::Parse(row.text);
    ASSERT_FALSE(digest.ok());
    EXPECT_EQ(digest.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(digest.status().message(), row.error);
  }
}

TEST(Digest, OfBytesIsTheirSha256) {
  EXPECT_EQ(Digest::OfBytes("").text(), "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(Digest::OfBytes("abc").text(), "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Digest, MatchesUnderItsOwnAlgorithm) {
  const Digest sha512 = *Digest::Parse(
      "sha512:ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd"
      "454d4423643ce80e2a9ac94fa54ca49f");
  const Digest sha384 = *Digest::Parse(
      "sha384:cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7");
  EXPECT_TRUE(sha512.Matches("abc"));
  EXPECT_TRUE(sha384.Matches("abc"));
  EXPECT_TRUE(Digest::OfBytes("abc").Matches("abc"));
  EXPECT_FALSE(sha512.Matches("abd"));
  EXPECT_FALSE(Digest::OfBytes("abc").Matches(""));
}

TEST(DigestPrefix, IsTheBeginningOfADigest) {
  const Digest digest = *Digest::Parse("sha256:" + std::string(60, 'a') + "bbbb");
  EXPECT_TRUE(HasPrefix(digest, "aaaaaa"));
  EXPECT_TRUE(HasPrefix(digest, "sha256:aaaaaa"));
  EXPECT_FALSE(HasPrefix(digest, "sha512:aaaaaa"));
  EXPECT_FALSE(HasPrefix(digest, "aaaaab"));
  EXPECT_FALSE(HasPrefix(digest, std::string(64, 'a')));
}

}  // namespace
}  // namespace tagdrift::image

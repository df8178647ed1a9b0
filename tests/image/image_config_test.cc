#include <gtest/gtest.h>

#include "tagdrift/image/manifest.h"

namespace tagdrift::image {
namespace {

TEST(ImageConfig, ReadsPlatformAndCreated) {
  const absl::StatusOr<ImageConfig> config = ParseImageConfig(
      R"({"architecture":"arm64","variant":"v8","os":"linux","os.features":["x"],"created":"2024-05-01T10:00:00.5+02:00",
          "config":{"Env":["A=1"]},"rootfs":{"type":"layers","diff_ids":[]}})");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->platform, (Platform{"linux", "arm64", "v8", {"x"}}));
  EXPECT_EQ(config->created, absl::FromUnixMillis(1714550400500));
}

TEST(ImageConfig, OfAnArtifactHasAnEmptyPlatform) {
  for (const char* text : {"{}", R"({"name":"chart","version":"1"})", R"({"architecture":"amd64"})"}) {
    const absl::StatusOr<ImageConfig> config = ParseImageConfig(text);
    ASSERT_TRUE(config.ok()) << text << ": " << config.status();
    EXPECT_EQ(config->platform, Platform{}) << text;
    EXPECT_FALSE(config->created) << text;
  }
}

TEST(ImageConfig, HasNoCreatedWhereTheImageSaysNothingSensible) {
  struct Row {
    const char* name;
    const char* created;
  };
  const Row rows[] = {
      {"empty", ""},
      {"epoch", "1970-01-01T00:00:00Z"},
      {"epoch and a second", "1970-01-01T00:00:01Z"},
      {"Go's zero time", "0001-01-01T00:00:00Z"},
      {"zip epoch", "1980-01-01T00:00:01Z"},
      {"zip epoch behind a time zone", "1980-01-02T01:00:00+01:00"},
      {"words", "yesterday"},
      {"infinite-future", "infinite-future"},
      {"infinite-past", "infinite-past"},
      {"no time", "2024-05-01"},
      {"no zone", "2024-05-01T10:00:00"},
      {"month 13", "2024-13-01T10:00:00Z"},
      {"five-digit year", "12024-05-01T10:00:00Z"},
      {"negative year", "-0001-05-01T10:00:00Z"},
      {"leading space", " 2024-05-01T10:00:00Z"},
  };
  for (const Row& row : rows) {
    const auto config = ParseImageConfig(std::string(R"({"os":"linux","created":")") + row.created + "\"}");
    ASSERT_TRUE(config.ok()) << row.name << ": " << config.status();
    EXPECT_FALSE(config->created) << row.name;
  }
}

TEST(ImageConfig, TakesTheFirstSensibleDay) {
  const auto config = ParseImageConfig(R"({"os":"linux","created":"1980-01-03T00:00:00Z"})");
  ASSERT_TRUE(config.ok());
  EXPECT_TRUE(config->created);
}

TEST(ImageConfig, RefusesWhatIsNoConfig) {
  struct Row {
    const char* name;
    const char* text;
  };
  const Row rows[] = {
      {"empty", ""},
      {"HTML", "<html></html>"},
      {"a list", "[]"},
      {"null", "null"},
      {"cut off", R"({"os":"linux")"},
      {"trailing bytes", R"({"os":"linux"} x)"},
      {"os is a number", R"({"os":1})"},
      {"created is a number", R"({"os":"linux","created":1714557600})"},
      {"features are numbers", R"({"os":"linux","os.features":[1]})"},
      {"os twice", R"({"os":"linux","os":"windows"})"},
      {"os in another case", R"({"OS":"linux"})"},
      {"not UTF-8", "{\"os\":\"\xff\"}"},
  };
  for (const Row& row : rows) {
    const absl::StatusOr<ImageConfig> config = ParseImageConfig(row.text);
    EXPECT_EQ(config.status().code(), absl::StatusCode::kInvalidArgument) << row.name;
  }
}

}  // namespace
}  // namespace tagdrift::image

#include "tagdrift/agent/selection.h"

#include <gtest/gtest.h>

namespace tagdrift::agent {
namespace {

const std::string kByDigest = "registry.corp/team/app@sha256:" + std::string(64, 'a');

facts::CachedImage Image(const std::string& reference, bool used = false) {
  facts::CachedImage image{.reference = *image::Reference::Parse(reference)};
  if (used) image.used_by.push_back({.id = "c1"});
  return image;
}

std::vector<NamePattern> Patterns(const std::vector<std::string>& texts) {
  std::vector<NamePattern> patterns;
  for (const std::string& text : texts) patterns.push_back(*NamePattern::Parse(text));
  return patterns;
}

std::vector<std::string> Selected(const Selection& selection) {
  facts::Node node;
  node.images = {Image("docker.io/library/nginx:latest", true), Image("registry.corp/team/app:1"),
                 Image("registry.corp/team/app:latest", true), Image("[::1]:5000/app:1")};
  node.other_digests = {Image(kByDigest)};
  const auto images = Select(selection, node);
  EXPECT_TRUE(images.ok()) << images.status();
  std::vector<std::string> names;
  for (const facts::CachedImage& image : *images) names.push_back(image.reference.Canonical());
  return names;
}

TEST(Select, KeepsAllWithoutPatterns) { EXPECT_EQ(Selected({}).size(), 4U); }

TEST(Select, NormalisesAReference) {
  EXPECT_EQ(Selected({.patterns = Patterns({"nginx"})}), (std::vector<std::string>{"docker.io/library/nginx:latest"}));
}

TEST(Select, LetsAStarCrossSlashes) {
  EXPECT_EQ(Selected({.patterns = Patterns({"registry.corp/*"})}).size(), 2U);
  EXPECT_EQ(Selected({.patterns = Patterns({"*:latest"})}).size(), 2U);
}

TEST(Select, TakesABracketedHostAsAReference) {
  EXPECT_EQ(Selected({.patterns = Patterns({"[::1]:5000/app:1"})}), (std::vector<std::string>{"[::1]:5000/app:1"}));
}

TEST(Select, LeavesIgnoredNamesOut) {
  EXPECT_EQ(Selected({.ignored = Patterns({"*/app:*"})}), (std::vector<std::string>{"docker.io/library/nginx:latest"}));
}

TEST(Select, KeepsOnlyUsedNamesOnDemand) { EXPECT_EQ(Selected({.in_use = true}).size(), 2U); }

TEST(Select, TakesADigestNameOnlyWhereItIsSpeltOut) {
  EXPECT_EQ(Selected({.patterns = Patterns({kByDigest})}), (std::vector<std::string>{kByDigest}));
  EXPECT_EQ(Selected({.patterns = Patterns({"registry.corp/*"})}).size(), 2U);
}

TEST(Select, NamesThePatternThatMatchesNothing) {
  facts::Node node;
  node.images = {Image("docker.io/library/nginx:latest")};
  const absl::Status status = Select({.patterns = Patterns({"nginx", "redis:7"})}, node).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_NE(status.message().find("'redis:7'"), absl::string_view::npos) << status;
}

TEST(Select, NamesTheTagsThatAreHereWhereLatestWasLookedFor) {
  facts::Node node;
  node.images = {Image("docker.io/library/nginx:1.25"), Image("registry.corp/team/app:v1")};
  const auto error = [&](const std::string& text) {
    return std::string(Select({.patterns = Patterns({text})}, node).status().message());
  };
  EXPECT_EQ(error("nginx"),
            "no tag cached on this node matches 'nginx' (docker.io/library/nginx:latest); here are "
            "docker.io/library/nginx:1.25");
  EXPECT_EQ(error("app:v1"),
            "no tag cached on this node matches 'app:v1' (docker.io/library/app:v1); here are "
            "registry.corp/team/app:v1");
  EXPECT_EQ(error("redis*"), "no tag cached on this node matches 'redis*'; list them with: tagdrift images -o name");
}

TEST(NamePattern, RefusesWhatIsNoReference) {
  for (const char* text : {"", "registry.corp/UPPER", "a b", "https://registry.corp/app", "app@sha256:12"}) {
    const auto pattern = NamePattern::Parse(text);
    EXPECT_EQ(pattern.status().code(), absl::StatusCode::kInvalidArgument) << text;
  }
}

}  // namespace
}  // namespace tagdrift::agent

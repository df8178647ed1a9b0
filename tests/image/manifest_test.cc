#include "tagdrift/image/manifest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tagdrift::image {
namespace {

using ::testing::HasSubstr;

const std::string kDigest = "sha256:" + std::string(64, 'a');
const std::string kLayerType = "application/vnd.oci.image.layer.v1.tar+gzip";
const std::string kConfigType = "application/vnd.oci.image.config.v1+json";

std::string DescriptorJson(const std::string& media_type, const std::string& more = "") {
  return R"({"mediaType":")" + media_type + R"(","digest":")" + kDigest + R"(","size":7)" + more + "}";
}

std::string ManifestJson(const std::string& head = "") {
  return "{" + head + R"("schemaVersion":2,"config":)" + DescriptorJson(kConfigType) + R"(,"layers":[)" +
         DescriptorJson(kLayerType) + "]}";
}

std::string IndexJson(const std::string& head = "", const std::string& more = "") {
  return "{" + head + R"("schemaVersion":2,"manifests":[)" + DescriptorJson(std::string(kOciManifest), more) + "]}";
}

std::string TypeField(std::string_view media_type) { return R"("mediaType":")" + std::string(media_type) + R"(",)"; }

TEST(ParseDocument, ReadsAManifest) {
  const absl::StatusOr<Document> document = ParseDocument(ManifestJson(TypeField(kOciManifest)), kOciManifest);
  ASSERT_TRUE(document.ok()) << document.status();
  const Digest digest = *Digest::Parse(kDigest);
  const Descriptor config{.media_type = kConfigType, .digest = digest, .size = 7};
  const Descriptor layer{.media_type = kLayerType, .digest = digest, .size = 7};
  const Manifest expected{std::string(kOciManifest), config, {layer}};
  EXPECT_EQ(std::get<Manifest>(*document), expected);
}

TEST(ParseDocument, ReadsAnIndexEntryInFull) {
  const absl::StatusOr<Document> document = ParseDocument(
      IndexJson(TypeField(kOciIndex),
                R"(,"platform":{"architecture":"arm","os":"linux","variant":"v7","os.features":["f"],"os.version":"1"},
                    "annotations":{"a":"b","vnd.docker.reference.type":"attestation-manifest"},"urls":[],"data":"e30=","artifactType":"x")"),
      kOciIndex);
  ASSERT_TRUE(document.ok()) << document.status();
  const Index& index = std::get<Index>(*document);
  EXPECT_EQ(index.media_type, kOciIndex);
  ASSERT_EQ(index.manifests.size(), 1u);
  EXPECT_EQ(index.manifests[0].platform, (Platform{"linux", "arm", "v7", {"f"}}));
  EXPECT_TRUE(index.manifests[0].attestation);
}

TEST(ParseDocument, DecidesByTypeAndShape) {
  struct Row {
    const char* name;
    std::string text;
    std::string_view claimed;
    std::string_view media_type;
  };
  const Row rows[] = {
      {"own type only", ManifestJson(TypeField(kDockerManifest)), "", kDockerManifest},
      {"claim only", ManifestJson(), kDockerManifest, kDockerManifest},
      {"shape only, manifest", ManifestJson(), "", kOciManifest},
      {"shape only, index", IndexJson(), "", kOciIndex},
      {"claim says nothing", IndexJson(TypeField(kDockerManifestList)), "application/octet-stream",
       kDockerManifestList},
      {"Docker index", IndexJson(), kDockerManifestList, kDockerManifestList},
      {"null means absent", ManifestJson(R"("manifests":null,"annotations":null,)"), "", kOciManifest},
  };
  for (const Row& row : rows) {
    const absl::StatusOr<Document> document = ParseDocument(row.text, row.claimed);
    ASSERT_TRUE(document.ok()) << row.name << ": " << document.status();
    const std::string media_type = std::visit([](const auto& value) { return value.media_type; }, *document);
    EXPECT_EQ(media_type, row.media_type) << row.name;
    EXPECT_EQ(std::holds_alternative<Index>(*document), IsIndex(row.media_type)) << row.name;
  }
}

TEST(ParseDocument, TakesNullListsAsEmpty) {
  const absl::StatusOr<Document> index = ParseDocument(R"({"schemaVersion":2,"manifests":null})", kOciIndex);
  ASSERT_TRUE(index.ok()) << index.status();
  EXPECT_TRUE(std::get<Index>(*index).manifests.empty());
  const absl::StatusOr<Document> manifest =
      ParseDocument(R"({"config":)" + DescriptorJson(kConfigType) + R"(,"layers":null})", "");
  ASSERT_TRUE(manifest.ok()) << manifest.status();
  EXPECT_TRUE(std::get<Manifest>(*manifest).layers.empty());
}

TEST(ParseDocument, RefusesAndSaysWhy) {
  const std::string config = R"("config":)" + DescriptorJson(kConfigType);
  const std::string entry_start = R"({"manifests":[{"mediaType":"m","digest":")" + kDigest + R"(",)";
  struct Row {
    const char* name;
    std::string text;
    std::string_view claimed;
    const char* error;
  };
  const Row rows[] = {
      {"empty", "", "", "not JSON"},
      {"login page", "<html>sign in</html>", kOciManifest, "not JSON"},
      {"cut off", ManifestJson().substr(0, 60), "", "not JSON"},
      {"trailing bytes", ManifestJson() + "x", "", "not JSON"},
      {"huge number", R"({"schemaVersion":1e999})", "", "not JSON"},
      {"a list", "[]", "", "not a JSON object"},
      {"a word", "\"x\"", "", "not a JSON object"},
      {"empty object", "{}", "", "neither a manifest nor an index"},
      {"error body", R"({"errors":[]})", kOciManifest, "neither a manifest nor an index"},
      {"both kinds", ManifestJson(R"("manifests":[],)"), "", "both an index"},
      {"index announced as manifest", IndexJson(), kOciManifest, "is an index"},
      {"manifest announced as index", ManifestJson(), kOciIndex, "is a manifest"},
      {"own type contradicts shape", ManifestJson(TypeField(kOciIndex)), "", "is a manifest"},
      {"own type contradicts the claim", ManifestJson(TypeField(kOciManifest)), kDockerManifest, "announced as"},
      {"own type is another", ManifestJson(TypeField("application/json")), "", "neither a manifest nor an index"},
      {"schema 1 by version", R"({"schemaVersion":1,"name":"x"})", "", "schema 1"},
      {"schema 1 by layers", R"({"schemaVersion":2,"fsLayers":[]})", "", "schema 1"},
      {"schema 1 by type", ManifestJson(), "application/vnd.docker.distribution.manifest.v1+prettyjws", "schema 1"},
      {"type is a number", ManifestJson("\"mediaType\":7,"), "", "\"mediaType\" is not a string"},
      {"version is a word", R"({"schemaVersion":"2","layers":[]})", "", "\"schemaVersion\" is not a number"},
      {"no config", R"({"layers":[]})", "", "\"config\" is missing"},
      {"no layers", "{" + config + "}", "", "\"layers\" is missing"},
      {"layers is an object", "{" + config + R"(,"layers":{}})", "", "\"layers\" is not a list"},
      {"manifests is a word", R"({"manifests":"x"})", "", "\"manifests\" is not a list"},
      {"entry is a number", R"({"manifests":[7]})", "", "manifests[0]: not an object"},
      {"entry is null", R"({"manifests":[null]})", "", "manifests[0]: not an object"},
      {"entry without digest", R"({"manifests":[{"mediaType":"m","size":1}]})", "", "\"digest\" is missing"},
      {"entry with a bad digest", R"({"manifests":[{"mediaType":"m","digest":"sha256:a","size":1}]})", "",
       "invalid checksum digest length"},
      {"entry without size", entry_start + R"("x":1}]})", "", "\"size\" is missing"},
      {"size below zero", entry_start + R"("size":-1}]})", "", "\"size\" is not a size in bytes"},
      {"size with a fraction", entry_start + R"("size":1.5}]})", "", "\"size\" is not a size in bytes"},
      {"size beyond 63 bits", entry_start + R"("size":18446744073709551615}]})", "", "\"size\" is not a size in bytes"},
      {"platform is a list", entry_start + R"("size":1,"platform":[]}]})", "", "\"platform\" is not an object"},
      {"os is a number", entry_start + R"("size":1,"platform":{"os":1}}]})", "", "platform: \"os\" is not a string"},
      {"annotation is a number", entry_start + R"("size":1,"annotations":{"k":1}}]})", "",
       "annotation \"k\" is not a string"},
      {"key twice", ManifestJson(TypeField(kOciManifest) + TypeField(kOciManifest)), "", "is given twice"},
      {"key twice inside", entry_start + R"("size":1,"size":2}]})", "", "\"size\" is given twice"},
      {"key in another case", R"({"Manifests":[],"manifests":[]})", "", "is not spelled \"manifests\""},
      {"not UTF-8", "{\"mediaType\":\"\xc3\x28\"}", "", "not JSON"},
  };
  for (const Row& row : rows) {
    const absl::StatusOr<Document> document = ParseDocument(row.text, row.claimed);
    EXPECT_EQ(document.status().code(), absl::StatusCode::kInvalidArgument) << row.name;
    EXPECT_THAT(std::string(document.status().message()), HasSubstr(row.error)) << row.name;
  }
}

TEST(ParseDocument, RefusesDeepNestingWithoutFollowingIt) {
  constexpr std::size_t kDepth = 2'000'000;
  std::string objects;
  for (std::size_t i = 0; i < kDepth / 4; ++i) objects += "{\"a\":";
  for (const std::string& deep :
       {R"({"x":)" + std::string(kDepth, '['), std::string(kDepth, '[') + std::string(kDepth, ']'), objects}) {
    const absl::StatusOr<Document> document = ParseDocument(deep, "");
    EXPECT_EQ(document.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(document.status().message()), HasSubstr("nested deeper than 32 levels"));
  }
}

TEST(ParseDocument, BoundsAndCleansWhatItQuotes) {
  const std::string type = "\\u001b[2J" + std::string(100'000, 'x');
  const absl::StatusOr<Document> document = ParseDocument(ManifestJson("\"mediaType\":\"" + type + "\","), "");
  const std::string message(document.status().message());
  EXPECT_LT(message.size(), 200u);
  EXPECT_EQ(message.find('\x1b'), std::string::npos);
}

TEST(ParseDocument, CountsOpenLevelsOnly) {
  std::string wide = R"("x":[)";
  for (int i = 0; i < 1000; ++i) wide += "[],";
  wide += "[]],";
  EXPECT_TRUE(ParseDocument(ManifestJson(wide), "").ok());
}

}  // namespace
}  // namespace tagdrift::image

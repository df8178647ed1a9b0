#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "scene.h"

namespace tagdrift::credentials {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

constexpr char kProviderConfig[] = R"({"apiVersion": "kubelet.config.k8s.io/v1", "kind": "CredentialProviderConfig",
  "providers": [{"name": "plugin", "matchImages": ["h"], "defaultCacheDuration": "0s",
                 "apiVersion": "credentialprovider.kubelet.k8s.io/v1"}]})";

/// The sources and programs that a vector tells of.
void Build(const json& vector, Scene& scene) {
  scene.WriteProgram("bin/docker-credential-x");
  scene.WriteProgram("bin/docker-credential-y");
  scene.WriteProgram("bin/plugin");
  if (vector.contains("file")) scene.options.auth_files = {scene.Write("config.json", vector["file"].dump())};
  if (vector.contains("helper")) {
    scene.programs->Will([helper = vector["helper"]](const Command&) {
      return Ending{helper["exit"], helper["stdout"], ""};
    });
  }
  if (!vector.contains("provider")) return;
  scene.options.provider_config = scene.Write("providers.json", kProviderConfig);
  scene.options.provider_bin_dir = scene.Path("bin");
  json response = {{"kind", "CredentialProviderResponse"}, {"apiVersion", "credentialprovider.kubelet.k8s.io/v1"}};
  response.update(vector["provider"]);
  scene.programs->Will([text = response.dump()](const Command&) { return Ending{0, text, ""}; });
}

TEST(Decoding, FollowsTheVectors) {
  std::ifstream file(TAGDRIFT_TEST_DATA "/credentials/decoding.json");
  const auto vectors = json::parse(file, nullptr, false);
  ASSERT_EQ(vectors.size(), 14U);
  for (const auto& vector : vectors) {
    SCOPED_TRACE(vector["name"].get<std::string>());
    Scene scene;
    Build(vector, scene);
    ASSERT_EQ(scene.Open(), "");
    const std::string found = scene.Find("h", "app");
    EXPECT_EQ(found.starts_with("error") ? "error" : found, vector["found"].get<std::string>());
    ASSERT_EQ(scene.warnings->size(), vector.contains("warns") ? 1U : 0U);
    for (const std::string& warning : *scene.warnings) {
      EXPECT_THAT(warning, HasSubstr(vector["warns"].get<std::string>()));
      EXPECT_THAT(warning, Not(HasSubstr(vector.value("never", "\n"))));
    }
    EXPECT_THAT(found, Not(HasSubstr(vector.value("never", "\n"))));
    if (vector.contains("asks")) {
      ASSERT_FALSE(scene.programs->calls().empty());
      EXPECT_THAT(scene.programs->calls()[0].arguments[0], HasSubstr(vector["asks"].get<std::string>()));
    }
    if (vector.contains("runs_for_two")) {
      EXPECT_EQ(scene.Find("h", "app"), found);
      EXPECT_EQ(scene.programs->calls().size(), vector["runs_for_two"].get<std::size_t>());
    }
  }
}

}  // namespace
}  // namespace tagdrift::credentials

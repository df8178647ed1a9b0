#include <nlohmann/json.hpp>

#include "scenario.h"
#include "tagdrift/image/digest.h"

namespace tagdrift::lab {
namespace {

using nlohmann::json;

constexpr const char* kDockerManifest = "application/vnd.docker.distribution.manifest.v2+json";
constexpr const char* kDockerIndex = "application/vnd.docker.distribution.manifest.list.v2+json";
constexpr const char* kOciIndex = "application/vnd.oci.image.index.v1+json";

/// The artifact with another document.
Artifact WithDocument(Artifact artifact, const std::string& media_type, std::string bytes) {
  artifact.document = {media_type, image::Digest::OfBytes(bytes).text(), std::move(bytes)};
  return artifact;
}

/// The same content under Docker's media types.
Artifact AsDocker(const Artifact& artifact) {
  json document = json::parse(artifact.document.bytes);
  const std::string type = document.contains("manifests") ? kDockerIndex : kDockerManifest;
  document["mediaType"] = type;
  if (document.contains("config")) document["config"]["mediaType"] = "application/vnd.docker.container.image.v1+json";
  if (document.contains("layers")) {
    for (json& layer : document["layers"]) layer["mediaType"] = "application/vnd.docker.image.rootfs.diff.tar";
  }
  return WithDocument(artifact, type, document.dump());
}

/// The same without a media type inside, as many OCI tools write it.
Artifact WithoutOwnType(const Artifact& artifact) {
  json document = json::parse(artifact.document.bytes);
  document.erase("mediaType");
  return WithDocument(artifact, artifact.document.media_type, document.dump());
}

/// An index that names the child without its platform.
Artifact WithoutPlatforms(const Artifact& index) {
  json document = json::parse(index.document.bytes);
  for (json& entry : document["manifests"]) entry.erase("platform");
  return WithDocument(index, index.document.media_type, document.dump());
}

}  // namespace

std::vector<NamedArtifact> MakeArtifacts(const std::string& mark) {
  const Artifact old_image = MakeImage({.text = "old " + mark, .created = "2024-01-01T00:00:00Z"});
  const Artifact new_image = MakeImage({.text = "new " + mark, .created = "2024-02-01T00:00:00Z"});
  const Artifact foreign =
      MakeImage({.text = "foreign " + mark, .created = "2024-02-01T00:00:00Z", .architecture = OtherArchitecture()});
  const Artifact annotated =
      MakeImage({.text = "new " + mark, .created = "2024-02-01T00:00:00Z", .annotations = {{"repacked", "yes"}}});
  const Artifact new_index = MakeIndex({foreign, new_image});
  return {
      {"old", old_image},
      {"old-index", MakeIndex({old_image, foreign})},
      {"new", new_image},
      {"new-annotated", annotated},
      {"new-docker", AsDocker(new_image)},
      {"new-untyped", WithoutOwnType(new_image)},
      {"new-index", new_index},
      {"new-index-docker", AsDocker(new_index)},
      {"new-index-untyped", WithoutOwnType(new_index)},
      {"new-index-annotated", MakeIndex({new_image}, {{"repacked", "yes"}})},
      {"new-index-bare", WithoutPlatforms(MakeIndex({new_image}))},
      {"foreign", foreign},
      {"foreign-index", MakeIndex({foreign})},
      {"empty-index", MakeIndex({})},
      {"nested-index", WithDocument(MakeIndex({new_index}), kOciIndex,
                                    json{{"schemaVersion", 2},
                                         {"mediaType", kOciIndex},
                                         {"manifests", json::array({{{"mediaType", kOciIndex},
                                                                     {"digest", new_index.digest()},
                                                                     {"size", new_index.document.bytes.size()}}})}}
                                        .dump())},
      {"no-json", WithDocument(new_image, "application/vnd.oci.image.manifest.v1+json", "<html>" + mark + "</html>")},
  };
}

}  // namespace tagdrift::lab

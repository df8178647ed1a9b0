#include "artifact.h"

#include <sys/utsname.h>

#include <nlohmann/json.hpp>
#include <set>

#include "lab_files.h"
#include "process.h"
#include "tagdrift/image/digest.h"
#include "tar.h"

namespace tagdrift::lab {
namespace {

using nlohmann::json;

constexpr const char* kManifestType = "application/vnd.oci.image.manifest.v1+json";
constexpr const char* kIndexType = "application/vnd.oci.image.index.v1+json";
constexpr std::size_t kExtraLayerBytes = 64 << 10;

Blob MakeBlob(std::string media_type, std::string bytes) {
  std::string digest = image::Digest::OfBytes(bytes).text();
  return {std::move(media_type), std::move(digest), std::move(bytes)};
}

json Descriptor(const Blob& blob) {
  return {{"mediaType", blob.media_type}, {"digest", blob.digest}, {"size", blob.bytes.size()}};
}

json IndexEntry(const Artifact& artifact) {
  json entry = Descriptor(artifact.document);
  entry["platform"] = {{"os", "linux"}, {"architecture", artifact.architecture}};
  return entry;
}

Blob Layer(const Tar& tar) { return MakeBlob("application/vnd.oci.image.layer.v1.tar", tar.Bytes()); }

const Blob& ShellLayer() {
  static const Blob layer = [] {
    Tar tar;
    tar.Add("bin/busybox", ReadFile(LabFile("busybox/bin/busybox")), 0755);
    return Layer(tar);
  }();
  return layer;
}

Blob ExtraLayer(const std::string& text, int number) {
  const std::string line = text + " " + std::to_string(number) + "\n";
  std::string content;
  while (content.size() < kExtraLayerBytes) content += line;
  Tar tar;
  tar.Add("layer-" + std::to_string(number), content);
  return Layer(tar);
}

void AddDocument(const Artifact& artifact, std::set<std::string>& written, Tar& tar) {
  const auto add = [&](const Blob& blob) {
    if (written.insert(blob.digest).second) tar.Add("blobs/sha256/" + blob.digest.substr(7), blob.bytes);
  };
  add(artifact.document);
  for (const Blob& blob : artifact.blobs) add(blob);
  for (const Artifact& manifest : artifact.manifests) AddDocument(manifest, written, tar);
}

}  // namespace

std::string ImageSpec::NodeArchitecture() {
  utsname name{};
  uname(&name);
  return std::string(name.machine) == "aarch64" ? "arm64" : "amd64";
}

std::string OtherArchitecture() { return ImageSpec::NodeArchitecture() == "amd64" ? "s390x" : "amd64"; }

Artifact MakeImage(const ImageSpec& spec) {
  Tar files;
  files.Add("version", spec.text + "\n");
  std::vector<Blob> layers;
  if (spec.runnable) layers.push_back(ShellLayer());
  layers.push_back(Layer(files));
  for (int i = 0; i < spec.more_layers; ++i) layers.push_back(ExtraLayer(spec.text, i));

  json config = {{"created", spec.created}, {"architecture", spec.architecture}, {"os", "linux"}};
  if (spec.created.empty()) config.erase("created");
  config["config"]["Cmd"] = {"/bin/busybox", "sh", "-c", "/bin/busybox cat /version; exec /bin/busybox sleep 1000000"};
  config["rootfs"]["type"] = "layers";
  json descriptors = json::array();
  for (const Blob& layer : layers) {
    config["rootfs"]["diff_ids"].push_back(layer.digest);  // not compressed, so the same
    descriptors.push_back(Descriptor(layer));
  }

  Artifact artifact;
  artifact.architecture = spec.architecture;
  artifact.blobs.push_back(MakeBlob("application/vnd.oci.image.config.v1+json", config.dump()));
  json manifest = {{"schemaVersion", 2}, {"mediaType", kManifestType}, {"layers", descriptors}};
  manifest["config"] = Descriptor(artifact.blobs[0]);
  if (!spec.annotations.empty()) manifest["annotations"] = spec.annotations;
  artifact.document = MakeBlob(kManifestType, manifest.dump());
  artifact.blobs.insert(artifact.blobs.end(), layers.begin(), layers.end());
  return artifact;
}

Artifact MakeIndex(const std::vector<Artifact>& manifests, const std::map<std::string, std::string>& annotations) {
  json index = {{"schemaVersion", 2}, {"mediaType", kIndexType}, {"manifests", json::array()}};
  for (const Artifact& manifest : manifests) index["manifests"].push_back(IndexEntry(manifest));
  if (!annotations.empty()) index["annotations"] = annotations;
  Artifact artifact;
  artifact.document = MakeBlob(kIndexType, index.dump());
  artifact.manifests = manifests;
  return artifact;
}

std::string ImageLayout(const std::string& name, const Artifact& artifact) {
  json entry = Descriptor(artifact.document);
  entry["annotations"]["io.containerd.image.name"] = name;
  const json index = {{"schemaVersion", 2}, {"manifests", json::array({entry})}};
  Tar tar;
  tar.Add("oci-layout", R"({"imageLayoutVersion":"1.0.0"})");
  tar.Add("index.json", index.dump());
  std::set<std::string> written;
  AddDocument(artifact, written, tar);
  return tar.Bytes();
}

}  // namespace tagdrift::lab

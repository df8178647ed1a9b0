#include "moved_tags.h"

#include <chrono>
#include <optional>
#include <sstream>
#include <thread>

#include "failure.h"

namespace tagdrift::lab {
namespace {

constexpr const char* kRegistry = "moved.test";
constexpr int kMoreLayers = 3;

std::vector<std::string> Lines(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

}  // namespace

std::string MovedTag::At(const Artifact& image) const {
  return reference.substr(0, reference.rfind(':')) + "@" + image.digest();
}

const Artifact* MovedTag::Find(const std::string& digest) const {
  if (digest == old.digest()) return &old;
  return digest == now.digest() ? &now : nullptr;
}

MovedTags::MovedTags(Lab& lab, std::uint64_t seed) : lab_(lab), random_(seed) {
  origin_.SetFault([this](const ScriptedRequest& request) -> std::optional<ScriptedReply> {
    if (FromContainerd(request) && request.path.find("/blobs/") != std::string::npos) {
      std::this_thread::sleep_for(std::chrono::milliseconds(random_() % 60));  // a registry that is not near
    }
    return std::nullopt;
  });
  lab.containerd().SetHosts(kRegistry, origin_.url(), {{.url = mirror_.url()}});
}

MovedTag MovedTags::Make(const std::string& tag) {
  const auto make = [&](const std::string& version, const std::string& created) {
    return MakeImage({.text = tag + " " + version, .created = created, .runnable = true, .more_layers = kMoreLayers});
  };
  MovedTag moved{std::string(kRegistry) + "/app:" + tag, make("old", "2024-01-01T00:00:00Z"),
                 make("now", "2024-02-01T00:00:00Z")};
  mirror_.Push(tag, moved.old);
  origin_.Push(tag, moved.old);
  if (const auto pulled = lab_.cri().Pull(moved.reference); !pulled.ok()) {
    GiveUp("pulling " + moved.reference + ": " + std::string(pulled.status().message()));
  }
  origin_.Push(tag, moved.now);
  return moved;
}

std::string NodeContent::Target(const std::string& name) const {
  const auto found = targets.find(name);
  return found == targets.end() ? "" : found->second;
}

bool NodeContent::Holds(const Artifact& image) const {
  bool all = blobs.contains(image.digest());
  for (const Blob& blob : image.blobs) all = all && blobs.contains(blob.digest);
  return all;
}

NodeContent ReadContent(Lab& lab) {
  NodeContent content;
  for (const std::string& line : Lines(lab.containerd().Ctr({"images", "list"}))) {
    std::istringstream words(line);
    std::string name;
    std::string type;
    std::string digest;
    if (words >> name >> type >> digest && name != "REF") content.targets[name] = digest;
  }
  for (const std::string& digest : Lines(lab.containerd().Ctr({"content", "list", "-q"}))) {
    content.blobs.insert(digest);
  }
  return content;
}

std::string CriId(Lab& lab, const std::string& reference) {
  const auto status = lab.cri().ImageStatus(reference);
  return status.ok() && status->has_value() ? (*status)->id : "";
}

std::string StartFrom(Lab& lab, const std::string& pod, const std::string& reference) {
  const std::string id = CriId(lab, reference);
  if (id.empty()) return "(the CRI does not know " + reference + ")";
  const auto started = lab.cri().Run({.name = pod, .image_id = id, .requested = reference});
  if (!started.ok()) return "(" + std::string(started.status().message()) + ")";
  std::string line = FirstLine(*started);
  if (const absl::Status removed = lab.cri().Remove(*started); !removed.ok()) {
    GiveUp("removing pod " + pod + ": " + std::string(removed.message()));
  }
  return line;
}

void EmptyNode(Lab& lab) {
  const std::string pause = lab.upstream().host() + "/pause:1";
  const std::string keep = CriId(lab, pause);
  std::vector<std::string> command{"images", "remove", "--sync"};
  for (const std::string& name : Lines(lab.containerd().Ctr({"images", "list", "-q"}))) {
    if (name != keep && name.find("/pause") == std::string::npos) command.push_back(name);
  }
  if (command.size() > 3) lab.containerd().Ctr(command);
}

}  // namespace tagdrift::lab

#pragma once

#include <cstdint>
#include <map>
#include <random>
#include <set>
#include <string>

#include "artifact.h"
#include "lab.h"
#include "scripted_registry.h"

namespace tagdrift::lab {

/// A tag of which the node and a mirror in front have `old`, and the origin has `now`.
struct MovedTag {
  std::string reference;
  Artifact old;
  Artifact now;

  std::string tag() const { return reference.substr(reference.rfind(':') + 1); }
  /// "repository@digest".
  std::string At(const Artifact& image) const;
  /// The one with that digest; null: neither.
  const Artifact* Find(const std::string& digest) const;
};

/// Makes such tags. The origin takes its time for each blob, so that a pull lasts.
class MovedTags {
 public:
  MovedTags(Lab& lab, std::uint64_t seed);

  /// Pulls `old` on the way.
  MovedTag Make(const std::string& tag);
  ScriptedRegistry& mirror() { return mirror_; }
  ScriptedRegistry& origin() { return origin_; }

 private:
  Lab& lab_;
  std::mt19937_64 random_;
  ScriptedRegistry mirror_;
  ScriptedRegistry origin_;
};

/// What containerd's own stores have.
struct NodeContent {
  std::map<std::string, std::string> targets;  ///< digest by name
  std::set<std::string> blobs;

  std::string Target(const std::string& name) const;
  /// True if the manifest and every blob of it are there.
  bool Holds(const Artifact& image) const;
};

NodeContent ReadContent(Lab& lab);

/// The CRI's image id of the reference; empty where it does not know it.
std::string CriId(Lab& lab, const std::string& reference);

/// What a container says that is started as the kubelet does with IfNotPresent; an error is in "()".
std::string StartFrom(Lab& lab, const std::string& pod, const std::string& reference);

/// Removes every image but the pods' sandbox, with all that only they hold.
void EmptyNode(Lab& lab);

}  // namespace tagdrift::lab

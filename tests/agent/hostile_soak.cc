// hostile_soak SECONDS [PATIENCE]: rounds in a loop over a node whose registries have hostile mirrors, beside one that
// has none. Fails where a round says what is not true, where the registry without a mirror is not judged, or where more
// memory is in use than the bound.
#include <fmt/format.h>
#include <malloc.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "hostile_registry.h"
#include "scene.h"

/// Under the address sanitizer the C library's own count says nothing.
extern "C" std::size_t __sanitizer_get_current_allocated_bytes() __attribute__((weak));

namespace tagdrift::agent {
namespace {

using judge::Verdict;
using std::chrono::steady_clock;

constexpr int kRoundsOfAWorld = 40;
constexpr int kTags = 6;
constexpr std::size_t kMebibyte = 1024 * 1024;
// The content of one round (64 MiB and 64 KiB for each tag) and of the caches, and as much for everything else, the
// hostile registries' own documents included.
constexpr std::size_t kMostBytes = 160 * kMebibyte;

std::size_t BytesInUse() {
  if (__sanitizer_get_current_allocated_bytes != nullptr) return __sanitizer_get_current_allocated_bytes();
  const auto info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

struct Tally {
  int rounds = 0;
  int right = 0;
  int undecided = 0;
  int wrong = 0;
  int unheard = 0;  ///< rounds in which the registry without a mirror was not judged
  std::size_t most_bytes = 0;
  steady_clock::duration longest{};
};

/// A node, its honest registry, and one hostile mirror of each kind for a registry of its own.
class World {
 public:
  explicit World(absl::Duration patience) : scene_({}, patience) {
    CacheTags("registry.test");
    CacheTags("other.test");
    scene_.WriteHosts("other.test", Server());
    for (const Hostility hostility : kHostilities) {
      mirrors_.push_back(std::make_unique<HostileRegistry>(hostility));
      const std::string registry_name = NameOf(hostility) + ".test";
      scene_.WriteHosts(registry_name, Server() + "[host.\"" + mirrors_.back()->Url() +
                                           "\"]\ncapabilities = [\"pull\", \"resolve\"]\n");
      CacheTags(registry_name);
    }
  }

  void RunRound(Tally& tally) {
    const auto begun = steady_clock::now();
    const report::Round round = scene_.Check({.deadline = begun + std::chrono::minutes(1)});
    tally.longest = std::max(tally.longest, steady_clock::now() - begun);
    tally.most_bytes = std::max(tally.most_bytes, BytesInUse());
    ++tally.rounds;
    bool heard = false;
    for (const report::JudgedTag& tag : round.tags) {
      const image::Reference& reference = tag.facts.image.reference;
      const Verdict expected = *reference.tag() == "v0" ? Verdict::kFresh : Verdict::kStale;
      if (tag.result.verdict == expected) {
        ++tally.right;
        heard = heard || reference.registry() == "registry.test";
      } else if (tag.result.verdict == Verdict::kUndecided) {
        ++tally.undecided;
      } else {
        ++tally.wrong;
        fmt::print(stderr, "{} is wrong: {}\n", reference.Canonical(), tag.result.reason);
      }
    }
    if (!heard) ++tally.unheard;
  }

 private:
  std::string Server() const { return "server = \"" + scene_.registry.Url() + "\"\n"; }

  /// One fresh, the others stale. The node has other images for each registry: it knows one source of each.
  void CacheTags(const std::string& registry_name) {
    const SampleImage stale("old " + registry_name, 2020);
    const SampleImage fresh("new " + registry_name, 2024);
    scene_.registry.Add(stale);
    const std::string repository = registry_name.substr(0, registry_name.find('.'));
    for (int i = 0; i < kTags; ++i) {
      const std::string tag = "v" + std::to_string(i);
      scene_.registry.Push(repository, tag, fresh);
      scene_.Cache(registry_name + "/" + repository + ":" + tag, i == 0 ? fresh : stale);
    }
  }

  std::vector<std::unique_ptr<HostileRegistry>> mirrors_;
  Scene scene_;  // ends first
};

int Run(std::chrono::seconds time, absl::Duration patience) {
  Tally tally;
  const auto end = steady_clock::now() + time;
  auto next_line = steady_clock::now() + std::chrono::minutes(1);
  const auto print = [&tally] {
    fmt::print("{} rounds, the longest {} ms; {} right, {} undecided, {} wrong; at most {} MiB in use, bound {} MiB\n",
               tally.rounds, std::chrono::duration_cast<std::chrono::milliseconds>(tally.longest).count(), tally.right,
               tally.undecided, tally.wrong, tally.most_bytes / kMebibyte, kMostBytes / kMebibyte);
    std::fflush(stdout);
  };
  do {
    World world(patience);
    for (int i = 0; i < kRoundsOfAWorld && (i == 0 || steady_clock::now() < end); ++i) {
      world.RunRound(tally);
      if (steady_clock::now() < next_line) continue;
      next_line += std::chrono::minutes(1);
      print();
    }
  } while (steady_clock::now() < end);
  print();
  if (tally.unheard > 0) fmt::print("in {} rounds the registry without a mirror was not judged\n", tally.unheard);
  return tally.wrong == 0 && tally.unheard == 0 && tally.most_bytes <= kMostBytes ? 0 : 1;
}

}  // namespace
}  // namespace tagdrift::agent

int main(int count, char** arguments) {
  const int seconds = count > 1 ? std::atoi(arguments[1]) : 0;
  const int patience = count > 2 ? std::atoi(arguments[2]) : 1;
  if (seconds <= 0 || patience <= 0) {
    fmt::print(stderr, "usage: agent_hostile_soak SECONDS [SECONDS FOR EACH REQUEST, 1]\n");
    return 64;
  }
  return tagdrift::agent::Run(std::chrono::seconds(seconds), absl::Seconds(patience));
}

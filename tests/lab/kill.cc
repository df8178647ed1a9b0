// Refreshes that are killed, are stopped or lose containerd at random moments: what the tag is worth afterwards.
#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <future>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <random>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "check_run.h"
#include "failure.h"
#include "lab.h"
#include "moved_tags.h"

namespace tagdrift::lab {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

struct RunSize {
  std::uint64_t rounds = 14;
  std::uint64_t seed = 1;
};

/// A tag whose refresh was cut short.
struct Victim {
  std::uint64_t round;
  MovedTag tag;
  std::string moment;  ///< what happened to its refresh
};

RunOptions Patient() {
  RunOptions options;
  options.deadline = std::chrono::seconds(180);
  return options;
}

class KillRun {
 public:
  KillRun(const std::string& version, const RunSize& size) : lab_(version), size_(size), tags_(lab_, size.seed) {}

  /// True when nothing was found.
  bool Run() {
    MeasureUsualTime();
    const std::uint64_t end = size_.seed + size_.rounds;
    for (std::uint64_t round = size_.seed; round < end;) {
      const std::uint64_t group = std::min(end, round + kGroupSize);
      for (; round < group; ++round) {
        CutShort(round);
        Judge(victims_.back());
      }
      // The last one first: its lock has not expired yet.
      for (auto victim = victims_.rbegin(); victim != victims_.rend(); ++victim) RefreshAgain(*victim);
      JudgeLeases();
      victims_.clear();
      EmptyNode(lab_);
      std::cout << fmt::format("… round {}, {} findings", round - 1, findings_) << std::endl;
    }
    return Sum();
  }

 private:
  void MeasureUsualTime() {
    for (int i = 0; i < 3; ++i) {
      const MovedTag tag = tags_.Make(fmt::format("usual-{}", i));
      const auto start = steady_clock::now();
      const Output output = Refresh(tag);
      usual_ = std::max(usual_, std::chrono::duration_cast<milliseconds>(steady_clock::now() - start));
      if (output.exit_code != 0) GiveUp("a refresh that nobody disturbs failed: " + output.out + output.err);
    }
    std::cout << fmt::format("a refresh takes up to {} ms; seed {}, {} rounds", usual_.count(), size_.seed,
                             size_.rounds)
              << std::endl;
  }

  Output Refresh(const MovedTag& tag) {
    return RunTagdrift(lab_, {"refresh", "--yes", "-o", "json", tag.reference}, Patient());
  }

  /// What happens in a round follows from its number and the usual time alone.
  void CutShort(std::uint64_t round) {
    std::mt19937_64 random(round);
    MovedTag tag = tags_.Make(fmt::format("r{}", round));
    const std::uint64_t kind = random() % 4;
    const milliseconds delay(
        static_cast<std::int64_t>(random() % (static_cast<std::uint64_t>(usual_.count()) * 5 / 4)));
    std::string moment = kind == 0 ? LoseContainerd(tag, delay) : kind == 1 ? Stop(tag, delay) : Kill(tag, delay);
    victims_.push_back({round, std::move(tag), std::move(moment)});
  }

  /// Ends with the refresh, or by the signal after the delay; with the exit code of the refresh.
  Output RefreshUntil(const MovedTag& tag, const std::string& signal, milliseconds delay) {
    return RunCommand(
        {"timeout", "--preserve-status", "--signal=" + signal,
         fmt::format("{:.3f}", static_cast<double>(delay.count() + 1) / 1000), TagdriftBinary(), "refresh", "--yes",
         "--runtime-endpoint", lab_.containerd().endpoint(), "-o", "json", tag.reference},
        Patient());
  }

  std::string Kill(const MovedTag& tag, milliseconds delay) {
    const Output output = RefreshUntil(tag, "KILL", delay);
    const bool killed = output.exit_code == 128 + SIGKILL;
    ++counts_[killed ? "tagdrift killed" : "tagdrift done before it was killed"];
    if (!killed && output.exit_code != 0) Find(tag, "a refresh that was not killed ended: " + output.out + output.err);
    return fmt::format("SIGKILL to tagdrift after {} ms{}", delay.count(), killed ? "" : ", too late");
  }

  std::string Stop(const MovedTag& tag, milliseconds delay) {
    const Output output = RefreshUntil(tag, "TERM", delay);
    const bool silent = output.out.empty() && output.exit_code == 128 + SIGTERM;  // before it could listen to signals
    const std::string state = silent ? "no outcome yet" : JudgeOutcome(tag, output);
    ++counts_["tagdrift stopped: " + state];
    if (!silent &&
        lab_.containerd().Ctr({"leases", "list"}).find("tagdrift.io/lock=" + tag.reference) != std::string::npos) {
      Find(tag, "a refresh that was stopped left its lock");
    }
    return fmt::format("SIGTERM to tagdrift after {} ms; {} {}", delay.count(), state, output.err);
  }

  std::string LoseContainerd(const MovedTag& tag, milliseconds delay) {
    auto refresh = std::async(std::launch::async, [&] { return Refresh(tag); });
    std::this_thread::sleep_for(delay);
    lab_.containerd().Crash();
    const Output output = refresh.get();
    const std::string state = JudgeOutcome(tag, output);
    ++counts_["containerd killed: " + state];
    return fmt::format("SIGKILL to containerd after {} ms; {} {}", delay.count(), state, output.err);
  }

  /// What it says of itself is so. Answers the state.
  std::string JudgeOutcome(const MovedTag& tag, const Output& output) {
    const json report = json::parse(output.out, nullptr, false);
    const bool has_result = report.is_object() && report["results"].size() == 1;
    const json outcome = has_result ? report["results"][0]["outcome"] : json::object();
    const std::string state = has_result ? outcome.value("state", "") : "no connection";
    const bool done = state == "ACTION_STATE_DONE";
    if (done != (output.exit_code == 0)) Find(tag, "exit code and state differ: " + output.out + output.err);
    const NodeContent content = ReadContent(lab_);
    if (done && content.Target(tag.reference) != tag.now.digest()) Find(tag, "done, but the tag is as before");
    if (!done && outcome.value("left", json::array()).empty() && content.Target(tag.reference) == tag.old.digest() &&
        content.targets.contains(tag.At(tag.now))) {
      Find(tag, "a failed refresh left a name and does not say so: " + output.out + output.err);
    }
    return state;
  }

  /// The tag resolves to one of the two, complete; the CRI agrees; a container starts from it.
  void Judge(const Victim& victim) {
    const MovedTag& tag = victim.tag;
    const NodeContent content = ReadContent(lab_);
    const Artifact* image = tag.Find(content.Target(tag.reference));
    if (image == nullptr) return Find(victim, "the tag points to '" + content.Target(tag.reference) + "'");
    const bool moved = image == &tag.now;
    ++counts_[moved                    ? "found: new image"
              : content.Holds(tag.now) ? "found: old image, new content"
                                       : "found: old image"];
    if (!content.Holds(*image)) Find(victim, "the tag's content is not complete");
    if (!Poll([&] { return CriId(lab_, tag.reference) == image->image_id(); })) {
      Find(victim, "the CRI says " + CriId(lab_, tag.reference) + " instead of " + image->image_id());
    }
    for (const auto& [name, target] : content.targets) {
      if (target == tag.now.digest() && CriId(lab_, tag.now.image_id()).empty()) {
        Find(victim, "the kubelet's garbage collection would not see " + name);
      }
    }
    const std::string line = StartFrom(lab_, fmt::format("kill-{}", victim.round), tag.reference);
    const std::string text = fmt::format("r{} {}", victim.round, moved ? "now" : "old");
    if (line != text) Find(victim, "a container of it says '" + line + "' instead of '" + text + "'");
  }

  void RefreshAgain(const Victim& victim) {
    const MovedTag& tag = victim.tag;
    const auto start = steady_clock::now();
    const Output output = Refresh(tag);
    longest_ = std::max(longest_, std::chrono::duration_cast<milliseconds>(steady_clock::now() - start));
    if (output.exit_code != 0) return Find(victim, "the second refresh failed: " + output.out + output.err);
    const NodeContent content = ReadContent(lab_);
    if (content.Target(tag.reference) != tag.now.digest()) Find(victim, "the second refresh did not move the tag");
    if (!content.Holds(tag.now)) Find(victim, "the second refresh left the content incomplete");
    if (CriId(lab_, tag.reference) != tag.now.image_id()) Find(victim, "the CRI disagrees after the second refresh");
    for (const Artifact* image : {&tag.old, &tag.now}) {
      for (const std::string& name : {tag.At(*image), image->image_id()}) {
        if (content.Target(name) != image->digest())
          Find(victim, "after the second refresh the name is wrong: " + name);
      }
    }
  }

  /// Whatever a killed process left ends by itself.
  void JudgeLeases() {
    std::istringstream lines(lab_.containerd().Ctr({"leases", "list"}));
    for (std::string line; std::getline(lines, line);) {
      if (line.starts_with("tagdrift-lock")) Find(victims_.back(), "a lock stays: " + line);
      if (line.starts_with("tagdrift") && line.find("containerd.io/gc.expire") == std::string::npos) {
        Find(victims_.back(), "a lease without an end: " + line);
      }
    }
  }

  void Find(const MovedTag& tag, const std::string& what) {
    ++findings_;
    std::cout << "FOUND: " << tag.reference << ": " << what << std::endl;
  }

  void Find(const Victim& victim, const std::string& what) {
    Find(victim.tag, what);
    std::cout << fmt::format("  after {}\n  replay: --seed {} --rounds 1", victim.moment, victim.round) << std::endl;
  }

  bool Sum() const {
    std::cout << fmt::format("{} rounds on containerd {}: {} findings; the longest second refresh took {} ms\n",
                             size_.rounds, lab_version_, findings_, longest_.count());
    for (const auto& [name, count] : counts_) std::cout << fmt::format("  {:>6} {}\n", count, name);
    return findings_ == 0;
  }

  // A group's second refreshes come after all its first ones, so that few of them wait for a lock to expire.
  static constexpr std::uint64_t kGroupSize = 20;

  Lab lab_;
  std::string lab_version_ = lab_.containerd().version();
  RunSize size_;
  MovedTags tags_;
  milliseconds usual_{0};
  milliseconds longest_{0};
  std::vector<Victim> victims_;
  std::map<std::string, int> counts_;
  int findings_ = 0;
};

RunSize ReadArguments(int argc, char** argv) {
  RunSize size;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    const bool has_value = i + 1 < argc;
    if (argument == "--rounds" && has_value) {
      size.rounds = std::strtoull(argv[++i], nullptr, 10);
    } else if (argument == "--seed" && has_value) {
      size.seed = std::strtoull(argv[++i], nullptr, 10);
    } else {
      std::cerr << "usage: lab_kill [--rounds N] [--seed S]\n";
      std::exit(64);
    }
  }
  return size;
}

int Main(int argc, char** argv) {
  const RunSize size = ReadArguments(argc, argv);
  if (!CanRun(VersionMissing(ChosenVersion()))) return 0;
  return KillRun(ChosenVersion(), size).Run() ? 0 : 1;
}

}  // namespace
}  // namespace tagdrift::lab

int main(int argc, char** argv) { return tagdrift::lab::Main(argc, argv); }

// Another client of containerd changes a tag before each single call of a refresh or an evict: what the outcome and the
// tag are worth afterwards.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "check_run.h"
#include "failure.h"
#include "lab.h"
#include "lab_files.h"
#include "moved_tags.h"
#include "race_rival.h"
#include "step_proxy.h"

namespace tagdrift::lab {
namespace {

using nlohmann::json;

struct RunSize {
  std::uint64_t most = 22;  ///< races; 0: one before each call
  std::uint64_t seed = 1;
  std::string action = {};  ///< races with this one only; empty: with all
  bool verbose = false;
};

/// What is raced with.
struct Action {
  std::string name;
  std::vector<std::string> arguments;
  bool moves = false;  ///< to the new image; otherwise the tag goes
};

struct Race {
  const Action* action;
  Rival rival;
  int step;
};

/// A race that is over.
struct Result {
  MovedTag tag;
  Race race;
  std::string method;  ///< of the call before which the change was made; empty: there was no such call
  bool after_plan = false;
  bool after_last_read = false;
  std::string target_before;  ///< of the change
  std::string target_after;
  json plan;
  json outcome;
  Output output;

  std::string State() const { return outcome.value("state", ""); }
};

std::string Short(const std::string& digest) { return digest.empty() ? "nothing" : digest.substr(0, 15); }

class RaceRun {
 public:
  RaceRun(const std::string& version, const RunSize& size) : lab_(version), size_(size), tags_(lab_, size.seed) {}

  /// True when nothing was found.
  bool Run() {
    other_client_.Prepare();
    const std::vector<Race> races = Races();
    for (const Race& race : races) {
      if (size_.verbose) {
        std::cout << fmt::format("{}: another client {} before call {}", race.action->name, race.rival.name, race.step)
                  << std::endl;
      }
      results_.push_back(Hold(race));
      Judge(results_.back());
      ++races_;
      if (results_.size() == kGroupSize) JudgeAfterRestart();
    }
    JudgeAfterRestart();
    return Sum();
  }

 private:
  /// All, or as many as are wanted, chosen by the seed from those after the plan.
  std::vector<Race> Races() {
    std::vector<Race> races;
    for (const Action& action : actions_) {
      if (!size_.action.empty() && action.name != size_.action) continue;
      const Result quiet = Hold({&action, {Change::kRetag, "nobody"}, 0});
      if (quiet.State() != "ACTION_STATE_DONE") GiveUp("undisturbed: " + quiet.output.out + quiet.output.err);
      std::cout << fmt::format("{} makes {} calls\n", action.name, steps_.size());
      for (const Step& step : steps_) {
        if (size_.verbose) std::cout << fmt::format("  {:>3} {}\n", step.number, step.method);
      }
      const auto planned = std::find_if(steps_.begin(), steps_.end(),
                                        [](const Step& step) { return step.method.ends_with("/ImageFsInfo"); });
      const auto first = size_.most == 0 ? steps_.begin() : planned;
      for (const Rival& rival : RivalsOf(action.moves)) {
        for (auto step = first; step != steps_.end(); ++step) races.push_back({&action, rival, step->number});
      }
    }
    if (size_.most == 0 || size_.most >= races.size()) return races;
    std::vector<Race> chosen;
    std::mt19937_64 random(size_.seed);
    std::sample(races.begin(), races.end(), std::back_inserter(chosen), size_.most, random);
    return chosen;
  }

  Result Hold(const Race& race) {
    Result result{.tag = tags_.Make(fmt::format("t{}", ++made_)), .race = race};
    // Evict wants a tag that the next pull would bring as it is.
    if (!race.action->moves) other_client_.Make(Change::kPullNew, result.tag);
    steps_.clear();
    const std::string socket = LabRoot() + "/step.sock";
    StepProxy proxy(socket, lab_.containerd().endpoint(), [&](const Step& step) {
      steps_.push_back(step);
      if (step.number != race.step) return;
      result.method = step.method;
      result.target_before = lab_.containerd().Target(result.tag.reference);
      other_client_.Make(race.rival.change, result.tag);
      result.target_after = lab_.containerd().Target(result.tag.reference);
    });
    std::vector<std::string> command = race.action->arguments;
    command.insert(command.end(), {"--yes", "-o", "json", "--runtime-endpoint", proxy.endpoint(), "--containerd-config",
                                   lab_.containerd().config_file(), result.tag.reference});
    RunOptions patient;
    patient.deadline = std::chrono::seconds(120);
    result.output = RunTagdrift(lab_, command, patient);
    const json report = json::parse(result.output.out, nullptr, false);
    if (!report.is_object() || report["results"].size() != 1) {
      GiveUp("no outcome: " + result.output.out + result.output.err);
    }
    result.plan = report["results"][0]["plan"];
    result.outcome = report["results"][0]["outcome"];
    int planned = 0;
    int last_read = 0;
    for (const Step& step : steps_) {
      const bool reads = step.method.ends_with("images.v1.Images/Get") || step.method.ends_with("Images/List");
      if (reads) last_read = step.number;
      if (step.method.ends_with("/ImageFsInfo")) planned = step.number;
    }
    result.after_plan = planned != 0 && race.step > planned;
    result.after_last_read = race.step > last_read;
    return result;
  }

  void Judge(const Result& result) {
    const bool moves = result.race.action->moves;
    const std::string wanted = moves ? result.tag.now.digest() : "";
    const NodeContent content = ReadContent(lab_);
    const std::string target = content.Target(result.tag.reference);
    const std::string said = result.outcome.value("targetDigest", "");
    const bool done = result.State() == "ACTION_STATE_DONE";
    const bool good = done || result.State() == "ACTION_STATE_NOTHING_TO_DO";
    if (result.method.empty()) {
      ++counts_["there was no such call"];
    } else {
      ++counts_[fmt::format("{}: {}", result.race.action->name, result.State())];
    }
    if (good != (result.output.exit_code == 0)) Find(result, "exit code and state differ");
    if (!result.after_last_read && said != target) {
      Find(result, fmt::format("the outcome says {}, the tag points to {}", Short(said), Short(target)));
    }
    if (done && !result.after_last_read && target != wanted) Find(result, "done, but the tag is not as wanted");
    const bool altered = result.target_before != result.target_after && result.target_after != wanted;
    if (done && !result.after_last_read && altered && result.after_plan)
      Find(result, "a foreign change went unnoticed");
    if (!target.empty()) JudgeContent(result, content, target);
    if (!done && moves && target != wanted) JudgeNames(result, content);
    // The CRI's removal of an image has no condition.
    const bool last_moment = result.method.ends_with("/RemoveImage");
    if (result.race.rival.change == Change::kTagSibling && good && !result.method.empty() && !last_moment &&
        !result.target_before.empty() && content.Target(OtherClient::Sibling(result.tag)).empty()) {
      Find(result, "a new sibling was lost");
    }
    if (lab_.containerd().Ctr({"leases", "list", "-q"}).find("tagdrift") != std::string::npos) {
      Find(result, "a lease stays: " + lab_.containerd().Ctr({"leases", "list"}));
    }
  }

  const Artifact* Known(const MovedTag& tag, const std::string& digest) const {
    return digest == other_client_.image().digest() ? &other_client_.image() : tag.Find(digest);
  }

  void JudgeContent(const Result& result, const NodeContent& content, const std::string& target) {
    const Artifact* image = Known(result.tag, target);
    if (image == nullptr) return Find(result, "the tag points to " + target);
    if (!content.Holds(*image)) Find(result, "the tag's content is not complete");
    if (!Poll([&] { return CriId(lab_, result.tag.reference) == image->image_id(); })) {
      Find(result, "the CRI says " + CriId(lab_, result.tag.reference) + " instead of " + image->image_id());
    }
  }

  /// What a failed action made is gone, unless somebody else has it too.
  void JudgeNames(const Result& result, const NodeContent& content) {
    if (result.race.rival.change == Change::kPullNew) return;
    for (const std::string& name : {result.tag.At(result.tag.now), result.tag.now.image_id()}) {
      if (content.targets.contains(name)) Find(result, "a name of the failed action stays: " + name);
    }
  }

  /// After a garbage collection and a restart every tag still has what it points to.
  void JudgeAfterRestart() {
    if (results_.empty()) return;
    lab_.containerd().Ctr({"images", "remove", "--sync", "moved.test/app:nobody"});
    lab_.containerd().Restart();
    const NodeContent content = ReadContent(lab_);
    for (std::size_t i = 0; i < results_.size(); ++i) {
      const Result& result = results_[i];
      const std::string target = content.Target(result.tag.reference);
      if (target.empty()) continue;
      JudgeContent(result, content, target);
      if (i % kStartsEach != 0) continue;
      const std::string line = StartFrom(lab_, "race-" + result.tag.tag(), result.tag.reference);
      if (line.starts_with("(")) Find(result, "no container starts from it: " + line);
    }
    std::cout << fmt::format("… {} races, {} findings", races_, findings_) << std::endl;
    results_.clear();
    EmptyNode(lab_);
    other_client_.Prepare();
  }

  void Find(const Result& result, const std::string& what) {
    ++findings_;
    std::cout << fmt::format(
                     "FOUND: {}: {}\n  another client {} before call {} {} ({} -> {})\n  exit code {}, outcome {}\n",
                     result.race.action->name, what, result.race.rival.name, result.race.step, result.method,
                     Short(result.target_before), Short(result.target_after), result.output.exit_code,
                     result.outcome.dump())
              << std::endl;
  }

  bool Sum() const {
    std::cout << fmt::format("{} races on containerd {}: {} findings\n", races_, lab_version_, findings_);
    for (const auto& [name, count] : counts_) std::cout << fmt::format("  {:>6} {}\n", count, name);
    return findings_ == 0;
  }

  static constexpr std::size_t kGroupSize = 25;
  static constexpr std::size_t kStartsEach = 6;

  const std::vector<Action> actions_{
      {"refresh", {"refresh"}, true}, {"evict", {"evict"}, false}, {"evict --free", {"evict", "--free"}, false}};
  Lab lab_;
  std::string lab_version_ = lab_.containerd().version();
  RunSize size_;
  MovedTags tags_;
  OtherClient other_client_{lab_, tags_};
  int made_ = 0;
  int races_ = 0;
  std::vector<Step> steps_;
  std::vector<Result> results_;
  std::map<std::string, int> counts_;
  int findings_ = 0;
};

RunSize ReadArguments(int argc, char** argv) {
  RunSize size;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    const bool has_value = i + 1 < argc;
    if (argument == "--verbose") {
      size.verbose = true;
    } else if (argument == "--most" && has_value) {
      size.most = std::strtoull(argv[++i], nullptr, 10);
    } else if (argument == "--action" && has_value) {
      size.action = argv[++i];
    } else if (argument == "--seed" && has_value) {
      size.seed = std::strtoull(argv[++i], nullptr, 10);
    } else {
      std::cerr << "usage: lab_race [--most N] [--seed S] [--action NAME] [--verbose]\n";
      std::exit(64);
    }
  }
  return size;
}

int Main(int argc, char** argv) {
  const RunSize size = ReadArguments(argc, argv);
  if (!CanRun(VersionMissing(ChosenVersion()))) return 0;
  return RaceRun(ChosenVersion(), size).Run() ? 0 : 1;
}

}  // namespace
}  // namespace tagdrift::lab

int main(int argc, char** argv) { return tagdrift::lab::Main(argc, argv); }

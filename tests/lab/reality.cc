// Random scenarios: what tagdrift forecasts, and what containerd then does.
#include <fmt/format.h>

#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>

#include "check_run.h"
#include "failure.h"
#include "lab.h"
#include "scenario.h"
#include "scenario_stage.h"

namespace tagdrift::lab {
namespace {

using nlohmann::json;

struct RunSize {
  std::uint64_t scenarios = 60;
  std::uint64_t seed = 1;
  bool keep_going = false;
};

/// What tagdrift says of a pull without credentials.
struct Claim {
  enum class Kind {
    kFails,
    kBrings,    ///< `digest`
    kMayBring,  ///< `digest`, or it fails
    kNone,
  };
  Kind kind = Kind::kNone;
  std::string digest;
  std::string host;
  std::string reason;  ///< why it is no more
};

Claim ReadClaim(const json& tag) {
  const json& forecast = tag["nextPull"];
  const bool anonymous = forecast.contains("ifAnonymous") && forecast["ifAnonymous"].is_object();
  const json& pull = anonymous ? forecast["ifAnonymous"] : forecast;
  Claim claim;
  claim.digest = pull.value("digest", "");
  claim.host = pull.value("host", "");
  claim.reason = forecast.value("detail", "");
  const std::string outcome = pull.value("outcome", "");
  if (outcome == "OUTCOME_FAILS") {
    claim.kind = Claim::Kind::kFails;
  } else if (outcome == "OUTCOME_FRESH" || outcome == "OUTCOME_EQUIVALENT" || outcome == "OUTCOME_STALE") {
    claim.kind = Claim::Kind::kBrings;
  } else if (!claim.digest.empty()) {
    // All of it can be had, only the origin to compare it with is not known.
    const bool arrives = !anonymous && claim.reason.empty();
    claim.kind = arrives ? Claim::Kind::kBrings : Claim::Kind::kMayBring;
  }
  return claim;
}

struct Pulled {
  bool ok = false;
  std::string digest;
  std::string error;
  std::string host;  ///< whose answer about the tag was taken
};

/// Why they disagree; empty when they do not.
std::string Disagreement(const Claim& claim, const Pulled& pulled) {
  // A host that falls back from https is named by its first scheme.
  const bool same_host =
      claim.host.substr(claim.host.find("://") + 1).starts_with(pulled.host.substr(pulled.host.find("://") + 1));
  const bool same = pulled.digest == claim.digest && (claim.host.empty() || same_host);
  switch (claim.kind) {
    case Claim::Kind::kFails:
      return pulled.ok ? "the pull was to fail, but succeeded" : "";
    case Claim::Kind::kBrings:
      if (!pulled.ok) return "the pull was to succeed, but failed";
      return same ? "" : "the pull brought something else";
    case Claim::Kind::kMayBring:
      return !pulled.ok || same ? "" : "the pull brought something else";
    case Claim::Kind::kNone:
      return "";
  }
  return "";
}

/// Reasons without what differs from scenario to scenario.
std::string Kindred(const std::string& reason) {
  std::string text;
  for (std::size_t at = 0; at < reason.size(); ++at) {
    if (reason[at] >= '0' && reason[at] <= '9') continue;
    text += reason[at];
  }
  for (std::size_t at; (at = text.find("sha:")) != std::string::npos;) {
    text.erase(at, text.find_first_not_of("abcdef", at + 4) - at);
  }
  return text.substr(0, 160);
}

class Reality {
 public:
  explicit Reality(const std::string& version) : lab_(version) {}

  /// True when every forecast came true.
  bool Run(const RunSize& size) {
    for (std::uint64_t number = size.seed; number < size.seed + size.scenarios; ++number) {
      if (number % kGroupSize == 0) EmptyNode();
      if (tried_ % 100 == 99)
        std::cout << fmt::format("… scenario {}, {} disagreements", number, disagreements_) << std::endl;
      if (!Try(MakeScenario(number)) && !size.keep_going) {
        std::cout << fmt::format("replay: --seed {} --scenarios 1 (--seed {} --scenarios {} with what the node had)\n",
                                 number, size.seed, number - size.seed + 1);
        return false;
      }
    }
    return Sum();
  }

 private:
  bool Try(const Scenario& scenario) {
    stage_.Set(scenario);
    const std::string reference = stage_.Reference();
    lab_.containerd().SetHosts(stage_.Registry(), stage_.StoreToml());
    if (const auto seeded = lab_.cri().Pull(reference); !seeded.ok()) {
      GiveUp("caching " + scenario.cached + " as " + reference + ": " + seeded.status().ToString());
    }
    lab_.containerd().SetHosts(stage_.Registry(), stage_.HostsToml());
    stage_.TakeRequests();

    const json tag = Forecast(reference);
    const std::vector<std::string> asked = stage_.TakeRequests();
    const Claim claim = ReadClaim(tag);
    const Pulled pulled = Pull(scenario, reference);
    const std::vector<std::string> pull_asked = std::move(pull_requests_);

    ++tried_;
    ++outcomes_[Name(claim.kind)];
    if (claim.kind == Claim::Kind::kMayBring || claim.kind == Claim::Kind::kNone) ++reasons_[Kindred(claim.reason)];
    const std::string disagreement = Disagreement(claim, pulled);
    if (disagreement.empty()) return true;
    ++disagreements_;
    std::cout << "DISAGREEMENT: " << disagreement << "\n" << scenario.Text() << stage_.HostsToml();
    std::cout << "forecast: " << tag["nextPull"].dump(1)
              << "\npull: " << (pulled.ok ? pulled.digest + " from " + pulled.host : pulled.error) << "\n";
    Print("tagdrift asked", asked);
    Print("containerd asked", pull_asked);
    std::cout << std::endl;
    return false;
  }

  json Forecast(const std::string& reference) {
    const Output output = RunTagdrift(lab_, {"check", "-o", "json", reference});
    json report = json::parse(output.out, nullptr, false);
    if (!report.is_object() || report["tags"].size() != 1) {
      GiveUp(
          fmt::format("no report about {}, exit code {}: {}{}", reference, output.exit_code, output.out, output.err));
    }
    return report["tags"][0];
  }

  Pulled Pull(const Scenario& scenario, const std::string& reference) {
    const auto result = lab_.cri().Pull(reference);
    pull_requests_ = stage_.TakeRequests();
    Pulled pulled;
    pulled.ok = result.ok();
    if (!pulled.ok) {
      pulled.error = std::string(result.status().message());
      return pulled;
    }
    pulled.digest = lab_.containerd().Target(reference);
    for (const std::string& request : pull_requests_) {
      const std::size_t host = static_cast<std::size_t>(request[0] - '0');
      const bool about_tag = request.find("/manifests/v1 ") != std::string::npos;
      if (about_tag && host < scenario.hosts.size()) pulled.host = stage_.Url(host);
    }
    return pulled;
  }

  /// Removes all images but the pods' sandbox.
  void EmptyNode() {
    std::set<std::string> names;
    std::istringstream lines(lab_.containerd().Ctr({"images", "list", "-q"}));
    const auto pause = lab_.cri().ImageStatus(lab_.upstream().host() + "/pause:1");
    const std::string keep = pause.ok() && pause->has_value() ? (*pause)->id : "";
    std::vector<std::string> command{"images", "remove", "--sync"};
    for (std::string name; std::getline(lines, name);) {
      if (name != keep && name.find("/pause") == std::string::npos) command.push_back(name);
    }
    if (command.size() > 3) lab_.containerd().Ctr(command);
  }

  bool Sum() const {
    const std::uint64_t open = Count(Claim::Kind::kMayBring) + Count(Claim::Kind::kNone);
    std::cout << fmt::format("{} scenarios on containerd {}: {} disagreements; undecided {} ({:.1f}%)\n", tried_,
                             lab_version_, disagreements_, open,
                             100.0 * static_cast<double>(open) / static_cast<double>(tried_));
    for (const auto& [name, count] : outcomes_) std::cout << fmt::format("  {:>6} {}\n", count, name);
    std::cout << "undecided because:\n";
    for (const auto& [reason, count] : reasons_) std::cout << fmt::format("  {:>6} {}\n", count, reason);
    const bool claims_enough = open * 100 <= tried_ * kMostUndecidedPercent;
    if (!claims_enough) std::cout << "too many are undecided: at most " << kMostUndecidedPercent << "% may be\n";
    return disagreements_ == 0 && claims_enough;
  }

  static const char* Name(Claim::Kind kind) {
    switch (kind) {
      case Claim::Kind::kFails:
        return "said to fail";
      case Claim::Kind::kBrings:
        return "said to bring a digest";
      case Claim::Kind::kMayBring:
        return "said to bring a digest or to fail";
      case Claim::Kind::kNone:
        return "not said";
    }
    return "";
  }

  std::uint64_t Count(Claim::Kind kind) const {
    const auto found = outcomes_.find(Name(kind));
    return found == outcomes_.end() ? 0 : found->second;
  }

  static void Print(const std::string& title, const std::vector<std::string>& requests) {
    std::cout << title << ":\n";
    for (const std::string& request : requests) std::cout << "  " << request << "\n";
  }

  static constexpr std::uint64_t kMostUndecidedPercent = 12;

  Lab lab_;
  ScenarioStage stage_;
  std::string lab_version_ = lab_.containerd().version();
  std::vector<std::string> pull_requests_;
  std::uint64_t tried_ = 0;
  std::uint64_t disagreements_ = 0;
  std::map<std::string, std::uint64_t> outcomes_;
  std::map<std::string, std::uint64_t> reasons_;
};

std::uint64_t FromEnvironment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr || *text == '\0' ? otherwise : std::strtoull(text, nullptr, 10);
}

RunSize ReadArguments(int argc, char** argv) {
  RunSize size;
  size.scenarios = FromEnvironment("TAGDRIFT_REALITY_SCENARIOS", size.scenarios);
  size.seed = FromEnvironment("TAGDRIFT_REALITY_SEED", size.seed);
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    const bool has_value = i + 1 < argc;
    if (argument == "--keep-going") {
      size.keep_going = true;
    } else if (argument == "--scenarios" && has_value) {
      size.scenarios = std::strtoull(argv[++i], nullptr, 10);
    } else if (argument == "--seed" && has_value) {
      size.seed = std::strtoull(argv[++i], nullptr, 10);
    } else {
      std::cerr << "usage: lab_reality [--scenarios N] [--seed S] [--keep-going]\n";
      std::exit(64);
    }
  }
  return size;
}

int Main(int argc, char** argv) {
  const RunSize size = ReadArguments(argc, argv);
  if (!CanRun(VersionMissing(ChosenVersion()))) return 0;
  Reality reality(ChosenVersion());
  return reality.Run(size) ? 0 : 1;
}

}  // namespace
}  // namespace tagdrift::lab

int main(int argc, char** argv) { return tagdrift::lab::Main(argc, argv); }

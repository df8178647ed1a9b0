// soak [--rounds N]: one agent, round after round, on a node and registries of which nothing stays as it was: names,
// images, realms, tokens, logins, certificate authorities, CA bundle, ports. Between rounds a quarter of an hour
// passes on the agent's clock. Prints what the process takes after 100, 1,000 and 10,000 rounds and at the end; ends
// with 1 when that grows after the first hundred (memory by more than a tenth, threads and descriptors at all) or a
// round is not as it should be.
#include <fmt/format.h>
#include <malloc.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include "changing_node.h"
#include "changing_registry.h"
#include "resources.h"
#include "soak_clock.h"
#include "tagdrift/agent/agent.h"

namespace tagdrift::soak {
namespace {

namespace fs = std::filesystem;

#ifdef TAGDRIFT_SANITIZED
constexpr bool kMemoryCounts = false;  // freed memory is kept to find its use
#else
constexpr bool kMemoryCounts = true;
#endif

constexpr int kFirst = 100;
constexpr int kFreshTags = 3;
constexpr int kStaleTags = 9;
constexpr int kRoundsPerServer = 10;
constexpr int kRoundsPerPlan = 10;
constexpr std::chrono::minutes kBetweenRounds(15);
constexpr std::chrono::seconds kSettled(30);

/// The node's root.
class Root {
 public:
  Root() {
    std::string name = (fs::temp_directory_path() / "soak-XXXXXX").string();
    path_ = mkdtemp(name.data());
  }
  ~Root() { fs::remove_all(path_); }
  Root(const Root&) = delete;
  Root& operator=(const Root&) = delete;

  std::string Path(const std::string& file) const { return (path_ / file).string(); }
  void Write(const std::string& file, const std::string& text) const {
    fs::create_directories((path_ / file).parent_path());
    std::ofstream(path_ / file, std::ios::trunc) << text;
  }
  void Remove(const std::string& file) const { fs::remove_all(path_ / file); }

 private:
  fs::path path_;
};

class Soak {
 public:
  Soak() {
    for (auto& server : servers_) server = std::make_unique<ChangingRegistry>();
    root_.Write("config.json", "{}");
    agent::Options options{.runtime_endpoint = "unix://" + root_.Path("runtime.sock"),
                           .host_root = root_.Path(""),
                           .overrides = {},
                           .registry = {.user_agent = "tagdrift/soak", .clock = clock_},
                           .credentials = {.auth_files = {root_.Path("config.json")}, .clock = clock_},
                           .environment = {},
                           .clock = clock_};
    options.overrides.registry_config_path = "/certs.d";
    auto agent = agent::Agent::Make(std::move(options), node_.Clients());
    if (!agent.ok()) Fail(std::string(agent.status().message()));
    if (agent.ok()) agent_ = *std::move(agent);
  }

  bool Run(int rounds) {
    std::cout << fmt::format("{:>6} {:>12} {:>10} {:>8} {:>12} {:>10} {:>7} {:>9}\n", "rounds", "resident KiB",
                             "heap KiB", "threads", "descriptors", "endpoints", "tokens", "requests");
    Resources first;
    for (int round = 1; round <= rounds && right_; ++round) {
      Play(round);
      const bool last = round == rounds;
      if (round != kFirst && round != 1000 && round != 10'000 && !last) continue;
      const Resources now = Settle(first);
      Print(round, now);
      if (round == kFirst) first = now;
      if (round > kFirst) Compare(first, now);
    }
    return right_;
  }

 private:
  void Fail(const std::string& what) {
    std::cout << "FAILED: " << what << std::endl;
    right_ = false;
  }

  void Play(int round) {
    const auto turn = static_cast<std::size_t>(round) % servers_.size();
    if (round % kRoundsPerServer == 0) servers_[turn] = std::make_unique<ChangingRegistry>();
    ChangingRegistry& server = *servers_[turn];
    const std::string registry = fmt::format("registry-{}.test", round);
    Prepare(round, registry, server);
    Check(round, server);
    if (round % kRoundsPerPlan == 0) Plan(fmt::format("{}/team-{}/app:stale-0", registry, round));
    root_.Remove("certs.d/" + registry);
    clock_->Pass(kBetweenRounds);
  }

  void Prepare(int round, const std::string& registry, ChangingRegistry& server) {
    const std::string password = fmt::format("password-{}", round);
    server.Begin(fmt::format("realm-{}", round), "user", password);
    root_.Write("config.json", fmt::format(R"({{"auths":{{"{}":{{"username":"user","password":"{}"}}}}}})",
                                           server.Authority(), password));
    root_.Write("certs.d/" + registry + "/hosts.toml",
                fmt::format("server = \"https://{0}\"\nca = \"ca.crt\"\n[host.\"https://{0}\"]\n  ca = \"ca.crt\"\n",
                            server.Authority()));
    root_.Write("certs.d/" + registry + "/ca.crt", server.CertificateAuthority() + fmt::format("# {}\n", round));
    root_.Write("etc/ssl/certs/ca-certificates.crt",
                servers_.front()->CertificateAuthority() + fmt::format("# {}\n", round));
    node_.Clear();
    const std::string repository = fmt::format("team-{}/app", round);
    for (int i = 0; i < kFreshTags; ++i) {
      const auto image = MakeImage(fmt::format("fresh {} {}", round, i), "2024-01-01T00:00:00Z");
      node_.Add(fmt::format("{}/{}:fresh-{}", registry, repository, i), image);
      server.Push(fmt::format("{}:fresh-{}", repository, i), image);
    }
    for (int i = 0; i < kStaleTags; ++i) {
      node_.Add(fmt::format("{}/{}:stale-{}", registry, repository, i),
                MakeImage(fmt::format("old {} {}", round, i), "2024-01-01T00:00:00Z"));
      server.Push(fmt::format("{}:stale-{}", repository, i),
                  MakeImage(fmt::format("new {} {}", round, i), "2024-02-01T00:00:00Z"));
    }
  }

  CallContext Context() const { return CallContext{}.Within(clock_->Steady(), std::chrono::minutes(2)); }

  void Check(int round, const ChangingRegistry& server) {
    const auto checked = agent_->Check({}, Context());
    if (!checked.ok()) return Fail(fmt::format("round {}: {}", round, std::string(checked.status().message())));
    int fresh = 0;
    int stale = 0;
    for (const report::JudgedTag& tag : checked->tags) {
      fresh += tag.result.verdict == judge::Verdict::kFresh ? 1 : 0;
      stale += tag.result.verdict == judge::Verdict::kStale ? 1 : 0;
    }
    if (fresh != kFreshTags || stale != kStaleTags || server.tokens() == 0) {
      const judge::TagResult& first = checked->tags.front().result;
      Fail(fmt::format("round {}: {} fresh, {} stale of {}, {} tags asked, {} tokens; the first: {} {} {}", round,
                       fresh, stale, checked->tags.size(), server.asked(), server.tokens(),
                       static_cast<int>(first.verdict), static_cast<int>(first.cause), first.reason));
    }
  }

  void Plan(const std::string& tag) {
    const agent::ActionRequest request{.action = judge::ActionKind::kPrePull,
                                       .reference = *image::Reference::Parse(tag)};
    const report::ActionResult planned = agent_->Act(request, {}, Context());
    if (planned.plan.to) return;
    Fail("planning for " + tag + ": " + planned.outcome.detail);
  }

  /// When what is idle has ended; `wanted` are the threads and descriptors that are waited for, for a while.
  Resources Settle(const Resources& wanted) {
    const auto until = std::chrono::steady_clock::now() + kSettled;
    Resources now = Measure();
    const auto settled = [&] {
      if (agent_->counts().threads > 0 || agent_->counts().batches > 0) return false;
      now = Measure();
      return wanted.threads == 0 || (now.threads <= wanted.threads && now.descriptors <= wanted.descriptors);
    };
    auto next_pass = std::chrono::steady_clock::now();
    while (!settled() && std::chrono::steady_clock::now() < until) {
      if (std::chrono::steady_clock::now() >= next_pass) {
        clock_->Pass(std::chrono::minutes(1));
        next_pass += std::chrono::milliseconds(100);
      }
      std::this_thread::yield();
    }
    if (agent_->counts().threads > 0) Fail(fmt::format("{} threads do not end", agent_->counts().threads));
    return now;
  }

  void Print(int round, const Resources& now) {
    const registry::Client::Counts counts = agent_->counts();
    std::cout << fmt::format("{:>6} {:>12} {:>10} {:>8} {:>12} {:>10} {:>7} {:>9}\n", round, now.resident_kib,
                             now.heap_kib, now.threads, now.descriptors, counts.endpoints, counts.tokens,
                             counts.requests)
              << std::flush;
  }

  void Compare(const Resources& first, const Resources& now) {
    const auto more_than_a_tenth = [](std::size_t before, std::size_t after) { return after > before + before / 10; };
    if (now.threads > first.threads) Fail(fmt::format("{} threads, {} before", now.threads, first.threads));
    if (now.descriptors > first.descriptors) {
      Fail(fmt::format("{} descriptors, {} before", now.descriptors, first.descriptors));
    }
    if (!kMemoryCounts) return;
    if (more_than_a_tenth(first.resident_kib, now.resident_kib)) Fail("resident memory grows");
    if (more_than_a_tenth(first.heap_kib, now.heap_kib)) Fail("the heap grows");
  }

  const Root root_;
  const std::shared_ptr<SoakClock> clock_ = std::make_shared<SoakClock>();
  ChangingNode node_;
  std::array<std::unique_ptr<ChangingRegistry>, 3> servers_;
  std::unique_ptr<agent::Agent> agent_;
  bool right_ = true;
};

int Main(int argc, char** argv) {
  int rounds = 10'000;
  if (argc == 3 && std::string_view(argv[1]) == "--rounds") {
    rounds = std::atoi(argv[2]);
  } else if (argc != 1) {
    rounds = 0;
  }
  if (rounds < 1) {
    std::cerr << "usage: soak [--rounds N]\n";
    return 64;
  }
  return Soak().Run(rounds) ? 0 : 1;
}

}  // namespace
}  // namespace tagdrift::soak

int main(int argc, char** argv) {
#ifdef __GLIBC__
  mallopt(M_ARENA_MAX, 1);  // as the program does
#endif
  spdlog::set_level(spdlog::level::warn);
  return tagdrift::soak::Main(argc, argv);
}

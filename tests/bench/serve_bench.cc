// serve_bench [OPTION…], inside tests/lab/sandbox.sh: what `tagdrift serve` costs a node whose tags are all fresh, and
// what its readers and watchers get. Prints figures beside their aims; ends with 1 when an answer is wrong, never
// because of a figure. Clients and registries run here, beside the daemon.
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "../lab/check_run.h"
#include "../lab/failure.h"
#include "../lab/http.h"
#include "../lab/lab_files.h"
#include "../lab/process.h"
#include "cached_node.h"
#include "process_usage.h"
#include "report_clients.h"

namespace tagdrift::bench {
namespace {

using std::chrono::duration;
using std::chrono::seconds;
using Milliseconds = duration<double, std::milli>;

constexpr double kIdleMib = 30;  ///< aims
constexpr double kReportMs = 5;
constexpr double kReportsPerSecond = 500;
constexpr double kWatcherKib = 40;
constexpr double kLastWatcherSeconds = 0.2;

constexpr int kRounds = 3;
constexpr int kConnections = 20;  ///< of the watchers; one user may have 64
constexpr seconds kLimit(120);
constexpr double kLooksPerHour = 12;  ///< the node is looked at every five minutes although nothing has changed

struct Options {
  std::vector<int> tags = {100, 1000, 5000};
  int images = 1000;
  int readers = 50;
  int watchers = 1000;
  seconds settle{15};
  seconds idle{20};
  seconds reading{5};
};

/// `tagdrift serve`, from its start to its first report and to its end.
class ServedNode {
 public:
  explicit ServedNode(const std::string& runtime) : health_(lab::FreePort()) {
    const std::string address = "127.0.0.1:" + std::to_string(health_);
    std::filesystem::create_directories(folder_ + "/state");
    daemon_ = std::make_unique<lab::Daemon>(
        "the agent",
        // Without --max-rate the first round would take its time: half a request a second to each registry.
        std::vector<std::string>{lab::TagdriftBinary(), "serve", "--socket-dir", folder_ + "/run", "--state-dir",
                                 folder_ + "/state", "--metrics", "off", "--health", address, "--pods-from", "none",
                                 "--max-rate", "10000"},
        std::map<std::string, std::string>{{"CONTAINER_RUNTIME_ENDPOINT", runtime}}, folder_ + "/log");
    daemon_->AwaitReady([&] { return lab::Send({.url = "http://" + address + "/readyz"}).status == 200; });
  }
  ~ServedNode() {
    daemon_->Stop();
    std::filesystem::remove_all(folder_);
  }

  std::string Reader() const { return "unix://" + folder_ + "/run/reader.sock"; }
  std::string Operator() const { return "unix://" + folder_ + "/run/operator.sock"; }
  ProcessUsage usage() const { return UsageOf(daemon_->pid()); }
  void ForgetPeak() { bench::ForgetPeak(daemon_->pid()); }
  /// What it said of requests per hour.
  std::string Load() const {
    std::istringstream lines(lab::ReadFile(folder_ + "/log"));
    for (std::string line; std::getline(lines, line);) {
      if (line.find("an hour") != std::string::npos) return line;
    }
    return "";
  }

 private:
  const std::string folder_ = lab::LabRoot() + "/served";
  const int health_;
  std::unique_ptr<lab::Daemon> daemon_;
};

/// What one size of node costs.
struct Cost {
  int tags = 0;
  double report_kib = 0;
  double idle_mib = 0;
  double program_mib = 0;  ///< of that
  double peak_mib = 0;
  Milliseconds round_wall{0};
  Milliseconds round_cpu{0};
  Milliseconds look_cpu{0};
  double idle_hour_cpu = 0;  ///< seconds
  std::vector<BlobRegistry::Seen> seen;
  std::string load;
};

class ServeBench {
 public:
  explicit ServeBench(Options options) : options_(std::move(options)), node_(options_.images) {}

  bool Run() {
    std::vector<Cost> costs;
    for (const int tags : options_.tags) {
      node_.GrowTo(tags);
      ServedNode served(node_.endpoint());
      costs.push_back(MeasureCost(tags, served));
      if (tags != options_.tags[options_.tags.size() / 2]) continue;
      MeasureWatchers(tags, served);
      MeasureReaders(tags, served);
    }
    PrintCosts(costs);
    return right_;
  }

 private:
  void Fail(const std::string& what) {
    std::cout << "WRONG " << what << std::endl;
    right_ = false;
  }

  static void Row(const std::string& name, double is, const char* unit, double aim, bool at_least = false) {
    const bool missed = at_least ? is < aim : is > aim;
    fmt::print("{:<44} {:>9.2f} {:<9} aim {} {:<6g} {}\n", name, is, unit, at_least ? ">=" : "<=", aim,
               missed ? "MISSED" : "");
    std::fflush(stdout);
  }

  /// A round is followed by looks at the node, and every ten seconds memory is given back.
  void Settle() const { std::this_thread::sleep_for(options_.settle); }

  Cost MeasureCost(int tags, ServedNode& served) {
    const auto channel = ConnectTo(served.Operator());
    v1::GetReportRequest anew;
    anew.set_refresh(true);
    Settle();
    Cost cost{.tags = tags};
    served.ForgetPeak();
    for (int i = 0; i < kRounds; ++i) {
      node_.TakeSeen();
      const auto cpu = served.usage().cpu;
      const auto began = steady_clock::now();
      cost.report_kib = static_cast<double>(GetReport(*channel, anew).Length()) / 1024;
      cost.round_wall += (steady_clock::now() - began) / static_cast<double>(kRounds);
      cost.round_cpu += Milliseconds(served.usage().cpu - cpu) / kRounds;
      cost.seen = node_.TakeSeen();
      int heads = 0;
      for (const BlobRegistry::Seen& seen : cost.seen) heads += seen.heads;
      if (heads != tags) Fail(fmt::format("{} HEAD requests for {} tags", heads, tags));
    }
    cost.peak_mib = served.usage().peak_mib;
    // One tag asked anew: a look at the node, and one request.
    anew.mutable_filter()->add_patterns(node_.Reference(0));
    const auto cpu = served.usage().cpu;
    for (int i = 0; i < kRounds; ++i) GetReport(*channel, anew);
    cost.look_cpu = Milliseconds(served.usage().cpu - cpu) / kRounds;
    Settle();
    const auto idle_from = served.usage().cpu;
    std::this_thread::sleep_for(options_.idle);
    const ProcessUsage idle = served.usage();
    cost.idle_mib = idle.resident_mib;
    cost.program_mib = idle.program_mib;
    const double ticks = duration<double>(idle.cpu - idle_from) / options_.idle * 3600;
    cost.idle_hour_cpu = ticks + kLooksPerHour * duration<double>(cost.look_cpu).count();
    cost.load = served.Load();
    return cost;
  }

  void MeasureReaders(int tags, const ServedNode& served) {
    const auto channel = ConnectTo(served.Reader());
    std::vector<double> took;
    for (int i = 0; i < 200; ++i) {
      const auto began = steady_clock::now();
      const grpc::ByteBuffer report = GetReport(*channel, {});
      took.push_back(Milliseconds(steady_clock::now() - began).count());
      if (report.Length() == 0) Fail("an empty report");
    }
    std::ranges::sort(took);
    fmt::print("\nreaders of the full report of {} tags; clients share the processors\n", tags);
    Row("one reader, p50 of 200", took[took.size() / 2], "ms", kReportMs);

    std::vector<std::shared_ptr<grpc::Channel>> channels;
    for (int i = 0; i < options_.readers; ++i) channels.push_back(ConnectTo(served.Reader()));
    std::atomic<int> reports = 0;
    const auto cpu = served.usage().cpu;
    const auto began = steady_clock::now();
    {
      std::vector<std::jthread> readers;
      for (const auto& own : channels) {
        readers.emplace_back([&] {
          while (steady_clock::now() < began + options_.reading) {
            GetReport(*own, {});
            ++reports;
          }
        });
      }
    }
    const double elapsed = duration<double>(steady_clock::now() - began).count();
    Row(fmt::format("{} readers", options_.readers), reports / elapsed, "reports/s", kReportsPerSecond, true);
    fmt::print("{:<44} {:>9.2f} ms of the agent's CPU each\n", "",
               Milliseconds(served.usage().cpu - cpu).count() / std::max(1, reports.load()));
  }

  void MeasureWatchers(int tags, const ServedNode& served) {
    Settle();
    const ProcessUsage before = served.usage();
    fmt::print("\n{} watchers of {} tags over {} connections\n", options_.watchers, tags, kConnections);
    // One user has at most 750 places as a reader.
    WatcherCrowd crowd(served.Operator(), options_.watchers, kConnections);
    if (!crowd.AwaitMessages(1, kLimit)) return Fail("not every watcher has a report");
    Settle();
    const ProcessUsage watched = served.usage();
    Row("memory of each watcher", (watched.resident_mib - before.resident_mib) * 1024 / options_.watchers, "KiB",
        kWatcherKib);
    fmt::print("{:<44} {:>9} more\n", "threads",
               static_cast<long>(watched.threads) - static_cast<long>(before.threads));
    const auto began = steady_clock::now();
    node_.Repoint(0, CachedNode::kRegistries);
    if (!crowd.AwaitMessages(2, kLimit)) return Fail("not every watcher has the change");
    const auto had = crowd.Had(1);
    const auto [first, last] = std::ranges::minmax(had);
    Row("a change: from the first watcher to the last", duration<double>(last - first).count(), "s",
        kLastWatcherSeconds);
    fmt::print("{:<44} {:>9.2f} s\n", "          from the re-tag to the last", duration<double>(last - began).count());
    node_.Repoint(0, 0);
  }

  void PrintCosts(const std::vector<Cost>& costs) const {
    fmt::print("\nthe agent beside containerd {}, with {} images, all tags fresh, {} registries of 20 ms\n",
               node_version_, options_.images, CachedNode::kRegistries);
    const auto row = [&](const char* name, const auto& value) {
      fmt::print("{:<44}", name);
      for (const Cost& cost : costs) fmt::print(" {:>9.1f}", static_cast<double>(value(cost)));
      fmt::print("\n");
    };
    row("tags", [](const Cost& cost) { return cost.tags; });
    row("the report, KiB", [](const Cost& cost) { return cost.report_kib; });
    row("resident, idle, MiB", [](const Cost& cost) { return cost.idle_mib; });
    row("  of which pages of the program, MiB", [](const Cost& cost) { return cost.program_mib; });
    row("resident, peak of rounds, MiB", [](const Cost& cost) { return cost.peak_mib; });
    row("a round that asks about all tags, ms", [](const Cost& cost) { return cost.round_wall.count(); });
    row("its CPU, ms", [](const Cost& cost) { return cost.round_cpu.count(); });
    row("CPU of a look at the node, ms", [](const Cost& cost) { return cost.look_cpu.count(); });
    row("CPU of an idle hour (extrapolated), s", [](const Cost& cost) { return cost.idle_hour_cpu; });
    for (std::size_t i = 0; i < static_cast<std::size_t>(CachedNode::kRegistries); ++i) {
      row(fmt::format("requests of a round at registry {} of {}", i + 1, CachedNode::kRegistries).c_str(),
          [&](const Cost& cost) { return cost.seen[i].heads + cost.seen[i].others; });
    }
    for (const Cost& cost : costs) fmt::print("{} tags: {}\n", cost.tags, cost.load);
    for (const Cost& cost : costs) {
      if (cost.tags == 1000) Row("resident, idle, at 1000 tags", cost.idle_mib, "MiB", kIdleMib);
    }
    std::fflush(stdout);
  }

  const Options options_;
  CachedNode node_;
  const std::string node_version_ = lab::ChosenVersion();
  bool right_ = true;
};

std::vector<int> Numbers(const std::string& list) {
  std::vector<int> numbers;
  std::istringstream words(list);
  for (std::string word; std::getline(words, word, ',');) numbers.push_back(std::atoi(word.c_str()));
  return numbers;
}

int Main(int argc, char** argv) {
  Options options;
  bool right = argc % 2 == 1;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view option = argv[i];
    const int number = std::atoi(argv[i + 1]);
    if (option == "--tags") {
      options.tags = Numbers(argv[i + 1]);
      right = right && std::ranges::is_sorted(options.tags);
    } else if (option == "--images") {
      options.images = number;
    } else if (option == "--readers") {
      options.readers = number;
    } else if (option == "--watchers") {
      options.watchers = number;
    } else if (option == "--seconds") {
      options.idle = seconds(number);
      options.reading = seconds(std::min(number, 5));
      options.settle = seconds(std::min(number, 15));
    } else {
      right = false;
    }
    right = right && number > 0;
  }
  if (!right || options.tags.empty()) {
    std::cerr << "usage: serve_bench [--tags N,N,…] [--images N] [--readers N] [--watchers N] [--seconds N]\n";
    return 64;
  }
  if (!lab::CanRun(lab::VersionMissing(lab::ChosenVersion()))) return 0;
  return ServeBench(std::move(options)).Run() ? 0 : 1;
}

}  // namespace
}  // namespace tagdrift::bench

int main(int argc, char** argv) { return tagdrift::bench::Main(argc, argv); }

// check_bench [OPTION…], inside tests/lab/sandbox.sh: what a whole `tagdrift check -o json` takes on a real containerd
// whose tags are all fresh, beside a bare libcurl client that sends the same HEAD requests. Runs alternate; medians
// are printed. Ends with 1 when an answer is wrong or a request too many is sent; never because of a time.
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "../lab/check_run.h"
#include "../lab/failure.h"
#include "../lab/lab.h"
#include "../lab/lab_files.h"
#include "../registry/test_certificates.h"
#include "blob_registry.h"

namespace tagdrift::bench {
namespace {

using std::chrono::milliseconds;

constexpr char kRegistry[] = "bench.test";
constexpr char kSystemBundle[] = "/etc/ssl/certs/ca-certificates.crt";
constexpr int kPullers = 8;
constexpr double kMostWall = 1.35;  ///< aims, as multiples of the bare client's
constexpr double kMostCpu = 2;
constexpr double kMostMib = 26;

struct Options {
  int runs = 11;
  int tags = 200;
  int repositories = 50;
  int delay_ms = 50;
  std::uint32_t streams = 128;
  bool verbose = true;
};

struct Cost {
  double wall_ms = 0;
  double cpu_ms = 0;
  double peak_mib = 0;
};

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values.at(values.size() / 2);
}

Cost MedianOf(const std::vector<Cost>& costs) {
  const auto median = [&](double Cost::*field) {
    std::vector<double> values;
    for (const Cost& cost : costs) values.push_back(cost.*field);
    return Median(std::move(values));
  };
  return {median(&Cost::wall_ms), median(&Cost::cpu_ms), median(&Cost::peak_mib)};
}

class CheckBench {
 public:
  explicit CheckBench(const Options& options)
      : options_(options),
        lab_(lab::ChosenVersion()),
        far_(*authority_.Issue("IP:127.0.0.1"), milliseconds(options.delay_ms), options.streams) {
    lab::WriteFile(ca_, authority_.Certificate());
    lab::WriteFile(bundle_, lab::ReadFile(kSystemBundle) + authority_.Certificate());
  }

  bool Run() {
    PullAll();
    UseRegistry(far_);
    std::vector<Cost> check;
    std::vector<Cost> bare;
    std::vector<Cost> version;
    for (int i = 0; i < options_.runs && right_; ++i) {
      check.push_back(MeasureCheck());
      bare.push_back(MeasureBare());
      version.push_back(Measure({lab::TagdriftBinary(), "version"}));
    }
    if (!right_) return false;
    Print(MedianOf(check), MedianOf(bare), MedianOf(version));
    if (options_.verbose) PrintBudget();
    return right_;
  }

 private:
  void Fail(const std::string& what) {
    std::cout << "WRONG " << what << std::endl;
    right_ = false;
  }

  std::string NameOf(int i) const {
    return fmt::format("team-{}/app:v{}", i % options_.repositories, i / options_.repositories);
  }

  /// The same host twice, which is asked once: before 1.7.32 a file without a [host] table is ignored.
  void UseRegistry(const BlobRegistry& registry) {
    lab_.containerd().SetHosts(
        kRegistry, fmt::format("server = \"https://{0}\"\nca = \"{1}\"\n[host.\"https://{0}\"]\nca = \"{1}\"\n",
                               registry.Authority(), ca_));
  }

  /// Brings every tag as the kubelet would.
  void PullAll() {
    for (int i = 0; i < options_.tags; ++i) {
      const lab::Artifact image = lab::MakeImage({.text = NameOf(i)});
      const std::string name = NameOf(i);
      lab_.upstream().Push(name.substr(0, name.find(':')), name.substr(name.find(':') + 1), image);
      far_.Push(name, image);
    }
    // containerd speaks HTTP/1.1 where hosts.toml names a CA, which the registry to be measured does not.
    lab_.containerd().SetHosts(kRegistry, lab_.upstream().url(), {{.url = lab_.upstream().url()}});
    std::atomic<int> next = 0;
    std::vector<std::jthread> pullers;
    for (int puller = 0; puller < kPullers; ++puller) {
      pullers.emplace_back([&] {
        lab::Cri cri(lab_.containerd().endpoint());
        for (int i = next++; i < options_.tags; i = next++) {
          const std::string reference = std::string(kRegistry) + "/" + NameOf(i);
          if (const auto pulled = cri.Pull(reference); !pulled.ok()) {
            lab::GiveUp("pulling " + reference + ": " + std::string(pulled.status().message()));
          }
        }
      });
    }
  }

  Cost Measure(const std::vector<std::string>& command) {
    std::vector<std::string> words{TAGDRIFT_MEASURED, out_};
    words.insert(words.end(), command.begin(), command.end());
    const lab::Output output =
        lab::RunCommand(words, {.environment = {{"CONTAINER_RUNTIME_ENDPOINT", lab_.containerd().endpoint()}}});
    if (output.exit_code != 0) {
      Fail(fmt::format("{} {}: exit code {}: {}{}", command[0], command[1], output.exit_code, output.out, output.err));
    }
    std::istringstream numbers(output.out);
    std::string word;
    Cost cost;
    numbers >> word >> cost.wall_ms >> word >> cost.cpu_ms >> word >> cost.peak_mib;
    return {cost.wall_ms / 1000, cost.cpu_ms / 1000, cost.peak_mib / 1024};
  }

  std::vector<std::string> CheckCommand() const {
    return {lab::TagdriftBinary(), "check", "-o", "json", std::string(kRegistry) + "/*"};
  }

  void ExpectRequests(const std::string& who) {
    const BlobRegistry::Seen seen = far_.TakeSeen();
    if (seen.heads == options_.tags && seen.others == 0) return;
    Fail(fmt::format("{}: {} HEAD and {} other requests for {} tags", who, seen.heads, seen.others, options_.tags));
  }

  Cost MeasureCheck() {
    const Cost cost = Measure(CheckCommand());
    const auto report = nlohmann::json::parse(lab::ReadFile(out_), nullptr, false);
    const int fresh = report.is_object() ? report["summary"].value("fresh", 0) : 0;
    if (fresh != options_.tags) Fail(fmt::format("{} of {} tags are fresh", fresh, options_.tags));
    ExpectRequests("tagdrift");
    return cost;
  }

  Cost MeasureBare() {
    const Cost cost = Measure({TAGDRIFT_BARE_HEADS, far_.Authority(), std::to_string(options_.tags),
                               std::to_string(options_.repositories), bundle_});
    ExpectRequests("the bare client");
    return cost;
  }

  void Print(const Cost& check, const Cost& bare, const Cost& version) const {
    fmt::print(
        "{} fresh tags in {} repositories on containerd {}; TLS, HTTP/2, {} ms, {} streams; medians of {} runs\n",
        options_.tags, options_.repositories, lab_version_, options_.delay_ms, options_.streams, options_.runs);
    fmt::print("{:<24} {:>10} {:>10} {:>10}\n", "", "wall ms", "CPU ms", "peak MiB");
    const auto row = [](const char* name, const Cost& cost) {
      fmt::print("{:<24} {:>10.1f} {:>10.1f} {:>10.1f}\n", name, cost.wall_ms, cost.cpu_ms, cost.peak_mib);
    };
    row("tagdrift check -o json", check);
    row("bare libcurl client", bare);
    row("tagdrift version", version);
    const auto verdict = [](double is, double most) { return is <= most ? "" : "OVER"; };
    const double wall = check.wall_ms / bare.wall_ms;
    const double cpu = check.cpu_ms / bare.cpu_ms;
    fmt::print("wall {:.2f} of the bare client's (aim {:.2f}) {}\n", wall, kMostWall, verdict(wall, kMostWall));
    fmt::print("CPU  {:.2f} of the bare client's (aim {:.2f}) {}\n", cpu, kMostCpu, verdict(cpu, kMostCpu));
    fmt::print("peak {:.1f} MiB (aim {:.1f}) {}\n", check.peak_mib, kMostMib, verdict(check.peak_mib, kMostMib));
    std::fflush(stdout);
  }

  /// What the program itself says of one more run.
  void PrintBudget() {
    std::vector<std::string> command = CheckCommand();
    command.push_back("-v");
    const lab::Output output =
        lab::RunCommand(command, {.environment = {{"CONTAINER_RUNTIME_ENDPOINT", lab_.containerd().endpoint()}}});
    std::cout << "\nwith -v:\n" << output.err;
  }

  const Options options_;
  lab::Lab lab_;
  const std::string lab_version_ = lab::ChosenVersion();
  const std::string ca_ = lab::LabRoot() + "/bench-ca.crt";
  const std::string bundle_ = lab::LabRoot() + "/bench-bundle.crt";
  const std::string out_ = lab::LabRoot() + "/bench-out";
  registry::TestAuthority authority_;
  BlobRegistry far_;
  bool right_ = true;
};

int Main(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    const auto number = [&] { return i + 1 < argc ? std::atoi(argv[++i]) : 0; };
    if (argument == "--runs") {
      options.runs = number();
    } else if (argument == "--tags") {
      options.tags = number();
    } else if (argument == "--repositories") {
      options.repositories = number();
    } else if (argument == "--delay") {
      options.delay_ms = number();
    } else if (argument == "--streams") {
      options.streams = static_cast<std::uint32_t>(number());
    } else {
      options.runs = 0;
    }
  }
  if (options.runs < 1 || options.tags < 1 || options.repositories < 1 || options.streams < 1) {
    std::cerr << "usage: check_bench [--runs N] [--tags N] [--repositories N] [--delay MS] [--streams N]\n";
    return 64;
  }
  if (!lab::CanRun(lab::VersionMissing(lab::ChosenVersion()))) return 0;
  return CheckBench(options).Run() ? 0 : 1;
}

}  // namespace
}  // namespace tagdrift::bench

int main(int argc, char** argv) { return tagdrift::bench::Main(argc, argv); }

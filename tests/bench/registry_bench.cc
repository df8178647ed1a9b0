// registry_bench [OPTION…]: what asking a registry for the digests of
// many tags takes, beside the floor that its delay sets and beside one `skopeo inspect` per tag. Ends with 1 when a
// count is wrong (a request too many, a second connection); never because of a time.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "../registry/test_certificates.h"
#include "measured_run.h"
#include "pretend_registry.h"

namespace tagdrift::bench {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

constexpr int kRepositories = 50;
constexpr int kSkopeoTags = 20;
constexpr std::uint32_t kStreams = 250;
constexpr int kMostKib = 25 * 1024;  // the aim of a one-shot

struct Scene {
  int tags;
  int delay_ms;
  bool token;
};

struct Options {
  bool brief = false;
  int runs = 3;
  std::string ca_bundle = "/etc/ssl/certs/ca-certificates.crt";
  std::string skopeo;
  std::vector<std::string> under;
  std::vector<Scene> scenes;
};

/// What one round of a scene took, by the program's own account and by the server's.
struct Round {
  MeasuredRun run;
  int requests = 0;
  int tokens = 0;
  int connections = 0;
  int peak_kib = 0;
  PretendRegistry::Seen seen;
};

/// The certificate authority of the servers, and a bundle that holds it beside the system's.
struct Trust {
  registry::TestAuthority authority;
  std::string bundle;
};

double Milliseconds(microseconds time) { return static_cast<double>(time.count()) / 1000.0; }

/// First contact is one request alone; then as many at a time as the server takes.
double FloorMs(const Scene& scene) {
  const int streams = static_cast<int>(kStreams);
  const int waves = (scene.tags - 1 + streams - 1) / streams;
  return scene.delay_ms * (1 + waves + (scene.token ? 2 : 0));
}

double AimMs(const Scene& scene) { return 1.3 * FloorMs(scene) + 40; }

PretendRegistry::Settings ServerFor(const Scene& scene, const Trust& trust, bool http1 = false) {
  return {.pair = *trust.authority.Issue("IP:127.0.0.1"),
          .delay = milliseconds(scene.delay_ms),
          .streams = kStreams,
          .wants_token = scene.token,
          .http1 = http1};
}

Round Play(const Options& options, const Scene& scene, const Trust& trust) {
  const PretendRegistry server(ServerFor(scene, trust));
  Round round;
  std::vector<std::string> command = options.under;
  for (const std::string& word : {std::string(REGISTRY_ASK), server.Authority(), std::to_string(scene.tags),
                                  std::to_string(kRepositories), trust.bundle}) {
    command.push_back(word);
  }
  round.run = Measure(command);
  std::istringstream words(round.run.out);
  std::string word;
  int answered = 0;
  words >> word >> answered >> word >> round.requests >> word >> round.tokens >> word >> round.connections >> word >>
      round.peak_kib;
  round.seen = server.seen();
  return round;
}

/// Every way in which the counts of `round` are not what they should be.
std::vector<std::string> Wrong(const Scene& scene, const Round& round) {
  std::vector<std::string> wrong;
  const auto expect = [&wrong](const std::string& what, int got, int wanted) {
    if (got != wanted) wrong.push_back(fmt::format("{}: {} instead of {}", what, got, wanted));
  };
  const PretendRegistry::Seen& seen = round.seen;
  const auto most = [](const std::map<std::string, int>& counts) {
    int most_seen = 0;
    for (const auto& [key, count] : counts) most_seen = std::max(most_seen, count);
    return most_seen;
  };
  expect("exit code", round.run.exit_code, 0);
  expect("tags answered", static_cast<int>(seen.heads.size()), scene.tags);
  expect("answers to one tag", most(seen.heads), 1);
  expect("challenges", seen.challenges, scene.token ? 1 : 0);
  expect("other requests", seen.others, 0);
  expect("scopes", static_cast<int>(seen.tokens.size()), scene.token ? std::min(kRepositories, scene.tags) : 0);
  expect("tokens for one scope", most(seen.tokens), scene.token ? 1 : 0);
  expect("connections to the registry", seen.connections, 1);
  expect("handshakes with the registry", seen.handshakes, 1);
  expect("connections to the token server", seen.token_connections, scene.token ? 1 : 0);
  expect("handshakes with the token server", seen.token_handshakes, scene.token ? 1 : 0);
  expect("requests by the client's count", round.requests, scene.tags + (scene.token ? 1 : 0));
  expect("tokens by the client's count", round.tokens, static_cast<int>(seen.tokens.size()));
  expect("connections by the client's count", round.connections, seen.connections + seen.token_connections);
  return wrong;
}

/// Milliseconds for all tags of `scene`, one `skopeo inspect` after the other, from a few of them; nothing where skopeo
/// does not do it.
std::optional<double> SkopeoMs(const Options& options, const Scene& scene, const Trust& trust) {
  if (options.skopeo.empty()) return std::nullopt;
  const PretendRegistry server(ServerFor(scene, trust, true));
  microseconds total{0};
  for (int i = 0; i < kSkopeoTags; ++i) {
    const std::string image = fmt::format("docker://{}/team-{}/app:v0", server.Authority(), i);
    const MeasuredRun run =
        Measure({options.skopeo, "--insecure-policy", "inspect", "--no-tags", "--format", "{{.Digest}}", image},
                {{"SSL_CERT_FILE", trust.bundle}, {"SSL_CERT_DIR", "/nonexistent"}});
    if (run.exit_code != 0) return std::nullopt;
    total += run.wall;
  }
  return Milliseconds(total) / kSkopeoTags * scene.tags;
}

/// The round with the middle wall time.
const Round& Middle(std::vector<Round>& rounds) {
  std::sort(rounds.begin(), rounds.end(), [](const Round& a, const Round& b) { return a.run.wall < b.run.wall; });
  return rounds.at(rounds.size() / 2);
}

bool Show(const Options& options, const Scene& scene, const Trust& trust) {
  std::vector<Round> rounds;
  std::vector<std::string> wrong;
  for (int i = 0; i < options.runs; ++i) {
    rounds.push_back(Play(options, scene, trust));
    for (std::string& what : Wrong(scene, rounds.back())) wrong.push_back(std::move(what));
  }
  const Round& middle = Middle(rounds);
  const double wall = Milliseconds(middle.run.wall);
  const auto skopeo = SkopeoMs(options, scene, trust);
  const int others = middle.seen.connections + middle.seen.token_connections;
  fmt::print("{:>5} {:>6} {:<6} {:>8} {:>4} {:>6} {:>5} {:>8.1f} {:>8.1f} {:>8.1f} {:<4} {:>7.1f} {:>8.1f} {:<4} {}\n",
             scene.tags, scene.delay_ms, scene.token ? "token" : "open", middle.requests, middle.seen.challenges,
             middle.tokens, others, wall, FloorMs(scene), AimMs(scene), wall <= AimMs(scene) ? "" : "OVER",
             Milliseconds(middle.run.cpu), middle.peak_kib / 1024.0, middle.peak_kib > kMostKib ? "OVER" : "",
             skopeo ? fmt::format("{:>9.0f} {:>6.0f}", *skopeo, *skopeo / wall) : "        -      -");
  std::fflush(stdout);
  for (const std::string& what : wrong) std::cout << "      WRONG " << what << "\n" << std::flush;
  return wrong.empty();
}

std::string MakeBundle(const std::string& system, const std::string& own) {
  std::ifstream in(system, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(in), {}};
  const std::string path =
      fmt::format("{}/registry_bench.{}.pem", std::filesystem::temp_directory_path().string(), getpid());
  std::ofstream(path, std::ios::binary) << bytes << own;
  return path;
}

std::vector<Scene> Scenes(const Options& options) {
  if (!options.scenes.empty()) return options.scenes;
  if (options.brief) return {{200, 0, false}, {200, 0, true}};
  std::vector<Scene> scenes;
  for (const bool token : {false, true}) {
    for (const int delay : {0, 20, 50, 100}) scenes.push_back({200, delay, token});
    for (const int delay : {0, 20, 100}) scenes.push_back({2000, delay, token});
  }
  return scenes;
}

int Run(const Options& options) {
  Trust trust;
  trust.bundle = MakeBundle(options.ca_bundle, trust.authority.Certificate());
  fmt::print(
      "{} repositories, TLS, HTTP/2 with {} streams; of {} runs the one with the middle wall time; times in ms, peak "
      "in MiB (aim 25)\n",
      kRepositories, kStreams, options.runs);
  if (!options.skopeo.empty()) {
    fmt::print("skopeo: one `skopeo inspect` after the other, from {} tags extrapolated; ratio to our wall time\n",
               kSkopeoTags);
  }
  fmt::print("{:>5} {:>6} {:<6} {:>8} {:>4} {:>6} {:>5} {:>8} {:>8} {:>8} {:<4} {:>7} {:>8} {:<4} {:>9} {:>6}\n",
             "tags", "delay", "access", "requests", "401", "tokens", "conns", "wall", "floor", "aim", "", "cpu", "peak",
             "", "skopeo", "ratio");
  bool right = true;
  for (const Scene& scene : Scenes(options)) right = Show(options, scene, trust) && right;
  std::filesystem::remove(trust.bundle);
  if (!right) std::cerr << "registry_bench: counts are wrong\n";
  return right ? 0 : 1;
}

/// "200,20,token".
std::optional<Scene> ParseScene(const std::string& text) {
  std::istringstream words(text);
  Scene scene{};
  char comma = 0;
  std::string how;
  if (!(words >> scene.tags >> comma >> scene.delay_ms >> comma >> how) || scene.tags < 1 || scene.delay_ms < 0) {
    return std::nullopt;
  }
  if (how != "open" && how != "token") return std::nullopt;
  scene.token = how == "token";
  return scene;
}

int Main(const std::vector<std::string>& arguments) {
  Options options;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const bool more = i + 1 < arguments.size();
    if (arguments[i] == "--short") {
      options.brief = true;
      options.runs = 1;
    } else if (arguments[i] == "--runs" && more) {
      options.runs = std::max(1, std::atoi(arguments[++i].c_str()));
    } else if (arguments[i] == "--ca-bundle" && more) {
      options.ca_bundle = arguments[++i];
    } else if (arguments[i] == "--skopeo" && more) {
      options.skopeo = arguments[++i];
    } else if (arguments[i] == "--under" && more) {
      std::istringstream words(arguments[++i]);
      for (std::string word; words >> word;) options.under.push_back(word);
    } else if (std::optional<Scene> scene;
               arguments[i] == "--scene" && more && (scene = ParseScene(arguments[i + 1]))) {
      options.scenes.push_back(*scene);
      ++i;
    } else {
      std::cerr << "usage: registry_bench [--short] [--scene TAGS,MS,open|token] [--runs N] [--ca-bundle FILE] "
                   "[--skopeo PROGRAM] [--under \"PROGRAM…\"]\n";
      return 64;
    }
  }
  return Run(options);
}

}  // namespace
}  // namespace tagdrift::bench

int main(int argc, char** argv) { return tagdrift::bench::Main({argv + 1, argv + argc}); }

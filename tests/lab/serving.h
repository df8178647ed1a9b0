#pragma once

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "check_run.h"
#include "failure.h"
#include "http.h"
#include "lab_files.h"
#include "lab_fixture.h"

/// A `tagdrift serve` beside the lab's containerd.
namespace tagdrift::lab {

/// Two images of one tag that can run, v2 built after v1, and the tag at the lab's registry, still v1.
struct App {
  /// Of a registry of its own, behind which is the lab's.
  explicit App(const std::string& name, const std::string& registry) : App(name) {
    reference = registry + "/" + repository + ":v1";
    TheLab().containerd().SetHosts(registry, TheLab().upstream().url(), {{.url = TheLab().upstream().url()}});
  }
  explicit App(const std::string& name)
      : v1(MakeImage({.text = name + " v1", .created = "2024-01-01T00:00:00Z", .runnable = true})),
        v2(MakeImage({.text = name + " v2", .created = "2024-02-01T00:00:00Z", .runnable = true})),
        repository(name + "/app"),
        reference(TheLab().upstream().host() + "/" + repository + ":v1") {
    TheLab().upstream().Push(repository, "v1", v1);
  }
  void Move() const { TheLab().upstream().Push(repository, "v1", v2); }
  std::string Pull() const {
    const auto pulled = TheLab().cri().Pull(reference);
    EXPECT_TRUE(pulled.ok()) << pulled.status();
    return pulled.value_or("");
  }

  Artifact v1;
  Artifact v2;
  std::string repository;
  std::string reference;
};

/// The agent of one test.
class Agent {
 public:
  /// `options`: further ones.
  explicit Agent(const std::string& name, std::vector<std::string> options = {})
      : folder_(LabRoot() + "/serve-" + name), options_(std::move(options)), metrics_(FreePort()), health_(FreePort()) {
    mkdir(folder_.c_str(), 0755);
    mkdir(StateDir().c_str(), 0700);
    Start();
  }

  void Start() {
    std::vector<std::string> command = {TagdriftBinary(), "serve"};
    for (const std::string& word :
         {std::string("--socket-dir"), SocketDir(), std::string("--state-dir"), StateDir(), std::string("--metrics"),
          "127.0.0.1:" + std::to_string(metrics_), std::string("--health"), "127.0.0.1:" + std::to_string(health_),
          std::string("--pods-from"), std::string("none"), std::string("--enable-actions"), std::string("all")}) {
      command.push_back(word);
    }
    command.insert(command.end(), options_.begin(), options_.end());
    daemon_ = std::make_unique<Daemon>(
        "the agent", command,
        std::map<std::string, std::string>{{"CONTAINER_RUNTIME_ENDPOINT", TheLab().containerd().endpoint()}}, Log());
    daemon_->AwaitReady([this] { return Get("/readyz", health_).status == 200; });
  }

  std::string SocketDir() const { return folder_ + "/run"; }
  std::string StateDir() const { return folder_ + "/state"; }
  std::string Log() const { return folder_ + "/log"; }
  std::string Reader() const { return "unix://" + SocketDir() + "/reader.sock"; }
  std::string Operator() const { return "unix://" + SocketDir() + "/operator.sock"; }
  HttpAnswer Get(const std::string& path, int port) const {
    return Send({.url = "http://127.0.0.1:" + std::to_string(port) + path});
  }
  std::string MetricsAddress() const { return "127.0.0.1:" + std::to_string(metrics_); }
  HttpAnswer Metrics() const { return Get("/metrics", metrics_); }
  HttpAnswer Health() const { return Get("/healthz", health_); }
  Daemon& daemon() { return *daemon_; }

  nlohmann::json Report(std::vector<std::string> arguments = {}) const {
    arguments.insert(arguments.begin(), {"check", "--agent", Reader(), "-o", "json"});
    const Output output = RunTagdrift(TheLab(), arguments);
    return nlohmann::json::parse(output.out, nullptr, false);
  }
  nlohmann::json Tag(const std::string& reference) const {
    const nlohmann::json report = Report();
    for (const nlohmann::json& tag : report.is_object() ? report["tags"] : nlohmann::json::array()) {
      if (tag["reference"] == reference) return tag;
    }
    return nlohmann::json::object();
  }
  std::string VerdictOf(const std::string& reference) const { return Tag(reference).value("verdict", ""); }

 private:
  const std::string folder_;
  const std::vector<std::string> options_;
  const int metrics_;
  const int health_;
  std::unique_ptr<Daemon> daemon_;
};

/// Waits, and prints how long it took. Without events the agent would look again after five minutes.
inline void ExpectSoon(const std::string& what, const std::function<bool()>& done) {
  const auto began = std::chrono::steady_clock::now();
  EXPECT_TRUE(Poll(done)) << what;
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  std::cout << what << ": seen after " << took.count() << " s\n";
}

/// Without what differs from one look to the next.
inline nlohmann::json WithoutTimes(nlohmann::json report) {
  report.erase("checkedAt");
  for (nlohmann::json& tag : report["tags"]) {
    for (nlohmann::json& host : tag["hosts"]) {
      host.erase("checkedAt");
      host.erase("latency");
    }
    tag.erase("firstSeen");
  }
  for (nlohmann::json& registry : report["registries"]) {
    for (nlohmann::json& host : registry["summary"]) host.erase("slowest");
  }
  return report;
}

}  // namespace tagdrift::lab

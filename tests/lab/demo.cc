// The incident that tagdrift is for, on a real containerd: a new image is pushed, the pod is restarted, the old code
// runs. What `explain` says of it is README's worked example.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <regex>
#include <string>
#include <utility>
#include <vector>

#include "failure.h"
#include "kubelet.h"
#include "lab.h"
#include "lab_files.h"

namespace tagdrift::lab {
namespace {

using nlohmann::json;

constexpr int kPort = 5000;
constexpr const char* kReference = "registry.corp:5000/shop/app:latest";
constexpr const char* kHostsFile = "/etc/containerd/certs.d/registry.corp:5000/hosts.toml";

void Step(const std::string& narration) {
  static int number = 0;
  std::printf("\n%d. %s\n", ++number, narration.c_str());
}

/// The command that an operator would type for what happens here.
void Command(const std::string& command) { std::printf("   $ %s\n", command.c_str()); }

void Show(const std::string& text) {
  std::size_t from = 0;
  while (from < text.size()) {
    const std::size_t to = std::min(text.find('\n', from), text.size());
    std::printf("     %s\n", text.substr(from, to - from).c_str());
    from = to + 1;
  }
}

std::string Short(const std::string& digest) { return digest.substr(0, sizeof "sha256:" - 1 + 12); }

/// A node whose pulls go through a mirror.
class Incident {
 public:
  explicit Incident(const std::string& version)
      : registry_("registry", {.address = "registry.corp", .port = kPort}),
        mirror_("mirror", {.address = "mirror.corp", .port = kPort}) {
    const Artifact pause = MakeImage({.text = "pause", .runnable = true});
    registry_.Push("pause", "3", pause);
    mirror_.Push("pause", "3", pause);
    containerd_.emplace(version, "registry.corp:5000/pause:3", UsualPlaces());
    containerd_->SetHosts("registry.corp:5000", registry_.url(), {{.url = mirror_.url()}});
    cri_.emplace(containerd_->endpoint());
  }

  /// As the kubelet does with imagePullPolicy IfNotPresent: from what the node has.
  void RestartFromNode() {
    if (const absl::Status removed = cri_->Remove(*pod_); !removed.ok()) GiveUp(std::string(removed.message()));
    const auto status = cri_->ImageStatus(kReference);
    if (!status.ok() || !*status) GiveUp("the node does not know " + std::string(kReference));
    Run((*status)->id, "IfNotPresent");
  }

  void Push(Registry& registry, const Artifact& image) { registry.Push("shop/app", "latest", image); }

  /// As the kubelet does with imagePullPolicy Always.
  void Restart() {
    if (pod_) {
      const absl::Status removed = cri_->Remove(*pod_);
      if (!removed.ok()) GiveUp(std::string(removed.message()));
    }
    const auto image_id = cri_->Pull(kReference);
    if (!image_id.ok()) GiveUp(std::string(image_id.status().message()));
    Run(*image_id, "Always");
  }

  Registry& registry() { return registry_; }
  Registry& mirror() { return mirror_; }
  std::string Says() const { return FirstLine(*pod_); }

  /// Runs the program as a pod of this node.
  Output Tagdrift(const std::string& tagdrift, std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), tagdrift);
    return RunCommand(arguments, {.environment = {{"NODE_NAME", "node-1"}, {"NODE_IP", node_ip_}}});
  }

 private:
  void Run(const std::string& image_id, const std::string& pull_policy) {
    const PodSpec spec{.name = "app-6c9d7-" + std::to_string(++starts_),
                       .image_id = image_id,
                       .requested = kReference,
                       .pod_namespace = "shop",
                       .container = "app",
                       .deployment = "app"};
    auto pod = cri_->Run(spec);
    if (!pod.ok()) GiveUp(std::string(pod.status().message()));
    pod_ = *std::move(pod);
    kubelet_.reset();
    kubelet_.emplace(spec, pull_policy);
    node_ip_ = kubelet_->GiveServiceAccount();
  }

  Registry registry_;
  Registry mirror_;
  std::optional<Containerd> containerd_;
  std::optional<Cri> cri_;
  std::optional<Pod> pod_;
  std::optional<Kubelet> kubelet_;
  std::string node_ip_;
  int starts_ = 0;
};

void Expect(bool holds, const std::string& what) {
  if (!holds) GiveUp("the demo did not go as it should: " + what);
}

/// Runs the real program and shows what it says.
Output Tagdrift(const Incident& incident, const std::string& tagdrift, const std::vector<std::string>& arguments) {
  std::string line = "tagdrift";
  for (const std::string& argument : arguments) line += " " + argument;
  Command(line);
  Output output = incident.Tagdrift(tagdrift, arguments);
  std::printf("%s%s\nexit code %d\n", output.err.c_str(), output.out.c_str(), output.exit_code);
  return output;
}

/// The finding by the same program's JSON.
json Finding(const Incident& incident, const std::string& tagdrift) {
  const Output output = incident.Tagdrift(tagdrift, {"check", "-o", "json", kReference});
  json report = json::parse(output.out, nullptr, false);
  Expect(report.is_object() && report["tags"].is_array() && report["tags"].size() == 1, "no report: " + output.err);
  return report["tags"][0];
}

void ExpectStaleMirror(json tag, const Artifact& v1, const Artifact& v2) {
  Expect(tag["verdict"] == "VERDICT_STALE", "the tag is " + tag["verdict"].dump() + ", not stale");
  Expect(tag["cause"] == "CAUSE_STALE_MIRROR", "the cause is " + tag["cause"].dump() + ", not the mirror");
  Expect(tag["cachedDigest"] == v1.digest() && tag["originDigest"] == v2.digest(), "other digests: " + tag.dump());
  Expect(tag["nextPull"]["digest"] == v1.digest(), "another forecast: " + tag.dump());
}

/// `text` without what is another at each run and on each containerd: times, latencies, image ids and digests, of which
/// only counts which are the same; and how lines are broken, which goes by their lengths.
std::string Essence(const std::string& text) {
  static const std::regex kSpace(R"(\s+)");
  static const std::regex kVersion(R"(containerd [0-9][^,]*,)");
  static const std::regex kTime(R"([0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}Z)");
  static const std::regex kLatency(R"(\([0-9.]+ m?s\))");
  static const std::regex kDigits(R"(\b[0-9a-f]{12}\b)");
  std::string line = std::regex_replace(text, kSpace, " ");
  line = std::regex_replace(line, kVersion, "containerd VERSION,");
  line = std::regex_replace(line, kTime, "TIME");
  line = std::regex_replace(line, kLatency, "(LATENCY)");
  std::map<std::string, std::size_t> digests;
  std::string essence;
  std::smatch match;
  for (; std::regex_search(line, match, kDigits); line = match.suffix()) {
    const std::size_t number = digests.try_emplace(match.str(), digests.size() + 1).first->second;
    essence += match.prefix().str() + "DIGEST-" + std::to_string(number);
  }
  return essence + line;
}

/// With TAGDRIFT_WRITE_SCREENS in the environment EXAMPLE.json is written anew instead; render_test makes the screen of
/// it.
void ExpectAsIn(const std::string& example, const std::string& screen, const std::string& report) {
  if (std::getenv("TAGDRIFT_WRITE_SCREENS") != nullptr) {
    WriteFile(example + ".json", json::parse(report).dump(1) + "\n");
    return;
  }
  const std::string expected = Essence(ReadFile(example + ".txt"));
  Expect(Essence(screen) == expected, "explain says\n" + Essence(screen) + "\nand " + example + ".txt\n" + expected);
}

/// `example`: FILE, where FILE.txt is what explain prints; empty: whatever it prints.
void Tell(const std::string& version, const std::string& tagdrift, const std::string& example) {
  NameTheRegistries();
  const Artifact v1 = MakeImage({.text = "shop, version 1", .created = "2024-01-10T09:00:00Z", .runnable = true});
  const Artifact v2 = MakeImage({.text = "shop, version 2", .created = "2024-02-10T09:00:00Z", .runnable = true});
  Incident incident(version);

  Step("The team pushes version 1 to its registry; the mirror gets a copy.");
  Command("docker push registry.corp:5000/shop/app:latest");
  incident.Push(incident.registry(), v1);
  incident.Push(incident.mirror(), v1);
  Show("latest: digest " + Short(v1.digest()));

  Step("The node is set up to ask the mirror first.");
  Command(std::string("cat ") + kHostsFile);
  Show(ReadFile(kHostsFile));

  Step("The pod starts (imagePullPolicy: Always).");
  Command("kubectl -n shop create deployment app --image=registry.corp:5000/shop/app");
  incident.Restart();
  Command("kubectl -n shop logs deployment/app");
  Show(incident.Says());
  Expect(incident.Says() == "shop, version 1", "the container says " + incident.Says());

  Step("The team pushes version 2 under the same tag.");
  Command("docker push registry.corp:5000/shop/app:latest");
  incident.Push(incident.registry(), v2);
  Show("latest: digest " + Short(v2.digest()));

  Step("The pod is restarted and its image pulled again. Still the old code:");
  Command("kubectl -n shop rollout restart deployment/app");
  incident.Restart();
  Command("kubectl -n shop logs deployment/app");
  Show(incident.Says());
  Expect(incident.Says() == "shop, version 1", "the container says " + incident.Says());

  Step("On the node, one command says why:");
  Expect(Tagdrift(incident, tagdrift, {"check"}).exit_code == 1, "a stale tag must give exit code 1");
  ExpectStaleMirror(Finding(incident, tagdrift), v1, v2);

  Step("The whole chain of that tag, link by link, and what to do about it:");
  const Output explained = Tagdrift(incident, tagdrift, {"explain", kReference});
  Expect(explained.exit_code == 1, "a stale tag must give exit code 1");
  if (!example.empty()) {
    ExpectAsIn(example, explained.out, incident.Tagdrift(tagdrift, {"explain", "-o", "json", kReference}).out);
  }

  Step(
      "The node is put right without waiting for the mirror: the new image is pulled by its digest,\n"
      "   which walks past the mirror, and the one tag is pointed to it.");
  Expect(Tagdrift(incident, tagdrift, {"refresh", "--yes", kReference}).exit_code == 0, "the refresh must succeed");

  Step("The pod is restarted from what the node has (imagePullPolicy: IfNotPresent). The new code:");
  Command("kubectl -n shop rollout restart deployment/app");
  incident.RestartFromNode();
  Command("kubectl -n shop logs deployment/app");
  Show(incident.Says());
  Expect(incident.Says() == "shop, version 2", "the container says " + incident.Says());

  Step("Nothing is stale any more, and the mirror is named as the risk that is left:");
  const Output last = Tagdrift(incident, tagdrift, {"check"});
  Expect(last.exit_code == 0, "a fresh tag must give exit code 0");
  const std::string headline = last.out.substr(0, last.out.find('\n'));
  Expect(headline.find("mirror.corp:5000") != std::string::npos,
         "the first line does not name the mirror: " + headline);
}

}  // namespace
}  // namespace tagdrift::lab

int main(int argc, char** argv) {
  if (argc != 3 && argc != 4) {
    std::fprintf(stderr, "usage: lab_demo CONTAINERD-VERSION TAGDRIFT [EXAMPLE]\n");
    return 64;
  }
  if (!tagdrift::lab::CanRun(tagdrift::lab::VersionMissing(argv[1]))) return 0;
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  // By its name alone, so that the commands that it prints are those of a node where it is installed.
  const std::filesystem::path program = std::filesystem::absolute(argv[2]);
  const char* path = std::getenv("PATH");
  setenv("PATH", (program.parent_path().string() + ":" + (path == nullptr ? "" : path)).c_str(), 1);
  tagdrift::lab::Tell(argv[1], program.filename(), argc == 4 ? argv[3] : "");
  return 0;
}

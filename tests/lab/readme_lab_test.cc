// README's commands for a node, pasted into bash on a node that has its registries and its incident.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include "check_run.h"
#include "failure.h"
#include "http.h"
#include "lab_files.h"
#include "lab_fixture.h"

namespace tagdrift::lab {
namespace {

using testing::AnyOf;
using testing::ElementsAreArray;
using testing::HasSubstr;

struct Command {
  std::string text;
  std::string told;  ///< the first line that the document shows of its answer; empty where it shows none
};

/// Reads the commands of a document in Markdown, in its order: the lines of shell blocks, what stands after a prompt in
/// other blocks, and in prose calls of tagdrift that have options.
class CommandReader {
 public:
  explicit CommandReader(const std::string& document) {
    std::istringstream lines(document);
    for (std::string line; std::getline(lines, line);) {
      if (line.starts_with("```")) {
        block_ = block_.empty() ? line : "";
        ReadProse();
        shows_answer_ = false;
      } else if (block_.empty()) {
        prose_ += line + " ";
        if (line.empty()) ReadProse();
      } else if (block_ == "```sh") {
        ReadShell(line);
      } else {
        ReadScreen(line);
      }
    }
    ReadProse();
  }

  const std::vector<Command>& commands() const { return commands_; }

 private:
  void ReadProse() {
    static const std::regex kCall("`(tagdrift [a-z]+ --[^`]*)`");
    for (std::sregex_iterator found(prose_.begin(), prose_.end(), kCall), end; found != end; ++found) {
      commands_.push_back({(*found)[1], ""});
    }
    prose_.clear();
  }

  void ReadShell(const std::string& line) {
    if (continued_) {
      commands_.back().text += "\n" + line;
    } else if (!line.empty() && !line.starts_with('#')) {
      commands_.push_back({line, ""});
    }
    continued_ = line.ends_with('\\');
  }

  /// What is indented is an answer that names a command.
  void ReadScreen(const std::string& line) {
    const std::size_t text = line.find_first_not_of(' ');
    const bool is_command = text != std::string::npos && line.compare(text, 2, "$ ") == 0;
    if (is_command) {
      commands_.push_back({line.substr(text + 2), ""});
    } else if (shows_answer_) {
      commands_.back().told = line;
    }
    shows_answer_ = is_command && text == 0;
  }

  std::string block_;  ///< the line that began it; empty outside of blocks
  std::string prose_;
  bool continued_ = false;
  bool shows_answer_ = false;
  std::vector<Command> commands_;
};

/// README's node: its registries, and a mirror that is asked first.
class ReadmesNode {
 public:
  ReadmesNode() {
    std::filesystem::create_directories(home_ + "/build");
    std::filesystem::create_directory_symlink(std::filesystem::path(TagdriftBinary()).parent_path(),
                                              home_ + "/build/release");
    WriteFile(home_ + "/certs.d/quay.io/hosts.toml",
              "[host.\"https://mirror.corp\"]\ncapabilities = [\"pull\", \"resolv\"]\n");
  }
  ~ReadmesNode() {
    for (const Pod& pod : pods_) EXPECT_TRUE(TheLab().cri().Remove(pod).ok());
  }
  ReadmesNode(const ReadmesNode&) = delete;
  ReadmesNode& operator=(const ReadmesNode&) = delete;

  // Situations, in the order of README.
  void CartIsBehindTheMirror() { FallBehind("registry.corp", "shop/cart", "v7"); }
  void AppIsBehindTheMirror() { FallBehind("registry.corp:5000", "shop/app", "latest"); }
  void PodsRunWhatTheirTagsWere() {
    AskTheMirrorFor({"registry.corp", "registry.corp:5000"});
    for (const Tag& tag : tags_) {
      mirror_.Push(tag.repository, tag.name, tag.latest);
      PullOrFail(tag.reference);
      WaitFor(tag.reference + " to move", [&] {
        const auto status = TheLab().cri().ImageStatus(tag.reference);
        return status.ok() && *status && (*status)->id == tag.latest.image_id();
      });
    }
  }
  void TeamsAppIsBehindTheMirror() { FallBehind("registry.corp", "team/app", "latest"); }
  void AgentHasItsReport() {
    WaitFor("the agent's report", [] { return Send({.url = "http://127.0.0.1:9615/readyz"}).status == 200; });
    EXPECT_TRUE(std::filesystem::exists("/var/lib/tagdrift/history.json")) << ReadFile(log_);
  }

  /// What is left running writes to a file.
  Output Paste(const std::string& command) const {
    const std::string line = command.ends_with('&') ? "{ " + command + "\n} >" + log_ + " 2>&1" : command;
    return RunCommand({"bash"}, {.environment = {{"PATH", home_ + "/build/release:/usr/sbin:/usr/bin:/sbin:/bin"},
                                                 {"CONTAINER_RUNTIME_ENDPOINT", TheLab().containerd().endpoint()}},
                                 .input = "cd " + home_ + "\n" + line + "\n"});
  }

 private:
  struct Tag {
    std::string repository;
    std::string name;
    std::string reference;
    Artifact latest;
  };

  static std::string PullOrFail(const std::string& reference) {
    const auto pulled = TheLab().cri().Pull(reference);
    if (!pulled.ok()) GiveUp("pulling " + reference + ": " + std::string(pulled.status().message()));
    return *pulled;
  }

  /// The other registry's hosts.toml goes: it would be reported, since its mirror may be meant for the one of the same
  /// name with another port.
  void AskTheMirrorFor(const std::vector<std::string>& registries) {
    for (const char* each : {"registry.corp", "registry.corp:5000"}) {
      std::filesystem::remove_all(TheLab().containerd().hosts_root() + "/" + each);
    }
    for (const std::string& each : registries) {
      TheLab().containerd().SetHosts(each, "http://" + each, {{.url = mirror_.url()}});
    }
  }

  /// A pod runs the first image of the tag; the second one is at the registry, and not at the mirror.
  void FallBehind(const std::string& registry, const std::string& repository, const std::string& name) {
    AskTheMirrorFor({registry});
    const auto make = [&](const std::string& text, const std::string& created) {
      return MakeImage({.text = repository + text, .created = created, .runnable = true});
    };
    const Artifact first = make(" v1", "2024-01-10T09:00:00Z");
    tags_.push_back({repository, name, registry + "/" + repository + ":" + name, make(" v2", "2024-02-10T09:00:00Z")});
    const Tag& tag = tags_.back();
    for (Registry* each : {&registry_, &mirror_}) each->Push(repository, name, first);
    std::string pod_name = repository;
    std::ranges::replace(pod_name, '/', '-');
    const auto pod = TheLab().cri().Run({.name = pod_name,
                                         .image_id = PullOrFail(tag.reference),
                                         .requested = tag.reference,
                                         .pod_namespace = "shop",
                                         .container = "app"});
    if (!pod.ok()) GiveUp(std::string(pod.status().message()));
    pods_.push_back(*pod);
    registry_.Push(repository, name, tag.latest);
  }

  const std::string home_ = LabRoot() + "/readme";
  const std::string log_ = home_ + "/agent.log";
  Registry registry_{"corp", {.address = "registry.corp", .port = 5000}};
  /// For references without a port.
  Registry without_port_{"corp-without-port", {.storage_of = "corp", .address = "registry.corp", .port = 80}};
  Registry mirror_{"corp-mirror", {.address = "mirror.corp", .port = 5000}};
  std::vector<Tag> tags_;
  std::vector<Pod> pods_;
};

/// How a command ends.
struct End {
  int exit_code;
  const char* says_so = "";  ///< README's words
  bool prints = true;
};
constexpr End kStale = {1, "| 1 | a tag or a container that counts is stale or gone |"};
constexpr End kPlannedOrDone = {0, "Exit codes: 0 done or nothing to do,"};
constexpr End kMirrorUnused = {1, "exit code 1 when a mirror that is written down is not used"};
constexpr End kPrinted = {0};
constexpr End kSilent = {.exit_code = 0, .prints = false};

struct Row {
  const char* command;
  End end;
  void (ReadmesNode::*before)() = nullptr;  ///< what becomes of the node
};
const Row kRows[] = {
    {"build/release/tagdrift check", kStale, &ReadmesNode::CartIsBehindTheMirror},
    {"tagdrift check", kStale},
    {"tagdrift refresh registry.corp/shop/cart:v7", kPlannedOrDone},
    {"tagdrift explain registry.corp:5000/shop/app:latest", kStale, &ReadmesNode::AppIsBehindTheMirror},
    {"tagdrift refresh registry.corp:5000/shop/app:latest", kPlannedOrDone},
    {"tagdrift check", kStale, &ReadmesNode::PodsRunWhatTheirTagsWere},
    {"tagdrift refresh --yes registry.corp/team/app:latest", kPlannedOrDone, &ReadmesNode::TeamsAppIsBehindTheMirror},
    {"mkdir -p /var/lib/tagdrift", kSilent},
    {"tagdrift serve --state-dir /var/lib/tagdrift &", kSilent},
    {"tagdrift check --agent unix:///run/tagdrift/reader.sock", kStale, &ReadmesNode::AgentHasItsReport},
    {"tagdrift serve --print-config", kPrinted},
    {"tagdrift serve --check-config", kPrinted},
    {"tagdrift mirrors --registry-config-path ./certs.d --containerd-version 2.1.9", kMirrorUnused},
    {"tagdrift check --agent unix:///run/tagdrift/reader.sock", kStale},  // of deploy/README.md
};

/// Commands that begin like this are not run here.
struct LeftOut {
  const char* beginning;
  const char* reason;
};
constexpr LeftOut kLeftOut[] = {
    {"deploy/demo.sh ", "lab.demo runs what it runs"},
    {"tests/run.sh ", "it runs this test"},
    {"deploy/provision.sh build && ", "it builds the program: tests/deploy/walk.sh pastes it on a bare machine"},
    {"kubectl ", "it needs a cluster: lab.kubectl_tagdrift and lab.deploy.* have one"},
    {"tagdrift check --agent node-7:9616 ", "it is for another machine than the node: lab.deploy.image has its like"},
};

std::string Source(const std::string& path) { return ReadFile(std::string(TAGDRIFT_SOURCE) + "/" + path); }

/// Of both documents; of deploy/README.md, which is about clusters, only those of tagdrift itself.
std::vector<Command> AllCommands() {
  std::vector<Command> commands = CommandReader(Source("README.md")).commands();
  const CommandReader deploy(Source("deploy/README.md"));
  for (const Command& command : deploy.commands()) {
    if (command.text.starts_with("tagdrift ")) commands.push_back(command);
  }
  return commands;
}

std::vector<Command> CommandsToRun() {
  std::vector<Command> commands = AllCommands();
  std::erase_if(commands, [](const Command& command) {
    return std::ranges::any_of(kLeftOut, [&](const LeftOut& row) { return command.text.starts_with(row.beginning); });
  });
  return commands;
}

std::size_t Characters(const std::string& line) {
  const auto continues = [](char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80; };
  return line.size() - static_cast<std::size_t>(std::ranges::count_if(line, continues));
}

/// How many tags and pods there are is another matter here than in README.
std::string WithoutNumbers(const std::string& line) { return std::regex_replace(line, std::regex("[0-9]+"), "N"); }

std::string InOneLine(const std::string& text) { return std::regex_replace(text, std::regex(R"(\s+)"), " "); }

TEST(ReadmesCommands, AreAllRunOrLeftOutForAReason) {
  std::vector<std::string> told;
  for (const Command& command : CommandsToRun()) told.push_back(command.text);
  std::vector<std::string> run;
  for (const Row& row : kRows) run.push_back(row.command);
  EXPECT_THAT(told, ElementsAreArray(run));
  const std::vector<Command> all = AllCommands();
  for (const LeftOut& row : kLeftOut) {
    const auto begins = [&](const Command& command) { return command.text.starts_with(row.beginning); };
    EXPECT_TRUE(std::ranges::any_of(all, begins)) << row.beginning << " is not left out: no document has it";
  }
}

TEST(ReadmesCommands, DoWhatReadmeSaysWhenPasted) {
  const std::vector<Command> commands = CommandsToRun();
  ASSERT_EQ(commands.size(), std::size(kRows));
  NameTheRegistries();
  ReadmesNode node;
  const std::string readme = InOneLine(Source("README.md"));
  for (std::size_t i = 0; i < commands.size(); ++i) {
    const Row& row = kRows[i];
    SCOPED_TRACE(row.command);
    if (row.before != nullptr) (node.*row.before)();
    const Output output = node.Paste(commands[i].text);
    EXPECT_EQ(output.exit_code, row.end.exit_code) << output.out << output.err;
    EXPECT_THAT(readme, HasSubstr(row.end.says_so));
    const std::string first_line = output.out.substr(0, output.out.find('\n'));
    EXPECT_EQ(!first_line.empty(), row.end.prints) << output.out << output.err;
    EXPECT_LE(Characters(first_line), 80U) << first_line;
    if (commands[i].told.empty()) continue;
    // A plan that is carried out comes first, and on stderr.
    const std::string plan = output.err.substr(0, output.err.find('\n'));
    EXPECT_THAT(WithoutNumbers(commands[i].told), AnyOf(WithoutNumbers(first_line), WithoutNumbers(plan)));
  }
}

}  // namespace
}  // namespace tagdrift::lab

#include "service_environment.h"

#include <array>
#include <cctype>
#include <sstream>
#include <utility>
#include <vector>

#include "tagdrift/node/settings.h"
#include "tagdrift/text/text.h"

namespace tagdrift::node {
namespace {

/// What stands in an earlier one hides a file of the same name in a later one.
constexpr std::array kUnitFolders = {"/etc/systemd/system", "/run/systemd/system", "/usr/local/lib/systemd/system",
                                     "/usr/lib/systemd/system", "/lib/systemd/system"};
constexpr std::size_t kMostBytes = 256 << 10;

using Variables = std::map<std::string, std::string>;

/// Lines without comments, continued ones joined.
std::vector<std::string> LinesOf(std::string_view text) {
  std::vector<std::string> lines;
  bool continued = false;
  std::istringstream stream{std::string(text)};
  for (std::string whole; std::getline(stream, whole);) {
    std::string_view line = text::Trim(whole);
    if (line.starts_with('#') || line.starts_with(';')) continue;
    const bool goes_on = line.ends_with('\\');
    if (goes_on) line.remove_suffix(1);
    if (continued) {
      lines.back() += ' ' + std::string(line);
    } else {
      lines.emplace_back(line);
    }
    continued = goes_on;
  }
  return lines;
}

/// Names of proxy variables, in the case that programs look for.
constexpr std::array kProxies = {"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"};

/// Cuts at white space; quotes and backslashes as in a shell, without expansion.
std::vector<std::string> WordsOf(std::string_view text) {
  std::vector<std::string> words;
  bool in_word = false;
  char quote = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (quote == 0 && std::isspace(static_cast<unsigned char>(c)) != 0) {
      in_word = false;
      continue;
    }
    if (!in_word) words.emplace_back();
    in_word = true;
    if (quote == 0 && (c == '"' || c == '\'')) {
      quote = c;
    } else if (quote == c) {
      quote = 0;
    } else {
      if (c == '\\' && quote != '\'' && i + 1 < text.size()) c = text[++i];
      words.back() += c;
    }
  }
  return words;
}

void Assign(std::string_view assignment, Variables& variables) {
  const std::size_t equals = assignment.find('=');
  if (equals == std::string_view::npos || equals == 0) return;
  variables[std::string(assignment.substr(0, equals))] = std::string(assignment.substr(equals + 1));
}

/// Assignments of an environment file, one a line.
void ReadEnvironmentFile(std::string_view text, Variables& variables) {
  for (const std::string& line : LinesOf(text)) {
    const std::size_t equals = line.find('=');
    if (equals == std::string::npos) continue;
    const std::vector<std::string> words = WordsOf(std::string_view(line).substr(equals + 1));
    const std::string name(text::Trim(std::string_view(line).substr(0, equals)));
    Assign(name + '=' + (words.empty() ? "" : words.front()), variables);
  }
}

/// In a unit a percent sign is written twice.
std::string WithoutSpecifiers(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    plain += text[i];
    if (text.substr(i, 2) == "%%") ++i;
  }
  return plain;
}

/// What the units of one service say, in the order in which they are read.
class Service {
 public:
  void Read(std::string_view unit) {
    bool in_service = false;
    for (const std::string& line : LinesOf(unit)) {
      if (line.starts_with('[')) in_service = line == "[Service]";
      if (!in_service) continue;
      if (const auto value = ValueOf("EnvironmentFile", line)) {
        if (value->empty()) files_.clear();
        if (!value->empty()) files_.emplace_back(value->substr(value->starts_with('-') ? 1 : 0));
      } else if (const auto assignments = ValueOf("Environment", line)) {
        if (assignments->empty()) own_.clear();
        for (const std::string& word : WordsOf(WithoutSpecifiers(*assignments))) Assign(word, own_);
      }
    }
  }

  /// Files come after what the units say themselves.
  Variables Environment(const hosts::FileTree& tree) const {
    Variables variables = own_;
    for (const std::string& file : files_) {
      if (const auto text = tree.Read(file, kMostBytes); text.ok()) ReadEnvironmentFile(*text, variables);
    }
    return variables;
  }

 private:
  static std::optional<std::string_view> ValueOf(std::string_view key, std::string_view line) {
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos || text::Trim(line.substr(0, equals)) != key) return std::nullopt;
    return text::Trim(line.substr(equals + 1));
  }

  Variables own_;
  std::vector<std::string> files_;
};

}  // namespace

std::optional<std::map<std::string, std::string>> ServiceEnvironment(const hosts::FileTree& tree,
                                                                     std::string_view name) {
  Service service;
  bool found = false;
  const auto read = [&](const std::string& path) {
    const auto text = tree.Read(path, kMostBytes);
    if (!text.ok()) return false;
    service.Read(*text);
    found = true;
    return true;
  };
  for (const std::string folder : kUnitFolders) {
    if (read(folder + '/' + std::string(name))) break;
  }
  std::map<std::string, std::string> drop_ins;  // by name, whichever folder they are in
  for (const std::string folder : kUnitFolders) {
    const std::string place = folder + '/' + std::string(name) + ".d";
    const auto entries = tree.List(place);
    if (!entries.ok()) continue;
    for (const hosts::FileTree::Entry& entry : *entries) {
      if (entry.name.ends_with(".conf")) drop_ins.emplace(entry.name, place + '/' + entry.name);
    }
  }
  for (const auto& [file, path] : drop_ins) read(path);
  if (!found) return std::nullopt;
  return service.Environment(tree);
}

namespace {

/// Of what a service is given, what containerd sees. k3s and RKE2 hand variables with this prefix to containerd alone.
Variables ProxiesOf(const Variables& environment) {
  Variables proxies;
  for (const std::string prefix : {"", "CONTAINERD_"}) {
    for (const char* name : kProxies) {
      if (const auto found = environment.find(prefix + name); found != environment.end()) proxies[name] = found->second;
    }
  }
  return proxies;
}

/// microk8s has its containerd started by a shell that reads this.
std::optional<Variables> ProxiesOfMicrok8s(const hosts::FileTree& tree) {
  const auto text = tree.Read("/var/snap/microk8s/current/args/containerd-env", kMostBytes);
  if (!text.ok()) return std::nullopt;
  Variables exported;
  ReadEnvironmentFile(*text, exported);
  Variables plain;
  for (const auto& [name, value] : exported) {
    constexpr std::string_view kExport = "export ";
    plain[name.substr(name.starts_with(kExport) ? kExport.size() : 0)] = value;
  }
  return ProxiesOf(plain);
}

}  // namespace

std::optional<std::map<std::string, std::string>> ServiceProxies(const hosts::FileTree& tree,
                                                                 const std::string& socket_path) {
  if (socket_path.find("/microk8s/") != std::string::npos) return ProxiesOfMicrok8s(tree);
  std::vector<std::string> services = {"containerd.service"};
  if (socket_path.find("/k3s/") != std::string::npos) {
    services = {"k3s-agent.service", "k3s.service", "rke2-agent.service", "rke2-server.service"};
  }
  for (const std::string& service : services) {
    if (const auto environment = ServiceEnvironment(tree, service)) return ProxiesOf(*environment);
  }
  return std::nullopt;
}

}  // namespace tagdrift::node

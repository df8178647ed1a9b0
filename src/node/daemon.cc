#include "daemon.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "absl/strings/numbers.h"
#include "endpoint.h"
#include "tagdrift/node/settings.h"

namespace tagdrift::node {
namespace {

constexpr std::size_t kLargestProcFile = 4 << 20;

/// A file of /proc/<pid> cut at its NUL bytes.
std::optional<std::vector<std::string>> ReadStrings(int pid, const std::string& name) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/" + name, std::ios::binary);
  if (!file) return std::nullopt;
  std::vector<std::string> strings;
  std::size_t total = 0;
  std::string text;
  while (total < kLargestProcFile && std::getline(file, text, '\0')) {
    total += text.size() + 1;
    strings.push_back(text);
  }
  if (file.bad()) return std::nullopt;
  return strings;
}

std::string BaseName(const std::string& path) { return path.substr(path.rfind('/') + 1); }

/// The value of a flag of that name in `argument`, or that it is in the next one.
struct FlagMatch {
  bool matches = false;
  std::optional<std::string> value;
};

FlagMatch MatchConfigFlag(const std::string& argument) {
  for (const std::string_view flag : {"--config", "-config", "--c", "-c"}) {
    if (argument == flag) return {true, std::nullopt};
    if (argument.starts_with(flag) && argument[flag.size()] == '=') return {true, argument.substr(flag.size() + 1)};
  }
  return {};
}

bool IsContainerd(const std::vector<std::string>& command_line) {
  return !command_line.empty() && BaseName(command_line[0]).find("containerd") != std::string::npos;
}

absl::Time Now(clockid_t clock) {
  timespec time = {};
  ::clock_gettime(clock, &time);
  return absl::TimeFromTimespec(time);
}

}  // namespace

std::optional<std::vector<std::string>> CommandLine(int pid) {
  auto strings = ReadStrings(pid, "cmdline");
  if (!strings || strings->empty()) return std::nullopt;
  return strings;
}

std::optional<std::string> ConfigArgument(const std::vector<std::string>& command_line) {
  if (!IsContainerd(command_line)) return std::nullopt;
  std::optional<std::string> last;
  for (std::size_t i = 1; i < command_line.size(); ++i) {
    FlagMatch match = MatchConfigFlag(command_line[i]);
    if (!match.matches) continue;
    if (!match.value && i + 1 < command_line.size()) match.value = command_line[++i];
    if (match.value) last = match.value;
  }
  return last;
}

std::optional<std::string> ConfigOfListener(const std::string& socket_path) {
  const std::optional<int> pid = ListenerPid(socket_path);
  if (!pid) return std::nullopt;
  const auto command_line = CommandLine(*pid);
  if (!command_line) return std::nullopt;
  std::optional<std::string> file = ConfigArgument(*command_line);
  if (!file || file->empty()) return std::nullopt;
  if (file->starts_with('/')) return file;
  std::error_code error;
  const auto folder = std::filesystem::read_symlink("/proc/" + std::to_string(*pid) + "/cwd", error);
  if (error) return std::nullopt;
  return (folder / *file).lexically_normal().string();
}

std::optional<absl::Time> StartedAt(int pid) {
  constexpr int kStartField = 22;
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string text;
  if (!std::getline(file, text)) return std::nullopt;
  // The second field is the program's name in parentheses, whatever it holds.
  const std::size_t name_end = text.rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  std::istringstream fields(text.substr(name_end + 1));
  std::string field;
  for (int i = 3; i <= kStartField; ++i) fields >> field;
  std::int64_t ticks = 0;
  if (!fields || !absl::SimpleAtoi(field, &ticks)) return std::nullopt;
  const absl::Duration after_boot = absl::Seconds(ticks) / ::sysconf(_SC_CLK_TCK);
  const absl::Duration up = Now(CLOCK_BOOTTIME) - absl::UnixEpoch();
  return Now(CLOCK_REALTIME) - (up - after_boot);
}

std::optional<absl::Time> ConfigurationReadBy(const std::string& socket_path) {
  if (const std::optional<int> pid = ListenerPid(socket_path)) {
    const auto command_line = CommandLine(*pid);
    const auto start = command_line && IsContainerd(*command_line) ? StartedAt(*pid) : std::nullopt;
    if (start) return *start + absl::Seconds(1);
  }
  struct stat info {};
  if (::stat(socket_path.c_str(), &info) != 0) return std::nullopt;
  return absl::TimeFromTimespec(info.st_mtim);
}

std::optional<std::map<std::string, std::string>> ProxyEnvironment(int pid) {
  constexpr std::array kNames = {"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"};
  const auto strings = ReadStrings(pid, "environ");
  if (!strings) return std::nullopt;
  std::map<std::string, std::string> variables;
  for (const std::string& text : *strings) {
    const std::string name = text.substr(0, text.find('='));
    if (name.size() == text.size() || std::find(kNames.begin(), kNames.end(), name) == kNames.end()) continue;
    variables.emplace(name, text.substr(name.size() + 1));
  }
  return variables;
}

std::optional<int> ListenerPid(const std::string& path) {
  const int socket = ConnectSocket(path);
  if (socket < 0) return std::nullopt;
  ucred peer = {};
  socklen_t size = sizeof(peer);
  const bool known = ::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0;
  ::close(socket);
  // 0 where the listener is outside this PID namespace.
  if (!known || peer.pid <= 0) return std::nullopt;
  return peer.pid;
}

}  // namespace tagdrift::node

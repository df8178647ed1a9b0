#include "hosts/directory/hosts_file.h"

#include <algorithm>
#include <optional>

#include "hosts/directory/host_table.h"
#include "hosts/go/go_text.h"
#include "tagdrift/text/userinfo.h"

namespace tagdrift::hosts {
namespace {

constexpr std::size_t kMaxHosts = 100;

/// 2.x goes by the `[host.KEY…]` lines: each one whose key differs from that of the line before adds an entry. So a
/// host can be listed twice, and one without a header is never listed.
std::vector<std::string> HeaderOrder(const TomlDocument& document) {
  std::vector<std::string> keys;
  std::string last;
  for (const TomlHeader& header : document.headers) {
    if (header.keys.size() < 2 || header.keys[0] != "host" || header.keys[1] == last) continue;
    last = header.keys[1];
    keys.push_back(last);
  }
  return keys;
}

/// 1.x goes by where each key first appears. Inline tables have no position there and come first.
std::vector<std::string> PositionOrder(const TomlValue& hosts) {
  std::vector<std::string> keys;
  for (const bool inline_tables : {true, false}) {
    for (const TomlMember& member : hosts.members) {
      if (member.value.inline_table == inline_tables) keys.push_back(member.key);
    }
  }
  return keys;
}

class HostsFileLoader {
 public:
  using Outcome = std::variant<HostsFile, HostsFileIgnored, HostsFilePanic, HostsFileTooLong>;

  HostsFileLoader(const TomlDocument& document, const std::string& directory, const std::string& file, Release release)
      : root_(document.root), document_(document), directory_(directory), file_(file), release_(release) {}

  Outcome Run() {
    const TomlValue* hosts = root_.Find("host");
    if (!release_.Is2()) {
      if (hosts != nullptr && Panics(*hosts)) return HostsFilePanic{hosts->line};
      if (hosts == nullptr && release_.NeedsHostTable()) return WithoutHosts();
    }
    if (std::optional<HostsFileIgnored> ignored = Mistyped()) return *std::move(ignored);

    HostsFile file;
    const std::vector<std::string> order = Order(hosts);
    if (hosts != nullptr && hosts->members.size() > kMaxHosts) {
      return HostsFileTooLong{hosts->members[kMaxHosts].value.line};
    }
    if (order.size() > kMaxHosts) return HostsFileTooLong{hosts->line};
    for (const std::string& key : order) {
      const TomlValue* table = hosts->Find(key);
      if (table == nullptr) continue;
      if (!Add(key, *table, table->line, HostRole::kMirror, file)) return ignored_;
    }
    const std::vector<const TomlValue*> servers = FieldsOf(root_, "server", release_.Dialect());
    const std::string server = servers.empty() ? "" : servers.back()->text;
    const int line = servers.empty() ? 0 : servers.back()->line;
    if (!Add(server, root_, line, HostRole::kServer, file)) return ignored_;
    return file;
  }

 private:
  /// 1.x before 1.7.32; the file's other keys go with it.
  HostsFileIgnored WithoutHosts() const {
    const std::vector<const TomlValue*> servers = FieldsOf(root_, "server", release_.Dialect());
    std::string reason = "this containerd ignores a file without a [host.\"…\"] table";
    if (!servers.empty() && servers.back()->IsString()) {
      reason +=
          ", also its \"server\": write [host." + GoQuoted(text::WithoutUserinfo(servers.back()->text)) + "] as well";
    }
    return {std::move(reason), servers.empty() ? 0 : servers.back()->line};
  }

  std::vector<std::string> Order(const TomlValue* hosts) const {
    if (hosts == nullptr) return {};
    return release_.Is2() ? HeaderOrder(document_) : PositionOrder(*hosts);
  }

  /// Sorting the keys, 1.x takes every value for a table.
  static bool Panics(const TomlValue& hosts) {
    return hosts.IsTable() && hosts.members.size() > 1 &&
           !std::ranges::all_of(hosts.members, [](const TomlMember& member) { return member.value.IsTable(); });
  }

  std::optional<HostsFileIgnored> Mistyped() const {
    if (std::optional<HostsFileIgnored> ignored = MistypedKey(root_, release_)) return ignored;
    for (const TomlValue* server : FieldsOf(root_, "server", release_.Dialect())) {
      // As with [skip_verify], 2.x lets a table pass as long as nothing is in it.
      if (release_.Is2() && server->IsTable() && !server->inline_table && server->members.empty()) continue;
      if (!server->IsString()) return HostsFileIgnored{"\"server\" must be a string", server->line};
    }
    for (const TomlValue* hosts : FieldsOf(root_, "host", release_.Dialect())) {
      if (!hosts->IsTable()) return HostsFileIgnored{"\"host\" must be a table", hosts->line};
      for (const TomlMember& host : hosts->members) {
        if (!host.value.IsTable()) return HostsFileIgnored{"\"host\" must hold tables only", host.value.line};
        if (std::optional<HostsFileIgnored> ignored = MistypedKey(host.value, release_)) return ignored;
      }
    }
    return std::nullopt;
  }

  bool Add(const std::string& key, const TomlValue& table, int line, HostRole role, HostsFile& file) {
    std::variant<HostEntry, HostsFileIgnored> read = ReadHostTable(key, table, directory_, release_);
    if (HostsFileIgnored* ignored = std::get_if<HostsFileIgnored>(&read)) {
      ignored_ = std::move(*ignored);
      if (role == HostRole::kServer && ignored_.line <= 1 && line > 0) ignored_.line = line;
      return false;
    }
    HostEntry& entry = std::get<HostEntry>(read);
    entry.host.role = role;
    entry.host.file = file_;
    entry.host.line = line;
    file.entries.push_back(std::move(entry));
    return true;
  }

  const TomlValue& root_;
  const TomlDocument& document_;
  const std::string& directory_;
  const std::string& file_;
  Release release_;
  HostsFileIgnored ignored_;
};

}  // namespace

std::variant<HostsFile, HostsFileIgnored, HostsFilePanic, HostsFileTooLong> ReadHostsFile(const TomlDocument& document,
                                                                                          const std::string& directory,
                                                                                          const std::string& file,
                                                                                          Release release) {
  return HostsFileLoader(document, directory, file, release).Run();
}

}  // namespace tagdrift::hosts

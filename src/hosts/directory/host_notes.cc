#include "hosts/directory/host_notes.h"

#include <algorithm>
#include <array>
#include <set>
#include <span>
#include <string_view>
#include <utility>

#include "hosts/directory/host_table.h"
#include "hosts/go/go_text.h"
#include "hosts/toml/key_names.h"
#include "tagdrift/hosts/registry_host.h"
#include "tagdrift/text/near_miss.h"
#include "tagdrift/text/text.h"
#include "tagdrift/text/userinfo.h"

namespace tagdrift::hosts {
namespace {

constexpr std::array<std::string_view, 7> kHostKeys = {
    "capabilities", "ca", "client", "skip_verify", "header", "override_path", "dial_timeout"};
constexpr std::array<std::string_view, 9> kTopKeys = {
    "capabilities", "ca", "client", "skip_verify", "header", "override_path", "dial_timeout", "server", "host"};
constexpr int kMostUnknownKeys = 20;  // that are told per table
// What top-level keys do without `server`: these two nothing, the others still shape the requests to the default host.
constexpr std::array<std::string_view, 2> kKeysOfServer = {"capabilities", "override_path"};

class Notes {
 public:
  Notes(const TomlDocument& document, const std::string& path, Release release, std::vector<Note>& notes)
      : root_(document.root), path_(path), release_(release), notes_(notes) {}

  void Run(const std::vector<HostEntry>& entries) {
    UnknownKeys(root_, kTopKeys);
    TopLevelWithoutEffect();
    if (const TomlValue* hosts = root_.Find("host")) {
      for (const TomlMember& host : hosts->members) {
        UnknownKeys(host.value, kHostKeys);
        NeverListed(host, entries);
      }
    }
    WrongHostTable();
    Unusable(entries);
    Twice(entries);
  }

 private:
  void Add(NoteKind kind, int line, std::string detail) { notes_.push_back({kind, path_, line, std::move(detail)}); }

  bool IsField(const std::string& key, std::string_view name) const {
    if (release_.Is2()) return text::Lower(key) == name;
    const std::string lower = text::Lower(key);
    return key == name || (lower == name && std::ranges::none_of(key, [](char c) { return c >= 'a' && c <= 'z'; }));
  }

  void UnknownKeys(const TomlValue& table, std::span<const std::string_view> known) {
    int unknown = 0;
    for (const TomlMember& member : table.members) {
      const auto match = std::ranges::find_if(known, [&](std::string_view name) { return IsField(member.key, name); });
      if (match != known.end()) {
        if (*match != "dial_timeout" || release_.HasDialTimeout()) continue;
        Add(NoteKind::kUnknownKey, member.value.line, "this containerd does not know \"dial_timeout\" and skips it");
      } else if (const std::string lost = LostHosts(table, member); !lost.empty()) {
        Add(NoteKind::kHostIgnored, member.value.line, lost);
      } else if (++unknown <= kMostUnknownKeys) {
        Add(NoteKind::kUnknownKey, member.value.line, UnknownKeyDetail(member.key, known));
      }
    }
    if (unknown > kMostUnknownKeys) {
      Add(NoteKind::kUnknownKey, table.line, std::to_string(unknown - kMostUnknownKeys) + " more unknown keys");
    }
  }

  /// What an unknown key says that was meant to name a host; empty where it was not.
  std::string LostHosts(const TomlValue& table, const TomlMember& member) const {
    const std::string key = GoQuoted(text::WithoutUserinfo(member.key));
    constexpr std::string_view kHost[] = {"host"};
    const bool at_top = &table == &root_;
    if (!at_top && member.key == "server") {
      return "this \"server\" is never asked: it stands in a host's table and belongs above the first table";
    }
    if (!member.value.IsTable() && !member.value.array_of_tables) return "";
    const bool names_hosts = member.key == "host" || !text::NearMiss(member.key, kHost).empty();
    if (at_top && names_hosts) return "hosts in [" + member.key + "] are never asked: write [host.\"…\"]";
    if (at_top && (member.key.find("://") != std::string::npos || HoldsTable(member.value))) {
      return "the table " + key + " is never asked as a host: write [host." + key + "]";
    }
    if (names_hosts) return "hosts in another host's table are never asked";
    const std::string name = at_top ? "" : DottedName(table, member);
    return name.empty() ? "" : "[host." + name + "] is no host " + name + ": write [host.\"" + name + "\"]";
  }

  static bool HoldsTable(const TomlValue& table) {
    return std::ranges::any_of(table.members, [](const TomlMember& member) { return member.value.IsTable(); });
  }

  /// "registry.corp" for the table `corp` of [host.registry.corp]; empty where the host's key is no plain word.
  std::string DottedName(const TomlValue& host, const TomlMember& member) const {
    const TomlValue* hosts = root_.Find("host");
    const auto found = std::ranges::find_if(hosts->members, [&](const TomlMember& one) { return &one.value == &host; });
    const bool plain = found != hosts->members.end() && found->key.find_first_of(".:/@") == std::string::npos;
    if (!plain) return "";
    std::string name = found->key + "." + member.key;
    const TomlValue* table = &member.value;
    while (table->members.size() == 1 && table->members[0].value.IsTable()) {
      name += "." + table->members[0].key;
      table = &table->members[0].value;
    }
    return name;
  }

  void TopLevelWithoutEffect() {
    if (!FieldsOf(root_, "server", release_.Dialect()).empty()) return;
    for (const std::string_view key : kKeysOfServer) {
      for (const TomlValue* field : FieldsOf(root_, key, release_.Dialect())) {
        Add(NoteKind::kTopLevelIgnored, field->line,
            "top-level " + GoQuoted(key) + " has no effect without \"server\": hosts do not inherit it");
      }
    }
  }

  /// 2.x lists only hosts that have a `[host.…]` line.
  void NeverListed(const TomlMember& host, const std::vector<HostEntry>& entries) {
    const auto listed = std::ranges::find_if(
        entries, [&](const HostEntry& entry) { return entry.host.role == HostRole::kMirror && entry.key == host.key; });
    if (listed != entries.end()) return;
    const std::string key = GoQuoted(text::WithoutUserinfo(host.key));
    Add(NoteKind::kHostIgnored, host.value.line,
        host.key.empty() ? "a host without a name is never asked"
                         : "host " + key + " is never asked: containerd 2.x wants a [host." + key +
                               "] line instead of an inline table or a dotted key");
  }

  /// `[Host."…"]` fits the field on 2.x, but is not listed either.
  void WrongHostTable() {
    for (const TomlMember& member : root_.members) {
      if (member.key == "host" || !IsField(member.key, "host")) continue;
      Add(NoteKind::kHostIgnored, member.value.line,
          "hosts in [" + member.key + "] are never asked: the table's name is \"host\", in lower case");
    }
  }

  void Unusable(const std::vector<HostEntry>& entries) {
    for (const HostEntry& entry : entries) {
      if (!entry.host.host.empty() || entry.key.empty()) continue;
      const bool server = entry.host.role == HostRole::kServer;
      Add(NoteKind::kHostIgnored, entry.host.line,
          (server ? "server " : "host ") + GoQuoted(text::WithoutUserinfo(entry.key)) +
              (server ? " names no host, so the registry's default host takes its place"
                      : " names no host, so every request to it fails") +
              ": a name that begins with \"http\" needs its scheme written");
    }
  }

  void Twice(const std::vector<HostEntry>& entries) {
    std::set<std::string> seen;
    for (const HostEntry& entry : entries) {
      if (entry.host.host.empty()) continue;
      const std::string place = entry.host.scheme + "://" + entry.host.host + entry.host.path;
      if (seen.insert(place).second) continue;
      Add(NoteKind::kHostListedTwice, entry.host.line, place + " is in containerd's list more than once");
    }
  }

  const TomlValue& root_;
  const std::string& path_;
  Release release_;
  std::vector<Note>& notes_;
};

}  // namespace

void AddFileNotes(const TomlDocument& document, const std::vector<HostEntry>& entries, const std::string& path,
                  Release release, std::vector<Note>& notes) {
  Notes(document, path, release, notes).Run(entries);
}

void AddCapabilityNote(const HostsFileIgnored& ignored, const std::string& path, std::vector<Note>& notes) {
  if (ignored.capability.empty()) return;
  constexpr std::array<std::string_view, 4> kNames = {"pull", "resolve", "push", "referrers"};
  std::string detail = "capability " + GoQuoted(ignored.capability) + " is unknown to this containerd";
  const std::string_view meant = text::NearMiss(ignored.capability, kNames);
  if (!meant.empty() && meant != text::Lower(ignored.capability)) detail += "; did you mean " + GoQuoted(meant) + "?";
  notes.push_back({NoteKind::kUnknownCapability, path, ignored.line, detail});
}

void AddOrderNotes(const std::vector<HostEntry>& entries, const std::string& registry, const std::string& file,
                   std::vector<Note>& notes) {
  const std::string upstream = DefaultHostName(registry);
  bool has_mirror = false;
  std::set<int> said;
  for (const HostEntry& entry : entries) {
    const RegistryHost& host = entry.host;
    if (host.role != HostRole::kMirror || host.host.empty()) continue;
    has_mirror = true;
    if (!entry.default_capabilities || host.host == upstream || !said.insert(host.line).second) continue;
    notes.push_back({NoteKind::kMirrorMayResolve, host.file, host.line,
                     host.host + " has no \"capabilities\", so it decides which digest a tag has"});
  }
  const RegistryHost& last = entries.back().host;
  if (last.role == HostRole::kDefault && has_mirror) {
    notes.push_back({NoteKind::kUpstreamIsLastResort, file, 0,
                     "no \"server\": " + last.host + " stays the last host, and is asked when the mirrors fail"});
  }
  const bool upstream_listed =
      std::ranges::any_of(entries, [&](const HostEntry& entry) { return entry.host.host == upstream; });
  if (last.role == HostRole::kServer && !upstream_listed) {
    notes.push_back({NoteKind::kUpstreamNeverAsked, file, last.line,
                     "\"server\" is " + last.host + ", so " + upstream + " is never asked"});
  }
}

}  // namespace tagdrift::hosts

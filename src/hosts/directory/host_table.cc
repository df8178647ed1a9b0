#include "hosts/directory/host_table.h"

#include <algorithm>
#include <utility>

#include "hosts/go/go_text.h"
#include "hosts/go/host_url.h"
#include "tagdrift/text/text.h"
#include "tagdrift/text/userinfo.h"

namespace tagdrift::hosts {
namespace {

std::string UpperCase(std::string_view text) {
  std::string upper(text);
  for (char& c : upper) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return upper;
}

std::string AbsolutePath(const std::string& path, const std::string& directory) {
  return path.starts_with('/') ? path : JoinPath(directory, path);
}

/// Reads one table; the first thing that is wrong ends it.
class Reader {
 public:
  Reader(const TomlValue& table, const std::string& directory, Release release)
      : table_(table), directory_(directory), release_(release) {}

  std::variant<HostEntry, HostsFileIgnored> Run(const std::string& key) {
    entry_.key = key;
    const bool fine = Url(key) && CapabilityNames() && Ca() && Clients() && Headers() && DialTimeout();
    if (!fine) return ignored_;
    if (const TomlValue* skip = Last("skip_verify")) entry_.host.skip_verify = skip->boolean;
    return std::move(entry_);
  }

 private:
  const TomlValue* Last(std::string_view name) const {
    const std::vector<const TomlValue*> fields = FieldsOf(table_, name, release_.Dialect());
    return fields.empty() ? nullptr : fields.back();
  }

  bool Ignore(std::string reason, int line) {
    ignored_.reason = std::move(reason);
    ignored_.line = line;
    return false;
  }

  bool Url(const std::string& key) {
    if (key.empty()) return true;
    const std::string text = key.starts_with("http") ? key : "https://" + key;
    const absl::StatusOr<HostUrl> url = ParseHostUrl(text);
    if (!url.ok()) {
      return Ignore("unable to parse server " + text::WithoutUserinfo(text) + ": " + text::MessageOf(url.status()),
                    table_.line);
    }
    entry_.host.scheme = url->scheme;
    entry_.host.host = url->host;
    entry_.host.path = ApiRoot(url->path);
    return true;
  }

  std::string ApiRoot(const std::string& path) const {
    const TomlValue* field = Last("override_path");
    const bool verbatim = field != nullptr && field->boolean;
    if (path.empty()) return verbatim ? "" : "/v2";
    const std::string clean = CleanPath(path);
    return verbatim || clean.ends_with("/v2") ? clean : clean + "/v2";
  }

  bool CapabilityNames() {
    const TomlValue* names = Last("capabilities");
    if (names == nullptr || names->items.empty()) {
      entry_.host.capabilities = release_.DefaultCapabilities();
      entry_.default_capabilities = true;
      return true;
    }
    for (const TomlValue& name : names->items) {
      const std::string lower = text::Lower(name.text);
      if (lower == "pull") {
        entry_.host.capabilities.Add(Capability::kPull);
      } else if (lower == "resolve") {
        entry_.host.capabilities.Add(Capability::kResolve);
      } else if (lower == "push") {
        entry_.host.capabilities.Add(Capability::kPush);
      } else if (lower == "referrers" && release_.HasReferrers()) {
        entry_.host.capabilities.Add(Capability::kReferrers);
      } else {
        ignored_.capability = name.text;
        return Ignore("unknown capability " + name.text, name.line);
      }
    }
    return true;
  }

  bool Ca() {
    const TomlValue* ca = Last("ca");
    if (ca == nullptr) return true;
    entry_.has_ca = true;
    if (ca->IsString()) {
      entry_.ca.push_back(AbsolutePath(ca->text, directory_));
      return true;
    }
    if (!ca->IsArray() || HoldsTablesOnly(*ca)) return Ignore("invalid type for \"ca\"", ca->line);
    for (const TomlValue& item : ca->items) {
      if (!item.IsString()) return Ignore("\"ca\" names something that is no string", item.line);
      entry_.ca.push_back(AbsolutePath(item.text, directory_));
    }
    return true;
  }

  bool Clients() {
    const TomlValue* client = Last("client");
    if (client == nullptr) return true;
    if (client->IsString()) {
      entry_.clients.emplace_back(AbsolutePath(client->text, directory_), "");
      return true;
    }
    if (!client->IsArray()) return Ignore("invalid type for \"client\"", client->line);
    return std::ranges::all_of(client->items, [this](const TomlValue& item) { return Client(item); });
  }

  bool Client(const TomlValue& item) {
    if (item.IsString()) {
      entry_.clients.emplace_back(AbsolutePath(item.text, directory_), "");
      return true;
    }
    if (!item.IsArray()) return Ignore("invalid type in \"client\"", item.line);
    if (!std::ranges::all_of(item.items, &TomlValue::IsString)) {
      return Ignore("\"client\" names something that is no string", item.line);
    }
    if (item.items.size() != 2)
      return Ignore("invalid pair for \"client\": it needs a certificate and a key", item.line);
    // An empty name is the directory here, whatever containerd's own documentation says.
    entry_.clients.emplace_back(AbsolutePath(item.items[0].text, directory_),
                                AbsolutePath(item.items[1].text, directory_));
    return true;
  }

  bool Headers() {
    for (const TomlValue* headers : FieldsOf(table_, "header", release_.Dialect())) {
      for (const TomlMember& header : headers->members) {
        if (!Header(header)) return false;
      }
    }
    return true;
  }

  bool Header(const TomlMember& header) {
    std::vector<std::string> values;
    if (header.value.IsString()) {
      values.push_back(header.value.text);
    } else if (!header.value.IsArray() || HoldsTablesOnly(header.value)) {
      return Ignore("invalid type for header " + GoQuoted(header.key), header.value.line);
    }
    for (const TomlValue& item : header.value.items) {
      if (!item.IsString()) {
        return Ignore("header " + GoQuoted(header.key) + " has a value that is no string", item.line);
      }
      values.push_back(item.text);
    }
    entry_.host.headers[header.key] = std::move(values);
    return true;
  }

  bool DialTimeout() {
    const TomlValue* timeout = release_.HasDialTimeout() ? Last("dial_timeout") : nullptr;
    if (timeout == nullptr || timeout->text.empty()) return true;
    const absl::StatusOr<absl::Duration> duration = ParseGoDuration(timeout->text);
    if (!duration.ok()) return Ignore(text::MessageOf(duration.status()), timeout->line);
    entry_.host.dial_timeout = *duration;
    return true;
  }

  /// go-toml has a type of its own for these.
  static bool HoldsTablesOnly(const TomlValue& array) {
    return !array.items.empty() && std::ranges::all_of(array.items, &TomlValue::IsTable);
  }

  const TomlValue& table_;
  const std::string& directory_;
  Release release_;
  HostEntry entry_;
  HostsFileIgnored ignored_;
};

using Fits = bool (*)(const TomlValue&);

bool IsStringList(const TomlValue& value) {
  return value.IsArray() && std::ranges::all_of(value.items, &TomlValue::IsString);
}
bool IsBoolean(const TomlValue& value) { return value.kind == TomlValue::Kind::kBoolean; }
bool IsString(const TomlValue& value) { return value.IsString(); }
bool IsTable(const TomlValue& value) { return value.IsTable(); }

/// go-toml 2 lets `[skip_verify]` pass as long as nothing is in it.
bool IsEmptyHeader(const TomlValue& value, std::string_view name, Release release) {
  return release.Is2() && name != "capabilities" && value.IsTable() && !value.inline_table && value.members.empty();
}

}  // namespace

std::vector<const TomlValue*> FieldsOf(const TomlValue& table, std::string_view name, TomlDialect dialect) {
  std::vector<const TomlValue*> fields;
  if (dialect == TomlDialect::kGoToml1) {
    const TomlValue* field = table.Find(name);
    if (field == nullptr) field = table.Find(UpperCase(name));
    if (field != nullptr) fields.push_back(field);
    return fields;
  }
  for (const TomlMember& member : table.members) {
    if (text::Lower(member.key) == name) fields.push_back(&member.value);
  }
  return fields;
}

std::optional<HostsFileIgnored> MistypedKey(const TomlValue& table, Release release) {
  constexpr std::pair<std::string_view, std::pair<Fits, std::string_view>> kTypes[] = {
      {"capabilities", {IsStringList, "a list of strings"}},
      {"skip_verify", {IsBoolean, "true or false"}},
      {"override_path", {IsBoolean, "true or false"}},
      {"header", {IsTable, "a table"}},
      {"dial_timeout", {IsString, "a string"}}};
  for (const auto& [name, type] : kTypes) {
    if (name == "dial_timeout" && !release.HasDialTimeout()) continue;
    for (const TomlValue* field : FieldsOf(table, name, release.Dialect())) {
      if (type.first(*field) || IsEmptyHeader(*field, name, release)) continue;
      return HostsFileIgnored{GoQuoted(name) + " must be " + std::string(type.second), field->line};
    }
  }
  return std::nullopt;
}

std::variant<HostEntry, HostsFileIgnored> ReadHostTable(const std::string& key, const TomlValue& table,
                                                        const std::string& directory, Release release) {
  return Reader(table, directory, release).Run(key);
}

}  // namespace tagdrift::hosts

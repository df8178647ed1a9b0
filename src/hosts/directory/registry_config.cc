#include "tagdrift/hosts/registry_config.h"

#include <utility>
#include <variant>

#include "hosts/directory/default_host.h"
#include "hosts/directory/directory_notes.h"
#include "hosts/directory/host_directory.h"
#include "hosts/directory/host_notes.h"
#include "hosts/directory/hosts_file.h"
#include "hosts/directory/legacy_mirrors.h"
#include "hosts/directory/tls_files.h"
#include "hosts/go/host_url.h"
#include "hosts/toml/document.h"

namespace tagdrift::hosts {
namespace {

// Above what ParseToml takes, so that an oversized file is told as a limit and not as a failed read.
constexpr std::size_t kMaxFileBytes = std::size_t{2} << 20;

class RegistryLoader {
 public:
  RegistryLoader(const FileTree& tree, const RegistrySettings& settings, std::string_view registry)
      : tree_(tree), settings_(settings), release_(settings.version) {
    config_.registry = registry;
  }

  RegistryConfig Run() {
    Load();
    for (const RegistryHost& host : config_.hosts) AddCredentialNote(host);
    return std::move(config_);
  }

 private:
  void Load() {
    if (settings_.unknown) {
      config_.unknown = settings_.unknown;
      return;
    }
    const std::vector<std::string> roots = Roots(settings_);
    if (roots.empty() && settings_.pull_path == PullPath::kLocal) {
      LoadLegacyHosts(tree_, settings_, config_);
      return;
    }
    if (!FindDirectoryIn(roots)) return;
    AddDirectoryNotes(tree_, settings_, config_.registry, config_.directory, config_.notes);
    LoadEntries();
  }

  /// containerd's own credentials go by the host that challenges, mirror or not.
  void AddCredentialNote(const RegistryHost& host) {
    if (host.role != HostRole::kMirror || !settings_.endpoint_auths.contains(host.host)) return;
    config_.notes.push_back({NoteKind::kCredentialsForMirror, host.file, host.line,
                             "the credentials that containerd's configuration has for " + host.host +
                                 " are offered to this mirror when a pull brings none of its own"});
  }

  bool FindDirectoryIn(const std::vector<std::string>& roots) {
    for (const std::string& root : roots) {
      std::variant<std::string, Refusal> found = FindDirectory(tree_, root, config_.registry);
      if (const Refusal* refusal = std::get_if<Refusal>(&found)) return Refuse(*refusal);
      config_.directory = std::get<std::string>(found);
      if (!config_.directory.empty()) break;
    }
    return true;
  }

  bool Refuse(const Refusal& refusal, NoteKind kind = NoteKind::kPullFails) {
    config_.hosts.clear();
    if (refusal.unknown) {
      config_.unknown = refusal.error;
      const NoteKind why = refusal.limit ? NoteKind::kLimitExceeded : NoteKind::kUnreadable;
      config_.notes.push_back({why, refusal.file, 0, refusal.error});
    } else {
      config_.error = refusal.error;
      config_.notes.push_back({kind, refusal.file, 0, refusal.error});
    }
    return false;
  }

  /// To be mended where hosts.toml names the file, if it does.
  void RefuseCertificate(const Refusal& refusal, const RegistryHost& host) {
    Refuse(refusal, NoteKind::kCertificateUnreadable);
    if (host.file.empty()) return;
    Note& note = config_.notes.back();
    if (note.detail.find(refusal.file) == std::string::npos) note.detail += " (" + refusal.file + ")";
    note.file = host.file;
    note.line = host.line;
  }

  void LoadEntries() {
    std::vector<HostEntry> entries(1);
    if (!config_.directory.empty() && !LoadDirectory(entries)) return;
    if (entries.back().host.host.empty()) MakeDefault(entries.back(), config_.registry, release_);
    AddOrderNotes(entries, config_.registry, file_, config_.notes);
    TlsFiles tls(tree_);
    for (HostEntry& entry : entries) {
      if (const std::optional<Refusal> refusal = tls.Load(entry)) {
        RefuseCertificate(*refusal, entry.host);
        return;
      }
      ApplyHttpFallback(entry, release_);
      config_.hosts.push_back(std::move(entry.host));
    }
  }

  bool LoadDirectory(std::vector<HostEntry>& entries) {
    const std::string path = JoinPath(config_.directory, "hosts.toml");
    const absl::StatusOr<std::string> text = tree_.Read(path, kMaxFileBytes);
    if (!text.ok() && !absl::IsNotFound(text.status())) return Refuse(RefusedBy(text.status(), path, "open"));
    if (text.ok() && !text->empty()) {
      const Parsed parsed = Parse(*text, path, entries);
      if (parsed != Parsed::kIgnored) return parsed == Parsed::kUsed;
    }
    if (!text.ok()) AddMisnamedFileNote(tree_, config_.directory, config_.notes);
    std::variant<HostEntry, Refusal> certificates = CertificateEntry(tree_, config_.directory);
    if (const Refusal* refusal = std::get_if<Refusal>(&certificates)) return Refuse(*refusal);
    entries = {std::get<HostEntry>(std::move(certificates))};
    return true;
  }

  enum class Parsed { kUsed, kIgnored, kEnded };

  Parsed Parse(const std::string& text, const std::string& path, std::vector<HostEntry>& entries) {
    const std::variant<TomlDocument, TomlRefusal> parsed = ParseToml(text, release_.Dialect());
    if (const TomlRefusal* refusal = std::get_if<TomlRefusal>(&parsed)) {
      if (!refusal->limit && !refusal->may_be_read) return Ignore(path, refusal->line, refusal->reason);
      const NoteKind kind = refusal->limit ? NoteKind::kLimitExceeded : NoteKind::kUnreadable;
      config_.unknown = "reading " + path + ": " + refusal->reason + ", which containerd may read otherwise";
      config_.notes.push_back({kind, path, refusal->line, refusal->reason});
      return Parsed::kEnded;
    }
    const TomlDocument& document = std::get<TomlDocument>(parsed);
    std::variant<HostsFile, HostsFileIgnored, HostsFilePanic, HostsFileTooLong> read =
        ReadHostsFile(document, config_.directory, path, release_);
    if (const auto* too_long = std::get_if<HostsFileTooLong>(&read)) {
      config_.unknown = path + " has more than 100 hosts";
      config_.notes.push_back({NoteKind::kLimitExceeded, path, too_long->line, "more than 100 hosts in one file"});
      return Parsed::kEnded;
    }
    if (const auto* ignored = std::get_if<HostsFileIgnored>(&read)) {
      AddCapabilityNote(*ignored, path, config_.notes);
      return Ignore(path, ignored->line, ignored->reason);
    }
    if (const auto* panic = std::get_if<HostsFilePanic>(&read)) {
      config_.error = "containerd panics on " + path + ": [host] holds a value that is no table";
      config_.notes.push_back({NoteKind::kPullFails, path, panic->line, *config_.error});
      return Parsed::kEnded;
    }
    entries = std::move(std::get<HostsFile>(read).entries);
    AddFileNotes(document, entries, path, release_, config_.notes);
    file_ = path;
    return Parsed::kUsed;
  }

  Parsed Ignore(const std::string& path, int line, const std::string& reason) {
    config_.notes.push_back({NoteKind::kFileIgnored, path, line, reason});
    return Parsed::kIgnored;
  }

  const FileTree& tree_;
  const RegistrySettings& settings_;
  Release release_;
  std::string file_;  ///< the hosts.toml in use
  RegistryConfig config_;
};

}  // namespace

RegistryConfig LoadRegistryConfig(const FileTree& tree, const RegistrySettings& settings, std::string_view registry) {
  return RegistryLoader(tree, settings, registry).Run();
}

}  // namespace tagdrift::hosts

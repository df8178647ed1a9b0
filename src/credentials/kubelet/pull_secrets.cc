#include "credentials/kubelet/pull_secrets.h"

#include <fmt/format.h>

#include <map>
#include <utility>

#include "absl/status/status.h"
#include "credentials/file_backed.h"
#include "credentials/kubelet/keyring.h"
#include "credentials/kubelet/secret_folder.h"
#include "tagdrift/text/text.h"

namespace tagdrift::credentials {
namespace {

absl::StatusOr<std::vector<Entry>> ReadSecret(const SecretFile& file, const Warn& warn) {
  const absl::StatusOr<std::string> text = ReadTextFile(file.path);
  absl::StatusOr<DockerConfig> config =
      text.ok() ? ParseDockerConfig(*text, file.form, Reader::kKubelet) : text.status();
  if (!config.ok()) {
    return absl::Status(config.status().code(),
                        fmt::format("reading pull secret {}: {}", file.path, text::MessageOf(config.status())));
  }
  for (const std::string& warning : config->warnings) warn(fmt::format("pull secret {}: {}", file.path, warning));
  return std::move(config->entries);
}

/// Reads all folders. Until that has succeeded once, every secret has to be readable.
class SecretReader {
 public:
  SecretReader(std::vector<std::string> folders, Warn warn) : folders_(std::move(folders)), warn_(std::move(warn)) {}

  absl::StatusOr<Keyring> Read() {
    Keyring keyring;
    std::map<std::string, std::vector<Entry>> read;
    for (const std::string& folder : folders_) {
      absl::StatusOr<std::vector<SecretFile>> files = ListSecretFiles(folder);
      if (!files.ok()) return files.status();
      if (files->empty()) warn_(fmt::format("there is no .dockerconfigjson or .dockercfg in {}", folder));
      for (const SecretFile& file : *files) {
        absl::StatusOr<std::vector<Entry>> entries = ReadOrKeep(file);
        if (!entries.ok()) return entries.status();
        for (const Entry& entry : *entries) keyring.Add(entry.key, entry.credential);
        read.insert_or_assign(file.path, *std::move(entries));
      }
    }
    last_ = std::move(read);
    is_first_ = false;
    return keyring;
  }

 private:
  absl::StatusOr<std::vector<Entry>> ReadOrKeep(const SecretFile& file) {
    absl::StatusOr<std::vector<Entry>> entries = ReadSecret(file, warn_);
    if (entries.ok() || is_first_) return entries;
    warn_(text::MessageOf(entries.status()) + "; what it said before stays in use");
    return last_[file.path];
  }

  const std::vector<std::string> folders_;
  const Warn warn_;
  bool is_first_ = true;
  std::map<std::string, std::vector<Entry>> last_;
};

FileStamps StampsOf(const std::vector<std::string>& folders) {
  FileStamps stamps;
  for (const std::string& folder : folders) {
    const absl::StatusOr<std::vector<SecretFile>> files = ListSecretFiles(folder);
    if (!files.ok()) {
      stamps.emplace(folder, FileStamp{});
      continue;
    }
    for (const SecretFile& file : *files) stamps.emplace(file.path, StampOf(file.path));
  }
  return stamps;
}

class PullSecrets : public Source {
 public:
  PullSecrets(std::vector<std::string> folders, FileBacked<Keyring>::Calls calls)
      : folders_(std::move(folders)), keyring_(std::move(calls)) {}

  absl::Status Load(const CallContext& context) override { return keyring_.Load(context); }

  absl::StatusOr<Candidates> Find(std::string_view host, std::string_view repository,
                                  const CallContext& context) override {
    const absl::StatusOr<std::shared_ptr<const Keyring>> keyring = keyring_.Get(context);
    if (!keyring.ok()) return keyring.status();
    return (*keyring)->Find(ImageName(host, repository));
  }

  std::vector<std::string> Hosts(const CallContext& context) override {
    const absl::StatusOr<std::shared_ptr<const Keyring>> keyring = keyring_.Get(context);
    return keyring.ok() ? (*keyring)->Hosts() : std::vector<std::string>{};
  }

  std::vector<std::string> Places(std::string_view host, std::string_view repository,
                                  const CallContext& context) override {
    const absl::StatusOr<std::shared_ptr<const Keyring>> keyring = keyring_.Get(context);
    if (!keyring.ok() || (*keyring)->Find(ImageName(host, repository)).empty()) return {};
    return {fmt::format("a pull secret in {}", fmt::join(folders_, " or "))};
  }

 private:
  const std::vector<std::string> folders_;
  FileBacked<Keyring> keyring_;
};

}  // namespace

std::unique_ptr<Source> PullSecretsSource(const Options& options) {
  const auto reader = std::make_shared<SecretReader>(options.pull_secrets, options.warn);
  return std::make_unique<PullSecrets>(
      options.pull_secrets,
      FileBacked<Keyring>::Calls{.stamps = [folders = options.pull_secrets] { return StampsOf(folders); },
                                 .read = [reader] { return reader->Read(); },
                                 .warn = options.warn,
                                 .clock = options.clock});
}

}  // namespace tagdrift::credentials

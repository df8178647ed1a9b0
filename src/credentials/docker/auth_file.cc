#include "credentials/docker/auth_file.h"

#include <fmt/format.h>

#include <map>
#include <utility>

#include "credentials/docker/auth_table.h"
#include "credentials/docker/config.h"
#include "credentials/file_backed.h"
#include "credentials/shown_key.h"
#include "tagdrift/text/text.h"

namespace tagdrift::credentials {
namespace {

struct Content {
  AuthTable entries;
  std::map<std::string, std::string> helpers;  ///< by plain host
  std::string store;
};

/// A helper is named for a whole host. A key in its plain form has precedence.
std::map<std::string, std::string> ByHost(const std::map<std::string, std::string>& helpers) {
  std::map<std::string, std::string> by_host;
  for (const auto& [key, name] : helpers) {
    if (PlainKey(key) == key) by_host.emplace(key, name);
  }
  for (const auto& [key, name] : helpers) by_host.emplace(PlainKey(key), name);
  return by_host;
}

absl::StatusOr<Content> ReadAuthFile(const std::string& path, const Warn& warn) {
  const absl::StatusOr<std::string> text = ReadTextFile(path);
  absl::StatusOr<DockerConfig> config =
      text.ok() ? ParseDockerConfig(*text, ConfigForm::kAsItAppears, Reader::kDocker) : text.status();
  if (!config.ok()) {
    return absl::Status(config.status().code(),
                        fmt::format("reading auth file {}: {}", path, text::MessageOf(config.status())));
  }
  for (const std::string& warning : config->warnings) warn(fmt::format("auth file {}: {}", path, warning));
  return Content{AuthTable(std::move(config->entries)), ByHost(config->helpers), std::move(config->store)};
}

class AuthFile : public Source {
 public:
  AuthFile(std::string path, FileBacked<Content>::Calls calls, std::shared_ptr<Helpers> helpers)
      : path_(std::move(path)), content_(std::move(calls)), helpers_(std::move(helpers)) {}

  absl::Status Load(const CallContext& context) override { return content_.Load(context); }

  absl::StatusOr<Candidates> Find(std::string_view host, std::string_view repository,
                                  const CallContext& context) override {
    const absl::StatusOr<std::shared_ptr<const Content>> content = content_.Get(context);
    if (!content.ok()) return content.status();
    const Helpers::Answer helped = AskHelper(**content, host, context);
    if (helped.ok() && *helped) return Candidates{**helped};
    if (absl::IsCancelled(helped.status())) return helped.status();
    if (const registry::Credential* found = (*content)->entries.Find(host, repository)) return Candidates{*found};
    if (!helped.ok()) return helped.status();
    return Candidates{};
  }

  std::vector<std::string> Hosts(const CallContext& context) override {
    const absl::StatusOr<std::shared_ptr<const Content>> content = content_.Get(context);
    if (!content.ok()) return {};
    std::vector<std::string> hosts = (*content)->entries.Hosts();
    for (const auto& [host, helper] : (*content)->helpers) hosts.push_back(host);
    return hosts;
  }

  std::vector<std::string> Places(std::string_view host, std::string_view repository,
                                  const CallContext& context) override {
    const absl::StatusOr<std::shared_ptr<const Content>> content = content_.Get(context);
    if (!content.ok()) return {};
    std::vector<std::string> places;
    if (const std::string& helper = HelperOf(**content, host); !helper.empty()) {
      places.push_back(fmt::format("docker-credential-{}, which {} names", ShownKey(helper), path_));
    }
    if ((*content)->entries.Find(host, repository) != nullptr) places.push_back("an entry in " + path_);
    return places;
  }

 private:
  /// Empty: none.
  static const std::string& HelperOf(const Content& content, std::string_view host) {
    const auto named = content.helpers.find(PlainKey(host));
    return named == content.helpers.end() ? content.store : named->second;
  }

  Helpers::Answer AskHelper(const Content& content, std::string_view host, const CallContext& context) const {
    const std::string& name = HelperOf(content, host);
    if (name.empty()) return std::nullopt;
    return helpers_->Get(name, host, context);
  }

  const std::string path_;
  FileBacked<Content> content_;
  const std::shared_ptr<Helpers> helpers_;
};

}  // namespace

std::unique_ptr<Source> AuthFileSource(const std::string& path, const Options& options,
                                       std::shared_ptr<Helpers> helpers) {
  const Warn warn = options.warn;
  return std::make_unique<AuthFile>(
      path,
      FileBacked<Content>::Calls{.stamps =
                                     [path] {
                                       return FileStamps{{path, StampOf(path)}};
                                     },
                                 .read = [path, warn] { return ReadAuthFile(path, warn); },
                                 .warn = warn,
                                 .clock = options.clock},
      std::move(helpers));
}

}  // namespace tagdrift::credentials

#include "credentials/auth_file.h"

#include <fmt/format.h>

#include <set>
#include <utility>

#include "credentials/docker_config.h"
#include "credentials/reread.h"
#include "credentials/segment_rule.h"

namespace tagdrift::credentials {
namespace {

struct Content {
  SegmentTable entries;
  std::map<std::string, std::string> helpers;  ///< by plain host
  std::string store;
};

/// A helper is named for a host, not for a part of it. A key in its plain form counts first.
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
                        fmt::format("reading auth file {}: {}", path, std::string(config.status().message())));
  }
  for (const std::string& complaint : config->complaints) warn(fmt::format("auth file {}: {}", path, complaint));
  return Content{SegmentTable(std::move(config->entries)), ByHost(config->helpers), std::move(config->store)};
}

class AuthFile : public registry::CredentialSource {
 public:
  AuthFile(std::unique_ptr<Reread<Content>> content, std::shared_ptr<Helpers> helpers)
      : content_(std::move(content)), helpers_(std::move(helpers)) {}

  registry::CredentialAnswer Find(std::string_view host, std::string_view repository) const override {
    const std::shared_ptr<const Content> content = content_->Get();
    registry::CredentialAnswer answer = AskHelper(*content, host);
    if (!answer.candidates.empty()) return answer;
    if (const registry::Credential* found = content->entries.Find(host, repository)) answer.candidates = {*found};
    return answer;
  }

 private:
  registry::CredentialAnswer AskHelper(const Content& content, std::string_view host) const {
    const auto named = content.helpers.find(PlainKey(host));
    const std::string& name = named == content.helpers.end() ? content.store : named->second;
    if (name.empty()) return {};
    const Helpers::Answer answer = helpers_->Get(name, host);
    if (!answer.ok()) return {{}, std::string(answer.status().message())};
    if (!*answer) return {};
    return {{**answer}, {}};
  }

  const std::unique_ptr<Reread<Content>> content_;
  const std::shared_ptr<Helpers> helpers_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<registry::CredentialSource>> OpenAuthFile(const std::string& path,
                                                                         const Options& options,
                                                                         std::shared_ptr<Helpers> helpers) {
  const Warn warn = options.warn;
  auto content = Reread<Content>::Open({.stamps =
                                            [path] {
                                              return FileStamps{{path, StampOf(path)}};
                                            },
                                        .read = [path, warn] { return ReadAuthFile(path, warn); },
                                        .warn = warn,
                                        .now = options.now});
  if (!content.ok()) return content.status();
  return std::make_unique<AuthFile>(*std::move(content), std::move(helpers));
}

}  // namespace tagdrift::credentials

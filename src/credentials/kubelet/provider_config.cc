#include "credentials/kubelet/provider_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <set>
#include <system_error>

#include "absl/status/status.h"
#include "credentials/kubelet/provider_yaml.h"
#include "credentials/text_file.h"
#include "tagdrift/text/text.h"

namespace tagdrift::credentials {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxFiles = 100;

absl::Status Failed(const std::string& path, const absl::Status& status) {
  return absl::Status(status.code(),
                      fmt::format("reading credential providers from {}: {}", path, text::MessageOf(status)));
}

absl::StatusOr<std::vector<std::string>> FilesIn(const std::string& folder) {
  std::error_code error;
  std::vector<std::string> files;
  for (auto entry = fs::directory_iterator(folder, error); !error && entry != fs::directory_iterator();
       entry.increment(error)) {
    const std::string extension = entry->path().extension().string();
    if (extension != ".json" && extension != ".yaml" && extension != ".yml") continue;
    if (!entry->is_directory(error)) files.push_back(entry->path().string());
    if (files.size() > kMaxFiles) return absl::ResourceExhaustedError(fmt::format("more than {} files", kMaxFiles));
  }
  if (error) return absl::NotFoundError(error.message());
  if (files.empty()) return absl::NotFoundError("there is no .json, .yaml or .yml file in it");
  std::ranges::sort(files);
  return files;
}

absl::StatusOr<std::vector<Provider>> ReadFile(const std::string& file) {
  const absl::StatusOr<std::string> text = ReadTextFile(file);
  if (!text.ok()) return Failed(file, text.status());
  absl::StatusOr<std::vector<Provider>> providers = ParseProviderConfig(*text);
  if (!providers.ok()) return Failed(file, providers.status());
  return providers;
}

}  // namespace

absl::StatusOr<std::vector<std::string>> ProviderConfigFiles(const std::string& path) {
  std::error_code error;
  if (!fs::is_directory(path, error)) return std::vector<std::string>{path};
  absl::StatusOr<std::vector<std::string>> files = FilesIn(path);
  if (!files.ok()) return Failed(path, files.status());
  return files;
}

absl::StatusOr<std::vector<Provider>> ReadProviderConfig(const std::string& path) {
  const absl::StatusOr<std::vector<std::string>> files = ProviderConfigFiles(path);
  if (!files.ok()) return files.status();
  std::vector<Provider> all;
  std::set<std::string> names;
  for (const std::string& file : *files) {
    absl::StatusOr<std::vector<Provider>> providers = ReadFile(file);
    if (!providers.ok()) return providers.status();
    for (Provider& provider : *providers) {
      if (!names.insert(provider.name).second) {
        return Failed(file, absl::InvalidArgumentError("provider '" + provider.name + "' is there twice"));
      }
      all.push_back(std::move(provider));
    }
  }
  return all;
}

}  // namespace tagdrift::credentials

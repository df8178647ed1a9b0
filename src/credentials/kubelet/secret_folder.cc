#include "credentials/kubelet/secret_folder.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "absl/status/status.h"

namespace tagdrift::credentials {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxNames = 100;

void AddFilesOf(const std::string& folder, std::vector<SecretFile>& files) {
  std::error_code error;
  for (const auto& [name, form] :
       {std::pair{"/.dockerconfigjson", ConfigForm::kConfigJson}, std::pair{"/.dockercfg", ConfigForm::kBareMap}}) {
    if (fs::exists(folder + name, error)) files.push_back({folder + name, form});
  }
}

}  // namespace

absl::StatusOr<std::vector<SecretFile>> ListSecretFiles(const std::string& folder) {
  std::error_code error;
  std::vector<std::string> names;
  for (auto entry = fs::directory_iterator(folder, error); !error && entry != fs::directory_iterator();
       entry.increment(error)) {
    names.push_back(entry->path().filename().string());
    if (names.size() > kMaxNames) {
      return absl::ResourceExhaustedError(
          fmt::format("reading pull secrets in {}: more than {} names; name a folder "
                      "that holds mounted secrets only",
                      folder, kMaxNames));
    }
  }
  if (error) return absl::NotFoundError(fmt::format("reading pull secrets in {}: {}", folder, error.message()));
  std::ranges::sort(names);
  std::vector<SecretFile> files;
  AddFilesOf(folder, files);
  for (const std::string& name : names) {
    if (!name.starts_with("..")) AddFilesOf(folder + "/" + name, files);
  }
  return files;
}

}  // namespace tagdrift::credentials

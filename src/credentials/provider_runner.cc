#include "credentials/provider_runner.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/status/status.h"
#include "credentials/auth_entry.h"

namespace tagdrift::credentials {
namespace {

constexpr std::size_t kMaxOutput = 256 * 1024;
constexpr std::size_t kMaxShownErrors = 200;
constexpr char kGlobalKey[] = "global";

std::string ImageKey(const std::string& image) { return "image " + image; }
std::string RegistryKey(const std::string& image) { return "registry " + image.substr(0, image.find('/')); }

std::string KeyFor(CacheKey key, const std::string& image) {
  switch (key) {
    case CacheKey::kImage:
      return ImageKey(image);
    case CacheKey::kRegistry:
      return RegistryKey(image);
    case CacheKey::kGlobal:
      break;
  }
  return kGlobalKey;
}

/// The last line of standard error, short.
std::string Shown(std::string errors) {
  errors.erase(errors.find_last_not_of(" \t\r\n") + 1);
  errors.erase(0, errors.rfind('\n') + 1);
  std::ranges::replace_if(
      errors, [](unsigned char c) { return c < ' ' || c > '~'; }, ' ');
  if (errors.size() > kMaxShownErrors) errors = errors.substr(0, kMaxShownErrors) + "…";
  return errors;
}

std::vector<std::string> EnvironmentOf(const Provider& provider, std::map<std::string, std::string> environment) {
  for (const auto& [name, value] : provider.env) environment.insert_or_assign(name, value);
  std::vector<std::string> out;
  for (const auto& [name, value] : environment) out.push_back(name + "=" + value);
  return out;
}

}  // namespace

ProviderRunner::ProviderRunner(Provider provider, const Options& options)
    : provider_(std::move(provider)),
      program_(options.provider_bin_dir + "/" + provider_.name),
      environment_(EnvironmentOf(provider_, options.environment)),
      process_(options.process),
      now_(options.now),
      stop_(options.stop) {}

bool ProviderRunner::Matches(const ImagePattern& image) const {
  return std::ranges::any_of(provider_.match_images,
                             [&image](const ImagePattern& pattern) { return pattern.Matches(image); });
}

ProviderRunner::Answer ProviderRunner::Ask(const std::string& image) {
  if (provider_.needs_service_account) {
    return absl::UnavailableError(fmt::format(
        "credential provider {}: it needs a token of the pod's service account, which only the kubelet can ask for",
        provider_.name));
  }
  if (std::optional<Answer> known = Known(image)) return *std::move(known);
  return flights_.Do(image, [&]() -> Answer {
    const std::lock_guard lock(turn_);
    if (std::optional<Answer> known = Known(image)) return *std::move(known);
    return AskNow(image);
  });
}

std::optional<ProviderRunner::Answer> ProviderRunner::Known(const std::string& image) const {
  for (const std::string& key : {ImageKey(image), RegistryKey(image), std::string(kGlobalKey)}) {
    if (std::optional<Answer> known = known_.Get(key, now_())) return known;
  }
  return std::nullopt;
}

/// A provider that hangs is not run for other images either.
ProviderRunner::Answer ProviderRunner::AskNow(const std::string& image) {
  absl::StatusOr<ProviderResponse> response = Run(image);
  const Time now = now_();
  if (!response.ok()) {
    absl::Status status(response.status().code(), fmt::format("credential provider {} for {}: {}", provider_.name,
                                                              image, std::string(response.status().message())));
    const bool hangs = absl::IsDeadlineExceeded(status);
    known_.Put(hangs ? kGlobalKey : ImageKey(image), status, now + std::chrono::minutes(1), now);
    return status;
  }
  const absl::Duration duration = std::clamp(response->cache_duration.value_or(provider_.default_cache_duration),
                                             absl::ZeroDuration(), absl::Hours(24 * 365));
  if (duration > absl::ZeroDuration()) {
    known_.Put(KeyFor(response->cache_key, image), response->entries, now + absl::ToChronoNanoseconds(duration), now);
  }
  return std::move(response->entries);
}

absl::StatusOr<ProviderResponse> ProviderRunner::Run(const std::string& image) const {
  std::vector<std::string> arguments = {program_};
  arguments.insert(arguments.end(), provider_.args.begin(), provider_.args.end());
  const absl::StatusOr<Ending> ending = process_->Run({.arguments = std::move(arguments),
                                                       .environment = environment_,
                                                       .input = ProviderRequest(image, provider_.api_version),
                                                       .limit = absl::Minutes(1),
                                                       .output_limit = kMaxOutput},
                                                      stop_);
  if (!ending.ok()) return ending.status();
  if (ending->exit_code != 0) {
    const std::string said = Shown(ending->errors);
    return absl::InternalError(fmt::format("exit code {}{}{}", ending->exit_code, said.empty() ? "" : ": ", said));
  }
  return ParseProviderResponse(ending->output, provider_.api_version);
}

}  // namespace tagdrift::credentials

#include "credentials/kubelet/provider_plugin.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/status/status.h"
#include "tagdrift/text/text.h"

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
std::string LastLine(std::string_view errors) {
  errors = text::Trim(errors);
  std::string line(errors.substr(errors.rfind('\n') + 1));
  std::ranges::replace_if(
      line, [](unsigned char c) { return c < ' ' || c > '~'; }, ' ');
  if (line.size() > kMaxShownErrors) line = line.substr(0, kMaxShownErrors) + "…";
  return line;
}

std::vector<std::string> EnvironmentOf(const Provider& provider, std::map<std::string, std::string> environment) {
  for (const auto& [name, value] : provider.env) environment.insert_or_assign(name, value);
  std::vector<std::string> out;
  for (const auto& [name, value] : environment) out.push_back(name + "=" + value);
  return out;
}

}  // namespace

ProviderPlugin::ProviderPlugin(Provider provider, const Options& options)
    : provider_(std::move(provider)),
      program_(options.provider_bin_dir + "/" + provider_.name),
      environment_(EnvironmentOf(provider_, options.environment)),
      process_(options.process),
      clock_(options.clock) {}

bool ProviderPlugin::Matches(const ImagePattern& image) const {
  return std::ranges::any_of(provider_.match_images,
                             [&image](const ImagePattern& pattern) { return pattern.Matches(image); });
}

ProviderPlugin::Answer ProviderPlugin::Ask(const std::string& image, const CallContext& context) {
  if (provider_.needs_service_account) {
    return absl::UnavailableError(fmt::format(
        "credential provider {}: it needs a token of the pod's service account, which only the kubelet can ask for",
        provider_.name));
  }
  if (std::optional<Answer> known = Known(image)) return *std::move(known);
  return flights_.Do(image, context, [&] { return AskInTurn(image, context); });
}

std::optional<ProviderPlugin::Answer> ProviderPlugin::Known(const std::string& image) const {
  const SteadyTime now = clock_->Steady();
  for (const std::string& key : {ImageKey(image), RegistryKey(image), std::string(kGlobalKey)}) {
    if (std::optional<Answer> known = answers_.Get(key, now)) return known;
  }
  return std::nullopt;
}

ProviderPlugin::Answer ProviderPlugin::AskInTurn(const std::string& image, const CallContext& context) {
  if (absl::Status status = turn_.Lock(context); !status.ok()) return Failed(image, status);
  const absl::Cleanup unlock = [this] { turn_.Unlock(); };
  if (std::optional<Answer> known = Known(image)) return *std::move(known);
  return AskNow(image, context);
}

/// A provider that hangs is not run for other images either.
ProviderPlugin::Answer ProviderPlugin::AskNow(const std::string& image, const CallContext& context) {
  absl::StatusOr<ProviderResponse> response = Run(image, context);
  const SteadyTime now = clock_->Steady();
  if (!response.ok()) {
    absl::Status status = Failed(image, response.status());
    if (absl::IsCancelled(status)) return status;
    const bool hangs = absl::IsDeadlineExceeded(status);
    answers_.Put(hangs ? kGlobalKey : ImageKey(image), status, now + std::chrono::minutes(1), now);
    return status;
  }
  const absl::Duration duration = std::clamp(response->cache_duration.value_or(provider_.default_cache_duration),
                                             absl::ZeroDuration(), absl::Hours(24 * 365));
  if (duration > absl::ZeroDuration()) {
    answers_.Put(KeyFor(response->cache_key, image), response->entries, now + absl::ToChronoNanoseconds(duration), now);
  }
  return std::move(response->entries);
}

absl::Status ProviderPlugin::Failed(const std::string& image, const absl::Status& status) const {
  return absl::Status(status.code(),
                      fmt::format("credential provider {} for {}: {}", provider_.name, image, text::MessageOf(status)));
}

absl::StatusOr<ProviderResponse> ProviderPlugin::Run(const std::string& image, const CallContext& context) const {
  std::vector<std::string> arguments = {program_};
  arguments.insert(arguments.end(), provider_.args.begin(), provider_.args.end());
  const absl::StatusOr<Ending> ending = process_->Run({.arguments = std::move(arguments),
                                                       .environment = environment_,
                                                       .input = ProviderRequest(image, provider_.api_version),
                                                       .limit = absl::Minutes(1),
                                                       .output_limit = kMaxOutput},
                                                      context);
  if (!ending.ok()) return ending.status();
  if (ending->exit_code != 0) {
    const std::string said = LastLine(ending->errors);
    return absl::InternalError(fmt::format("exit code {}{}{}", ending->exit_code, said.empty() ? "" : ": ", said));
  }
  return ParseProviderResponse(ending->output, provider_.api_version);
}

}  // namespace tagdrift::credentials

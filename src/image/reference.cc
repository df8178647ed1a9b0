#include "tagdrift/image/reference.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "absl/status/status.h"
#include "character.h"
#include "reference_grammar.h"
#include "tagdrift/text/text.h"

namespace tagdrift::image {
namespace {

constexpr std::string_view kDefaultRegistry = "docker.io";
constexpr std::string_view kLegacyDefaultRegistry = "index.docker.io";
constexpr std::string_view kOfficialPrefix = "library/";
constexpr std::size_t kRepositoryLimit = 255;
constexpr std::size_t kIdLength = 64;

bool IsId(std::string_view text) {
  return text.size() == kIdLength && std::all_of(text.begin(), text.end(), IsLowerHex);
}

bool LooksLikeHost(std::string_view first) {
  return first == "localhost" || first.find_first_of(".:") != std::string_view::npos ||
         std::any_of(first.begin(), first.end(), IsUpper);
}

struct SplitName {
  std::string registry;
  std::string remainder;
};

SplitName SplitRegistry(std::string_view text) {
  SplitName split{std::string(kDefaultRegistry), std::string(text)};
  const std::size_t slash = text.find('/');
  if (slash != std::string_view::npos && LooksLikeHost(text.substr(0, slash))) {
    split.registry = text.substr(0, slash);
    split.remainder = text.substr(slash + 1);
  }
  if (split.registry == kLegacyDefaultRegistry) split.registry = kDefaultRegistry;
  if (split.registry == kDefaultRegistry && split.remainder.find('/') == std::string::npos) {
    split.remainder.insert(0, kOfficialPrefix);
  }
  return split;
}

absl::Status FormatError(const std::string& name) {
  ReferenceParts parts;
  const bool fits_in_lower_case = SplitReference(text::Lower(name), parts);
  return absl::InvalidArgumentError(fits_in_lower_case ? "repository name must be lowercase"
                                                       : "invalid reference format");
}

absl::Status CheckParts(const ReferenceParts& parts) {
  if (parts.path.size() > kRepositoryLimit) {
    return absl::InvalidArgumentError("repository name must not be more than 255 characters");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Reference> Reference::Parse(std::string_view text) {
  if (IsId(text)) {
    return absl::InvalidArgumentError("invalid repository name (" + std::string(text) +
                                      "), cannot specify 64-byte hexadecimal strings");
  }
  const SplitName split = SplitRegistry(text);
  const std::string remote = split.remainder.substr(0, split.remainder.find(':'));
  if (std::any_of(remote.begin(), remote.end(), IsUpper)) {
    return absl::InvalidArgumentError("invalid reference format: repository name (" + remote + ") must be lowercase");
  }

  const std::string name = split.registry + "/" + split.remainder;
  ReferenceParts parts;
  if (!SplitReference(name, parts)) return FormatError(name);
  if (absl::Status status = CheckParts(parts); !status.ok()) return status;

  // A host with an underscore only fits the grammar as a part of the path. containerd asks it all the same: it goes by
  // the first slash.
  const std::size_t slash = name.find('/');
  Reference reference;
  reference.registry_ = name.substr(0, slash);
  reference.repository_ = parts.path.substr(parts.host.empty() ? slash + 1 : 0);
  if (!parts.digest.empty()) {
    absl::StatusOr<Digest> digest = Digest::Parse(parts.digest);
    if (!digest.ok()) return digest.status();
    reference.digest_ = *std::move(digest);
  } else {
    reference.tag_ = parts.tag.empty() ? "latest" : std::string(parts.tag);
  }
  return reference;
}

std::string Reference::Name() const { return registry_ + "/" + repository_; }

std::string Reference::Canonical() const {
  std::string text = Name();
  if (tag_) text += ":" + *tag_;
  if (digest_) text += "@" + digest_->text();
  return text;
}

std::string Reference::Familiar() const {
  std::string text = Canonical();
  if (registry_ != kDefaultRegistry) return text;
  // Without its registry "docker.io/a.b/c" would read as host a.b.
  const std::size_t slash = repository_.find('/');
  if (slash != std::string::npos && LooksLikeHost(std::string_view(repository_).substr(0, slash))) return text;
  text.erase(0, kDefaultRegistry.size() + 1);
  const bool official =
      repository_.starts_with(kOfficialPrefix) && repository_.find('/', kOfficialPrefix.size()) == std::string::npos;
  if (official) text.erase(0, kOfficialPrefix.size());
  return text;
}

Reference Reference::At(Digest digest) const {
  Reference reference = *this;
  reference.tag_.reset();
  reference.digest_ = std::move(digest);
  return reference;
}

bool IsRegistry(std::string_view text) { return LooksLikeHost(text) && IsHostPart(text); }

}  // namespace tagdrift::image

#include "tagdrift/image/platform.h"

#include <algorithm>
#include <optional>

#include "character.h"
#include "tagdrift/text/text.h"

namespace tagdrift::image {
namespace {

constexpr int kArm64MinorLimit = 9;

void NormalizeArm64(Platform& platform) {
  const std::string& variant = platform.variant;
  platform.architecture = "arm64";
  if (variant == "8" || variant == "v8" || variant == "v8.0") {
    platform.variant.clear();
  } else if (variant == "9" || variant == "9.0" || variant == "v9.0") {
    platform.variant = "v9";
  }
}

void NormalizeArm(Platform& platform) {
  const std::string& variant = platform.variant;
  if (variant.empty() || variant == "7") {
    platform.variant = "v7";
  } else if (variant == "5" || variant == "6" || variant == "8") {
    platform.variant.insert(0, "v");
  }
}

void NormalizeArchitecture(Platform& platform) {
  const std::string architecture = platform.architecture;
  if (architecture == "i386") {
    platform.architecture = "386";
    platform.variant.clear();
  } else if (architecture == "x86_64" || architecture == "x86-64" || architecture == "amd64") {
    platform.architecture = "amd64";
    if (platform.variant == "v1") platform.variant.clear();
  } else if (architecture == "aarch64" || architecture == "arm64") {
    NormalizeArm64(platform);
  } else if (architecture == "armhf" || architecture == "armel") {
    platform.architecture = "arm";
    platform.variant = architecture == "armhf" ? "v7" : "v6";
  } else if (architecture == "arm") {
    NormalizeArm(platform);
  }
}

struct Candidate {
  std::string architecture;
  std::string variant;
};

// "v8.2" is {8, 2}, "v7" is {7, 0}; nothing for any other form or more than one digit a part.
struct VariantNumber {
  int major = 0;
  int minor = 0;
};

std::optional<VariantNumber> ParseVariant(std::string_view text) {
  if (text.starts_with('v')) text.remove_prefix(1);
  const bool plain = text.size() == 1 && IsDigit(text[0]);
  const bool dotted = text.size() == 3 && IsDigit(text[0]) && text[1] == '.' && IsDigit(text[2]);
  if (!plain && !dotted) return std::nullopt;
  return VariantNumber{text[0] - '0', dotted ? text[2] - '0' : 0};
}

void AddDown(std::vector<Candidate>& list, const std::string& architecture, int from, int to) {
  for (int number = from; number >= to; --number) list.push_back({architecture, "v" + std::to_string(number)});
}

void AddArm64Minors(std::vector<Candidate>& list, int major, int from) {
  for (int minor = std::min(from, kArm64MinorLimit); minor > 0; --minor) {
    list.push_back({"arm64", "v" + std::to_string(major) + "." + std::to_string(minor)});
  }
  list.push_back({"arm64", major == 8 ? "" : "v" + std::to_string(major)});
}

void AddArm64(std::vector<Candidate>& list, const Platform& node) {
  const std::optional<VariantNumber> number = ParseVariant(node.variant.empty() ? "v8" : node.variant);
  if (number && number->major == 9) {
    AddArm64Minors(list, 9, number->minor);
    AddArm64Minors(list, 8, number->minor + 5);
  } else if (number && number->major == 8) {
    AddArm64Minors(list, 8, number->minor);
  } else {
    list.push_back({node.architecture, node.variant});
  }
  AddDown(list, "arm", 8, 5);
}

std::vector<Candidate> Candidates(const Platform& node) {
  std::vector<Candidate> list;
  if (node.architecture == "arm64") {
    AddArm64(list, node);
    return list;
  }
  list.push_back({node.architecture, node.variant});
  const std::optional<VariantNumber> number = ParseVariant(node.variant);
  if (node.architecture == "amd64") {
    if (number && number->major > 1) {
      AddDown(list, "amd64", number->major - 1, 2);
      list.push_back({"amd64", ""});
    }
    list.push_back({"386", ""});
  } else if (node.architecture == "arm" && number) {
    AddDown(list, "arm", number->major - 1, 5);
  }
  return list;
}

bool HasAllFeatures(const Platform& node, const Platform& candidate) {
  return std::all_of(candidate.os_features.begin(), candidate.os_features.end(), [&node](const std::string& feature) {
    return std::find(node.os_features.begin(), node.os_features.end(), feature) != node.os_features.end();
  });
}

}  // namespace

std::string Platform::Text() const {
  if (os.empty()) return "unknown";
  std::string text = os + "/" + architecture;
  if (!variant.empty()) text += "/" + variant;
  return text;
}

Platform Normalize(Platform platform) {
  platform.os = text::Lower(platform.os);
  platform.architecture = text::Lower(platform.architecture);
  platform.variant = text::Lower(platform.variant);
  if (platform.os.empty()) platform.os = "linux";
  if (platform.os == "macos") platform.os = "darwin";
  NormalizeArchitecture(platform);
  return platform;
}

std::optional<std::size_t> Rank(const Platform& node, const Platform& candidate) {
  const Platform own = Normalize(node);
  const Platform other = Normalize(candidate);
  if (own.os != other.os || !HasAllFeatures(own, other)) return std::nullopt;
  const std::vector<Candidate> candidates = Candidates(own);
  for (std::size_t rank = 0; rank < candidates.size(); ++rank) {
    if (candidates[rank].architecture == other.architecture && candidates[rank].variant == other.variant) return rank;
  }
  return std::nullopt;
}

}  // namespace tagdrift::image

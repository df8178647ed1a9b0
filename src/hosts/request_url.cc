#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "tagdrift/hosts/registry_host.h"

namespace tagdrift::hosts {
namespace {

// Rooted `path` without empty, "." and ".." elements.
std::string Clean(std::string_view path) {
  std::vector<std::string_view> elements;
  while (!path.empty()) {
    const std::size_t slash = path.find('/');
    const std::string_view element = path.substr(0, slash);
    path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
    if (element.empty() || element == ".") continue;
    if (element != "..") {
      elements.push_back(element);
    } else if (!elements.empty()) {
      elements.pop_back();
    }
  }
  std::string cleaned;
  for (const std::string_view element : elements) cleaned.append("/").append(element);
  return cleaned.empty() ? "/" : cleaned;
}

bool IsPlainInQuery(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_' ||
         c == '.' || c == '~';
}

std::string QueryEscape(std::string_view text) {
  static constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string escaped;
  for (const char c : text) {
    if (IsPlainInQuery(c)) {
      escaped += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    escaped.append("%").append(1, kDigits[byte >> 4]).append(1, kDigits[byte & 0xf]);
  }
  return escaped;
}

}  // namespace

std::string RegistryHost::Url() const { return scheme + "://" + host + path; }

bool RegistryHost::SameRequestsAs(const RegistryHost& other) const {
  return scheme == other.scheme && host == other.host && path == other.path &&
         SkipsVerification() == other.SkipsVerification() && http_fallback == other.http_fallback && ca == other.ca &&
         clients == other.clients && headers == other.headers && dial_timeout == other.dial_timeout;
}

std::string DefaultHostName(std::string_view registry) {
  return std::string(registry == "docker.io" ? "registry-1.docker.io" : registry);
}

std::string RequestUrl(const RegistryHost& host, std::string_view registry, std::string_view repository,
                       std::string_view kind, std::string_view object) {
  std::string path = "/" + host.path;
  for (const std::string_view part : {repository, kind, object}) path.append("/").append(part);
  std::string url = host.scheme + "://" + host.host + Clean(path);
  const bool is_registry_itself =
      host.host == registry || (registry == "docker.io" && host.host == DefaultHostName(registry));
  if (!is_registry_itself) url += "?ns=" + QueryEscape(registry);
  return url;
}

}  // namespace tagdrift::hosts

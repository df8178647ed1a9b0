#include "credentials/kubelet/image_pattern.h"

#include <algorithm>
#include <utility>

namespace tagdrift::credentials {
namespace {

constexpr std::string_view kDigits = "0123456789";

bool IsControl(unsigned char c) { return c < 0x20 || c == 0x7f; }

/// Characters that Go accepts in the host of a URL unescaped.
bool IsHostCharacter(unsigned char c) {
  if (c >= 0x80) return true;
  if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) return true;
  return std::string_view("-_.~!$&'()*+,;=:[]<>\"").find(static_cast<char>(c)) != std::string_view::npos;
}

/// The text behind the host: nothing, or ":" and digits.
bool IsPort(std::string_view text) {
  return text.empty() || (text[0] == ':' && text.substr(1).find_first_not_of(kDigits) == std::string_view::npos);
}

bool IsHost(std::string_view host) {
  if (!std::ranges::all_of(host, IsHostCharacter)) return false;
  if (host.starts_with('[')) {
    const std::size_t end = host.rfind(']');
    return end != std::string_view::npos && IsPort(host.substr(end + 1));
  }
  const std::size_t colon = host.rfind(':');
  return colon == std::string_view::npos || IsPort(host.substr(colon));
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<std::string> Unescape(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    if (i + 2 >= text.size() || HexDigit(text[i + 1]) < 0 || HexDigit(text[i + 2]) < 0) return std::nullopt;
    out += static_cast<char>(HexDigit(text[i + 1]) * 16 + HexDigit(text[i + 2]));
    i += 2;
  }
  return out;
}

/// Host and port as Go's net.SplitHostPort has them: "[::1]" keeps its brackets, "[::1]:5000" does not.
std::pair<std::string_view, std::string_view> SplitPort(std::string_view host) {
  const std::size_t colon = host.rfind(':');
  if (colon == std::string_view::npos) return {host, ""};
  const std::string_view name = host.substr(0, colon);
  const std::string_view port = host.substr(colon + 1);
  if (name.starts_with('[') && name.ends_with(']')) return {name.substr(1, name.size() - 2), port};
  const bool one_colon = name.find_first_of(":[]") == std::string_view::npos;
  return one_colon && port.find(']') == std::string_view::npos ? std::pair{name, port} : std::pair{host, ""};
}

std::vector<std::string> SplitLabels(std::string_view name) {
  std::vector<std::string> labels;
  for (;;) {
    const std::size_t dot = std::min(name.find('.'), name.size());
    labels.emplace_back(name.substr(0, dot));
    if (dot == name.size()) return labels;
    name.remove_prefix(dot + 1);
  }
}

}  // namespace

ImagePattern::ImagePattern(std::string host, std::string path) : host_(std::move(host)), path_(std::move(path)) {
  const auto [name, port] = SplitPort(host_);
  labels_ = SplitLabels(name);
  port_ = port;
}

std::optional<ImagePattern> ImagePattern::Parse(std::string_view text) {
  if (std::ranges::any_of(text, IsControl)) return std::nullopt;
  text = text.substr(0, text.find('#'));
  text = text.substr(0, text.find('?'));
  const std::size_t slash = std::min(text.find('/'), text.size());
  std::string_view host = text.substr(0, slash);
  if (const std::size_t at = host.rfind('@'); at != std::string_view::npos) host.remove_prefix(at + 1);
  std::optional<std::string> path = Unescape(text.substr(slash));
  if (!path || !IsHost(host)) return std::nullopt;
  return ImagePattern(std::string(host), *std::move(path));
}

bool ImagePattern::Matches(const ImagePattern& image) const {
  if (port_ != image.port_ || labels_.size() != image.labels_.size() || !image.path_.starts_with(path_)) return false;
  for (std::size_t i = 0; i < labels_.size(); ++i) {
    if (!LabelMatches(labels_[i], image.labels_[i])) return false;
  }
  return true;
}

}  // namespace tagdrift::credentials

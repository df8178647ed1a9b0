#include "hosts/go/host_url.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "hosts/go/go_text.h"
#include "tagdrift/text/text.h"
#include "tagdrift/text/userinfo.h"

namespace tagdrift::hosts {
namespace {

bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }

int HexValue(char c) {
  if (IsDigit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool IsHostCharacter(char c) {
  return static_cast<unsigned char>(c) >= 0x80 || IsLetter(c) || IsDigit(c) ||
         std::string_view("!$&'()*+,;=:[]<>\"-_.~").find(c) != std::string_view::npos;
}

bool IsUserCharacter(char c) {
  return IsLetter(c) || IsDigit(c) || std::string_view("-._:~!$&'()*+,;=%@").find(c) != std::string_view::npos;
}

enum class Part { kHost, kZone, kPath, kUser };

absl::Status EscapeError(std::string_view escape) {
  return absl::InvalidArgumentError("invalid URL escape " + GoQuoted(escape));
}

/// Whether the part may hold `byte` as a %-escape. Go wants host names plain, except for "%25" and bytes above 0x7f.
bool MayEscape(Part part, std::string_view escape, int byte) {
  switch (part) {
    case Part::kHost:
      return byte >= 0x80 || escape == "%25";
    case Part::kZone:
      return escape == "%25" || byte == ' ' || IsHostCharacter(static_cast<char>(byte));
    case Part::kPath:
    case Part::kUser:
      return true;
  }
  return true;
}

absl::StatusOr<std::string> Unescape(std::string_view text, Part part) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      const std::string_view escape = text.substr(i, 3);
      if (escape.size() < 3 || HexValue(escape[1]) < 0 || HexValue(escape[2]) < 0) return EscapeError(escape);
      const int byte = HexValue(escape[1]) * 16 + HexValue(escape[2]);
      if (!MayEscape(part, escape, byte)) return EscapeError(escape);
      plain.push_back(static_cast<char>(byte));
      i += 2;
    } else if ((part == Part::kHost || part == Part::kZone) && !IsHostCharacter(text[i])) {
      return absl::InvalidArgumentError("invalid character " + GoQuoted(text.substr(i, 1)) + " in host name");
    } else {
      plain.push_back(text[i]);
    }
  }
  return plain;
}

bool IsOptionalPort(std::string_view text) {
  if (text.empty()) return true;
  if (text[0] != ':') return false;
  for (const char c : text.substr(1)) {
    if (!IsDigit(c)) return false;
  }
  return true;
}

absl::Status PortError(std::string_view port) {
  return absl::InvalidArgumentError("invalid port " + GoQuoted(port) + " after host");
}

/// "[fe80::1%25eth0]:5000": the zone may hold escapes that the rest may not.
absl::StatusOr<std::string> ParseBracketedHost(std::string_view text) {
  const std::size_t bracket = text.rfind(']');
  if (bracket == std::string_view::npos) return absl::InvalidArgumentError("missing ']' in host");
  const std::string_view port = text.substr(bracket + 1);
  if (!IsOptionalPort(port)) return PortError(port);
  const std::size_t zone = text.substr(0, bracket).find("%25");
  if (zone == std::string_view::npos) return Unescape(text, Part::kHost);

  std::string host;
  const std::pair<std::string_view, Part> pieces[] = {{text.substr(0, zone), Part::kHost},
                                                      {text.substr(zone, bracket - zone), Part::kZone},
                                                      {text.substr(bracket), Part::kHost}};
  for (const auto& [piece, part] : pieces) {
    const absl::StatusOr<std::string> plain = Unescape(piece, part);
    if (!plain.ok()) return plain.status();
    host += *plain;
  }
  return host;
}

absl::StatusOr<std::string> ParseHost(std::string_view text) {
  if (text.starts_with('[')) return ParseBracketedHost(text);
  const std::size_t colon = text.rfind(':');
  if (colon != std::string_view::npos && !IsOptionalPort(text.substr(colon))) return PortError(text.substr(colon));
  return Unescape(text, Part::kHost);
}

absl::StatusOr<std::string> ParseAuthority(std::string_view text) {
  const std::size_t at = text.rfind('@');
  if (at == std::string_view::npos) return ParseHost(text);
  absl::StatusOr<std::string> host = ParseHost(text.substr(at + 1));
  if (!host.ok()) return host;
  for (const char c : text.substr(0, at)) {
    if (!IsUserCharacter(c)) return absl::InvalidArgumentError("net/url: invalid userinfo");
  }
  const absl::StatusOr<std::string> user = Unescape(text.substr(0, at), Part::kUser);
  if (!user.ok()) return user.status();
  return host;
}

/// Takes "scheme:" from the front of `text`. Nothing when the text cannot have one, an error when it begins with a
/// colon.
absl::StatusOr<std::string> TakeScheme(std::string_view& text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (IsLetter(c)) continue;
    if (IsDigit(c) || c == '+' || c == '-' || c == '.') {
      if (i == 0) return "";
      continue;
    }
    if (c != ':') return "";
    if (i == 0) return absl::InvalidArgumentError("missing protocol scheme");
    const std::string scheme = text::Lower(text.substr(0, i));
    text.remove_prefix(i + 1);
    return scheme;
  }
  return "";
}

absl::StatusOr<HostUrl> Parse(std::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) {
      return absl::InvalidArgumentError("net/url: invalid control character in URL");
    }
  }
  HostUrl url;
  if (text == "*") {
    url.path = "*";
    return url;
  }
  const absl::StatusOr<std::string> scheme = TakeScheme(text);
  if (!scheme.ok()) return scheme.status();
  url.scheme = *scheme;

  text = text.substr(0, text.find('?'));
  if (!text.starts_with('/')) {
    if (!url.scheme.empty()) return url;  // "http-mirror:5000": Go's opaque form, neither host nor path
    if (text.substr(0, text.find('/')).find(':') != std::string_view::npos) {
      return absl::InvalidArgumentError("first path segment in URL cannot contain colon");
    }
  }
  const bool authority = text.starts_with("//") && (!url.scheme.empty() || !text.starts_with("///"));
  if (authority) {
    text.remove_prefix(2);
    const std::string_view host_text = text.substr(0, text.find('/'));
    text.remove_prefix(host_text.size());
    absl::StatusOr<std::string> host = ParseAuthority(host_text);
    if (!host.ok()) return host.status();
    url.host = *std::move(host);
  }
  absl::StatusOr<std::string> path = Unescape(text, Part::kPath);
  if (!path.ok()) return path.status();
  url.path = *std::move(path);
  return url;
}

/// `shown` is the part of `text` that Go names. Of a URL with an "@" what is quoted as wrong may be a piece of a
/// password, also in what follows a "#": it is left out.
absl::Status UrlError(std::string_view text, std::string_view shown, const absl::Status& status) {
  std::string reason = text::MessageOf(status);
  if (text.find('@') != std::string_view::npos) {
    shown = text;
    reason = text::Trim(reason.substr(0, reason.find('"')));
  }
  return absl::InvalidArgumentError("parse " + GoQuoted(text::WithoutUserinfo(shown)) + ": " + reason);
}

}  // namespace

absl::StatusOr<HostUrl> ParseHostUrl(std::string_view text) {
  const std::size_t hash = text.find('#');
  absl::StatusOr<HostUrl> url = Parse(text.substr(0, hash));
  if (!url.ok()) return UrlError(text, text.substr(0, hash), url.status());
  if (hash == std::string_view::npos) return url;
  const absl::StatusOr<std::string> fragment = Unescape(text.substr(hash + 1), Part::kPath);
  if (!fragment.ok()) return UrlError(text, text, fragment.status());
  return url;
}

std::string CleanPath(std::string_view path) {
  if (path.empty()) return ".";
  const bool rooted = path.starts_with('/');
  std::vector<std::string_view> parts;
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    const std::string_view part = path.substr(begin, end - begin);
    begin = end + 1;
    if (part.empty() || part == ".") continue;
    if (part != "..") {
      parts.push_back(part);
    } else if (!parts.empty() && parts.back() != "..") {
      parts.pop_back();
    } else if (!rooted) {
      parts.push_back(part);
    }
  }
  std::string clean = rooted ? "/" : "";
  for (const std::string_view part : parts) {
    if (clean.size() > (rooted ? 1U : 0U)) clean += '/';
    clean += part;
  }
  return clean.empty() ? "." : clean;
}

HostPort SplitHostPort(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return {};
  std::string_view host = text.substr(0, colon);
  if (host.starts_with('[')) {
    if (host.find(']') != host.size() - 1) return {};
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return {};
  }
  if (host.find_first_of("[]") != std::string_view::npos) return {};
  const std::string_view port = text.substr(colon + 1);
  if (port.find_first_of("[]") != std::string_view::npos) return {};
  return {std::string(host), std::string(port)};
}

std::string JoinPath(std::string_view base, std::string_view name) {
  if (base.empty() && name.empty()) return "";
  if (base.empty() || name.empty()) return CleanPath(base.empty() ? name : base);
  return CleanPath(std::string(base) + "/" + std::string(name));
}

}  // namespace tagdrift::hosts

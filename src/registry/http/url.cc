#include "registry/http/url.h"

#include <curl/curl.h>

#include <charconv>
#include <memory>

#include "tagdrift/text/text.h"

namespace tagdrift::registry {
namespace {

struct CurlUrlFree {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
using CurlUrl = std::unique_ptr<CURLU, CurlUrlFree>;

constexpr std::size_t kMaxUrl = 16 * 1024;
// As long as a DNS name may be.
constexpr std::size_t kMaxHost = 255;

std::optional<std::string> Part(CURLU* url, CURLUPart part, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, flags) != CURLUE_OK) return std::nullopt;
  std::string out = text;
  curl_free(text);
  return out;
}

bool HasControls(std::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return true;
  }
  return false;
}

std::optional<Url> TakeApart(CURLU* handle) {
  Url url;
  url.scheme = Part(handle, CURLUPART_SCHEME).value_or("");
  if (url.scheme != "http" && url.scheme != "https") return std::nullopt;
  url.host = text::Lower(Part(handle, CURLUPART_HOST).value_or(""));
  if (url.host.empty() || url.host.size() > kMaxHost) return std::nullopt;
  url.explicit_port = Part(handle, CURLUPART_PORT).has_value();
  const std::string port = Part(handle, CURLUPART_PORT, CURLU_DEFAULT_PORT).value_or("");
  if (std::from_chars(port.data(), port.data() + port.size(), url.port).ec != std::errc() || url.port == 0) {
    return std::nullopt;
  }
  url.has_user = Part(handle, CURLUPART_USER).has_value() || Part(handle, CURLUPART_PASSWORD).has_value();
  url.has_fragment = Part(handle, CURLUPART_FRAGMENT).has_value();
  curl_url_set(handle, CURLUPART_FRAGMENT, nullptr, 0);
  const std::optional<std::string> text = Part(handle, CURLUPART_URL);
  if (!text) return std::nullopt;
  url.text = *text;
  return url;
}

}  // namespace

std::string Url::Authority() const { return host + ":" + std::to_string(port); }

std::string Url::Origin() const { return scheme + "://" + Authority(); }

std::string Url::Printable() const {
  std::string out = scheme + "://" + host;
  if (explicit_port) out += ":" + std::to_string(port);
  const std::size_t authority = text.find("://");
  if (authority == std::string::npos) return out;
  const std::size_t path = text.find_first_of("/?", authority + 3);
  if (path == std::string::npos || text[path] == '?') return out;
  return out + text.substr(path, text.find('?', path) - path);
}

Url Url::OverHttp() const {
  Url out = *this;
  if (scheme == "http") return out;
  out.scheme = "http";
  out.text = "http" + text.substr(5);
  if (!explicit_port) out.port = 80;
  return out;
}

std::optional<Url> ParseUrl(std::string_view text) {
  if (text.size() > kMaxUrl || HasControls(text)) return std::nullopt;
  const CurlUrl handle(curl_url());
  if (curl_url_set(handle.get(), CURLUPART_URL, std::string(text).c_str(), CURLU_PATH_AS_IS) != CURLUE_OK) {
    return std::nullopt;
  }
  return TakeApart(handle.get());
}

std::optional<Url> ResolveUrl(const Url& base, std::string_view location) {
  if (location.size() > kMaxUrl || HasControls(location)) return std::nullopt;
  const CurlUrl handle(curl_url());
  if (curl_url_set(handle.get(), CURLUPART_URL, base.text.c_str(), CURLU_PATH_AS_IS) != CURLUE_OK) return std::nullopt;
  if (curl_url_set(handle.get(), CURLUPART_URL, std::string(location).c_str(), CURLU_ALLOW_SPACE) != CURLUE_OK) {
    return std::nullopt;
  }
  return TakeApart(handle.get());
}

bool SameHostAndPort(const Url& a, const Url& b) {
  return a.host == b.host && a.explicit_port == b.explicit_port && (!a.explicit_port || a.port == b.port);
}

bool SameOrigin(const Url& a, const Url& b) { return a.scheme == b.scheme && a.host == b.host && a.port == b.port; }

std::string QueryEscape(std::string_view text) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                       c == '_' || c == '.' || c == '~';
    if (plain) {
      out += c;
    } else if (c == ' ') {
      out += '+';
    } else {
      out += '%';
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    }
  }
  return out;
}

}  // namespace tagdrift::registry

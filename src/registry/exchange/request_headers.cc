#include "registry/exchange/request_headers.h"

#include <strings.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace tagdrift::registry {
namespace {

constexpr std::array<std::string_view, 5> kNeverSent = {"user-agent", "host", "content-length", "transfer-encoding",
                                                        "trailer"};

bool SameName(const std::string& a, std::string_view b) {
  return a.size() == b.size() && strncasecmp(a.data(), b.data(), b.size()) == 0;
}

bool IsNameChar(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         (c != '\0' && std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos);
}

bool IsName(const std::string& text) { return !text.empty() && std::all_of(text.begin(), text.end(), IsNameChar); }

bool IsLookup(const Request& request) {
  return request.question == Question::kResolve || request.question == Question::kConfirm;
}

bool IsSent(const Request& request, const std::string& name) {
  if (SameName(name, "accept")) return IsLookup(request);
  return std::none_of(kNeverSent.begin(), kNeverSent.end(), [&name](auto never) { return SameName(name, never); });
}

}  // namespace

bool IsHeaderValue(const std::string& text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
  });
}

std::string AcceptLine(const Request& request) {
  if (!IsLookup(request)) return request.media_type.empty() ? "*/*" : request.media_type + ", */*";
  return "application/vnd.docker.distribution.manifest.v2+json, "
         "application/vnd.docker.distribution.manifest.list.v2+json, "
         "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json, */*";
}

std::pair<HeaderList, bool> ConfiguredHeaders(const Request& request) {
  HeaderList out;
  for (const auto& [name, values] : request.host->headers) {
    if (!IsName(name) || !std::all_of(values.begin(), values.end(), IsHeaderValue)) return {{}, false};
    if (!IsSent(request, name)) continue;
    for (const std::string& value : values) out.emplace_back(name, value);
  }
  return {std::move(out), true};
}

}  // namespace tagdrift::registry

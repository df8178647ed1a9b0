#include "serve/certificate_names.h"

#include <fnmatch.h>

#include <algorithm>
#include <utility>

#include "tagdrift/text/printable.h"

namespace tagdrift::serve {
namespace {

/// Of the name that logs and audit show.
constexpr std::size_t kMostShownBytes = 200;

bool Matches(const std::string& pattern, const std::string& name) {
  // Brackets are those of addresses in URIs.
  std::string glob;
  for (const char c : pattern) {
    if (c == '[' || c == ']' || c == '\\') glob += '\\';
    glob += c;
  }
  return text::IsPrintable(name) && fnmatch(glob.c_str(), name.c_str(), 0) == 0;
}

/// The first of `names` that one of `patterns` matches.
const std::string* Find(const std::vector<std::string>& patterns, const std::vector<std::string>& names) {
  const auto found = std::ranges::find_if(names, [&](const std::string& name) {
    return std::ranges::any_of(patterns, [&](const std::string& pattern) { return Matches(pattern, name); });
  });
  return found == names.end() ? nullptr : &*found;
}

}  // namespace

Caller CallerNamed(const TlsAccess& access, const std::vector<std::string>& names, const std::string& place) {
  Caller caller{.role = {}, .name = names.empty() ? "a certificate without a name" : names.front()};
  if (const std::string* name = Find(access.operators, names)) {
    caller = {.role = Role::kOperator, .name = *name};
  } else if (access.readers.empty()) {
    caller.role = Role::kReader;
  } else if (const std::string* reader = Find(access.readers, names)) {
    caller = {.role = Role::kReader, .name = *reader};
  }
  caller.id = "certificate " + caller.name;
  if (caller.name.size() > kMostShownBytes) caller.name.replace(kMostShownBytes, std::string::npos, "...");
  caller.name = text::Printable(caller.name + " at " + place);
  return caller;
}

std::string PlaceOf(const std::string& peer) {
  std::string place = peer.substr(peer.find(':') + 1);
  for (const auto& [escaped, plain] : {std::pair("%5B", "["), std::pair("%5D", "]")}) {
    const std::size_t at = place.find(escaped);
    if (at != std::string::npos) place.replace(at, 3, plain);
  }
  return place;
}

}  // namespace tagdrift::serve

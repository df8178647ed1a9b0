#include "hosts/toml/key_names.h"

#include "hosts/go/go_text.h"
#include "tagdrift/text/near_miss.h"
#include "tagdrift/text/userinfo.h"

namespace tagdrift::hosts {

std::string UnknownKeyDetail(std::string_view typed, std::span<const std::string_view> known) {
  std::string detail =
      "key " + GoQuoted(text::WithoutUserinfo(typed.substr(0, 128))) + " is unknown to containerd and skipped";
  const std::string_view meant = text::NearMiss(typed, known);
  if (!meant.empty()) detail += "; did you mean " + GoQuoted(meant) + "?";
  return detail;
}

}  // namespace tagdrift::hosts

#include "tagdrift/text/userinfo.h"

namespace tagdrift::text {

std::string WithoutUserinfo(std::string_view url) {
  const std::size_t at = url.rfind('@');
  if (at == std::string_view::npos) return std::string(url);
  const std::size_t scheme_end = url.substr(0, at).find("://");
  const std::size_t begin = scheme_end == std::string_view::npos ? 0 : scheme_end + 3;
  return std::string(url.substr(0, begin)) + "xxxxx" + std::string(url.substr(at));
}

}  // namespace tagdrift::text

#include "value_checks.h"

#include "absl/strings/strip.h"
#include "group.h"
#include "origin_option.h"
#include "tagdrift/agent/selection.h"
#include "tagdrift/serve/serve.h"
#include "tagdrift/text/text.h"

namespace tagdrift::cli {
namespace {

std::string TroubleOf(const absl::Status& status) { return status.ok() ? "" : text::MessageOf(status); }

}  // namespace

std::string PatternTrouble(const std::string& pattern) { return TroubleOf(agent::ParsePatterns({pattern}).status()); }

std::string OriginTrouble(const std::string& value) {
  return std::string(absl::StripPrefix(TroubleOf(ReadOrigins({value}).status()), "--origin "));
}

std::string GroupTrouble(const std::string& group) { return TroubleOf(FindGroup(group).status()); }

std::string AddressTrouble(const std::string& address) { return TroubleOf(serve::CheckAddress(address)); }

std::string AddressOrOffTrouble(const std::string& address) { return address == "off" ? "" : AddressTrouble(address); }

}  // namespace tagdrift::cli

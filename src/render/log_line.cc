#include <fmt/format.h>
#include <google/protobuf/util/time_util.h>

#include <limits>

#include "formats.h"
#include "tagdrift/text/text.h"

namespace tagdrift::render {
namespace {

std::string AuditText(const v1::LogRecord& record) {
  const v1::AuditRecord& audit = record.audit();
  const std::string event = v1::AuditEvent_Name(audit.event()).substr(sizeof("AUDIT_EVENT_") - 1);
  const std::string action = v1::Action_Name(audit.action()).substr(sizeof("ACTION_") - 1);
  std::string text =
      fmt::format("audit: {} node={} by=\"{}\" request={} {} {}: {}: {}",
                  google::protobuf::util::TimeUtil::ToString(record.time()), audit.node(), audit.requester(),
                  audit.request_id(), text::Lower(action), audit.reference(), text::Lower(event), audit.change());
  return audit.detail().empty() ? text : text + ": " + audit.detail();
}

}  // namespace

std::string LogLine(const v1::LogRecord& record, bool json) {
  if (json) return JsonLine(record);
  constexpr std::size_t kNeverWrapped = std::numeric_limits<std::size_t>::max();
  return Wrap("tagdrift: ", record.has_audit() ? AuditText(record) : record.message(), kNeverWrapped);
}

}  // namespace tagdrift::render

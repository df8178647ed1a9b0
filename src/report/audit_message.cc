#include "action_enums.h"
#include "messages.h"
#include "tagdrift/report/printable.h"
#include "tagdrift/report/report.h"

namespace tagdrift::report {

v1::LogRecord ToMessage(const AuditRecord& record) {
  v1::LogRecord line;
  *line.mutable_time() = Timestamp(record.time);
  line.set_level("audit");
  v1::AuditRecord& audit = *line.mutable_audit();
  audit.set_node(record.node);
  audit.set_requester(record.requester);
  audit.set_request_id(record.request_id);
  audit.set_action(ToProto(record.action));
  audit.set_reference(record.reference);
  audit.set_event(ToProto(record.event));
  audit.set_change(record.change);
  audit.set_detail(record.detail);
  MakePrintable(line);
  return line;
}

}  // namespace tagdrift::report

#pragma once

#include "tagdrift/report/action.h"
#include "tagdrift/report/audit.h"
#include "tagdrift/v1/actions.pb.h"
#include "tagdrift/v1/log.pb.h"

/// The actions' enums as those of the message.
namespace tagdrift::report {

v1::Action ToProto(judge::ActionKind kind);
v1::StepKind ToProto(judge::StepKind kind);
v1::RefusalKind ToProto(judge::RefusalKind kind);
v1::Durable ToProto(judge::Durable durable);
v1::ActionState ToProto(ActionState state);
v1::AuditEvent ToProto(AuditEvent event);

}  // namespace tagdrift::report

#pragma once

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "tagdrift/facts/node_facts.h"
#include "tagdrift/hosts/registry_config.h"
#include "tagdrift/report/action.h"
#include "tagdrift/report/audit.h"
#include "tagdrift/report/command_line.h"
#include "tagdrift/report/round.h"
#include "tagdrift/v1/actions.pb.h"
#include "tagdrift/v1/log.pb.h"
#include "tagdrift/v1/report.pb.h"

/// All text in the messages is printable (see MakePrintable).
namespace tagdrift::report {

/// The one conversion from what was judged to the published message. Values of configured headers are left out.
/// `invocation`: how the commands in it have to call tagdrift.
v1::NodeReport ToMessage(const Round& round, const Invocation& invocation = {});

/// The images of `node`, as read at `read_at`.
v1::ImageList ToMessage(const facts::Node& node, absl::Time read_at);

/// A plan and what became of it.
v1::ActionResult ToMessage(const ActionResult& result);
v1::LogRecord ToMessage(const AuditRecord& record);
/// The answer over all results in at most 80 characters.
std::string ActionHeadline(const v1::ActionReport& report);

/// What is configured for each registry. Header values are as in the files: the reader of this report reads those too.
v1::MirrorsReport ToMessage(const std::vector<hosts::RegistryConfig>& configs,
                            const std::vector<hosts::Note>& findings);

}  // namespace tagdrift::report

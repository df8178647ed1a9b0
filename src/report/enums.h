#pragma once

#include "tagdrift/facts/node_facts.h"
#include "tagdrift/hosts/answer.h"
#include "tagdrift/hosts/note.h"
#include "tagdrift/hosts/registry_host.h"
#include "tagdrift/hosts/walk.h"
#include "tagdrift/judge/containers.h"
#include "tagdrift/judge/remedies.h"
#include "tagdrift/judge/route.h"
#include "tagdrift/judge/tag_result.h"
#include "tagdrift/v1/report.pb.h"

/// Our enums as those of the message.
namespace tagdrift::report {

v1::Verdict ToProto(judge::Verdict verdict);
v1::Cause ToProto(judge::Cause cause);
v1::HostState ToProto(judge::HostState state);
v1::Outcome ToProto(judge::Outcome outcome);
v1::Credentials ToProto(judge::Credentials credentials);
v1::Direction ToProto(judge::Direction direction);
v1::OriginSource ToProto(judge::OriginSource source);
v1::RemedyKind ToProto(judge::RemedyKind kind);
v1::HostRole ToProto(hosts::HostRole role);
v1::WalkReason ToProto(hosts::WalkReason why);
v1::NoteKind ToProto(hosts::NoteKind kind);
v1::Severity ToProto(hosts::Severity severity);
v1::PullPath ToProto(hosts::PullPath path);
v1::Access ToProto(hosts::Access access);
v1::UseBasis ToProto(facts::UseBasis basis);
v1::RequestSource ToProto(judge::RequestSource source);
v1::ContainerRole ToProto(facts::ContainerRole role);

}  // namespace tagdrift::report

#pragma once

#include "tagdrift/facts/node_facts.h"
#include "tagdrift/hosts/answer.h"
#include "tagdrift/hosts/containerd_version.h"
#include "tagdrift/hosts/note.h"
#include "tagdrift/hosts/registry_host.h"
#include "tagdrift/judge/route.h"
#include "tagdrift/judge/tag_facts.h"

/// The words by which files have the values of enums; null for what is no value. They never change.
namespace tagdrift::record {

const char* Name(facts::UseBasis value);
const char* Name(facts::Provenance value);
const char* Name(facts::ContainerRole value);
const char* Name(facts::PullPolicy value);
const char* Name(facts::PodSource value);
const char* Name(facts::Verification value);
const char* Name(facts::VerificationPolicy value);
const char* Name(hosts::Failure value);
const char* Name(hosts::Access value);
const char* Name(hosts::Product value);
const char* Name(hosts::PullPath value);
const char* Name(hosts::NoteKind value);
const char* Name(hosts::HostRole value);
const char* Name(hosts::Capability value);
const char* Name(judge::OriginSource value);
const char* Name(judge::QueryKind value);

}  // namespace tagdrift::record

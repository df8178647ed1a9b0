#pragma once

#include <string>

#include "absl/time/time.h"
#include "judged_tags.h"
#include "tagdrift/judge/remedies.h"
#include "tagdrift/judge/route.h"
#include "tagdrift/report/command_line.h"
#include "tagdrift/report/round.h"
#include "tagdrift/v1/report.pb.h"

/// The parts of the message.
namespace tagdrift::report {

google::protobuf::Timestamp Timestamp(absl::Time time);
google::protobuf::Duration Duration(absl::Duration duration);

v1::TagReport TagMessage(const JudgedTag& tag, const Round& round, const Invocation& invocation);
v1::Remedy RemedyMessage(const judge::Remedy& remedy, const JudgedTag& tag, const Round& round,
                         const Invocation& invocation);
v1::ContainerReport ContainerMessage(const judge::ContainerResult& container, const Round& round,
                                     const JudgedTags& tags, const Invocation& invocation);
/// RESTART_WORKLOAD, PIN_DIGEST and SET_PULL_POLICY. `tag`: what the container asked for; null where that is not known.
v1::Remedy WorkloadRemedyMessage(const judge::Remedy& remedy, const judge::ContainerResult& container,
                                 const JudgedTag* tag, const Round& round);
v1::RegistryReport RegistryMessage(const judge::Route& route, const Round& round);
/// `image_id`: what the name that is used points to here; empty where that is not known.
v1::Use UseMessage(const facts::ContainerUse& use, const std::string& image_id);
/// What `digest` stands for on `platform`, from what was read of it.
v1::ImageContent ImageMessage(const image::Digest& digest, const judge::TagFacts& facts,
                              const image::Platform& platform);
v1::Note NoteMessage(const hosts::Note& note);

}  // namespace tagdrift::report

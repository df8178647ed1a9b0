#pragma once

#include <string>
#include <string_view>

#include "tagdrift/hosts/answer.h"
#include "tagdrift/judge/route.h"
#include "tagdrift/report/round.h"

/// Sentences for people, made from the evidence.
namespace tagdrift::report {

/// Why the tag has its verdict, in one sentence without a full stop.
std::string Detail(const JudgedTag& tag, const judge::Route& route);

/// Of an undecided pull, as of "the next pull": what it brings where only the comparison with the origin is missing, or
/// why that is not known.
std::string UndecidedPull(std::string_view which, const judge::Pull& pull, const judge::Route& route);

/// "200 sha256:94ca65e6caf0", "404 MANIFEST_UNKNOWN", "connection refused".
std::string AnswerText(const hosts::Answer& answer);

/// host:port of the URL, for headlines.
std::string HostText(const hosts::RegistryHost& host);

}  // namespace tagdrift::report

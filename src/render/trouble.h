#pragma once

#include <string>
#include <vector>

#include "tagdrift/v1/report.pb.h"

namespace tagdrift::render {

using Tags = std::vector<const v1::TagReport*>;

/// All tags, those that need action first: stale and gone, then those whose next pull fails or brings something older,
/// then undecided; used ones before unused ones, and by reference.
Tags ByUrgency(const v1::NodeReport& report);

/// The verdict or the next pull of the tag is not as it should be.
bool IsTrouble(const v1::TagReport& tag);

/// The troubled ones of `tags`, together where registry, verdict, cause and what the next pull does are the same; in
/// the order of their first tags.
std::vector<Tags> Troubles(const Tags& tags);

/// A container uses it that counts.
bool IsUsed(const v1::TagReport& tag);

/// The host part of the tag's name.
std::string RegistryOf(const v1::TagReport& tag);

}  // namespace tagdrift::render

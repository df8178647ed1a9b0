#pragma once

#include <string>
#include <vector>

#include "tagdrift/report/round.h"

namespace tagdrift::report {

/// One judged tag of registry.test, whose first host is mirror.test and whose origin is registry.test.
JudgedTag Tag(const std::string& reference, judge::Verdict verdict, judge::Cause cause = judge::Cause::kNone);

/// The same, used by a container.
JudgedTag Used(JudgedTag tag);

/// The next pull comes from mirror.test.
JudgedTag FromMirror(JudgedTag tag, judge::Outcome outcome);

/// The route of `registry` behind `mirror`, which stands in line 3 of its hosts.toml.
judge::Route RouteOf(const std::string& registry, const std::string& mirror);

Round RoundOf(std::vector<JudgedTag> tags);

/// The config digests of the image before and of the one that is cached.
image::Digest OldId();
image::Digest NewId();

/// registry.test/b:1 is fresh here; container app of pod shop/web-0 still runs the image before. Its remedies are to
/// restart the workload and to pin the digest.
Round OldPod();

/// The pod's spec is known; the workload "web" of this kind manages it, or with an empty kind, nothing.
void ManageBy(const std::string& api_version, const std::string& kind, Round& round);

}  // namespace tagdrift::report

#include "tagdrift/judge/containers.h"

#include <algorithm>
#include <utility>

#include "cause.h"
#include "container_remedies.h"
#include "restart.h"

namespace tagdrift::judge {
namespace {

bool IsOnNode(const facts::CachedImage& image) { return image.target || image.cri_image_id; }

/// Judges containers of one node.
class ContainerJudge {
 public:
  ContainerJudge(const facts::Node& node, const std::map<image::Reference, JudgedName>& names)
      : node_(node), names_(names) {}

  ContainerResult Judge(const ContainerRequest& request) const {
    if (request.references.empty()) return Undecided(request, "no tag on this node has its image");
    ContainerResult result = JudgeFor(request, request.references.front());
    for (std::size_t i = 1; i < request.references.size(); ++i) {
      const ContainerResult other = JudgeFor(request, request.references[i]);
      if (other.verdict != result.verdict) return Undecided(request, "");
      Combine(other, result);
    }
    if (request.source == RequestSource::kUnknown) return Undecided(request, "");
    return result;
  }

 private:
  static ContainerResult Undecided(const ContainerRequest& request, std::string reason) {
    ContainerResult result{.request = request, .remedies = {Remedy()}};
    result.restart.detail = "which of its names the container asked for is not known";
    MakeUndecided(std::move(reason), result);
    return result;
  }

  static void MakeUndecided(std::string reason, ContainerResult& result) {
    result.verdict = Verdict::kUndecided;
    result.cause = Cause::kAmbiguousCache;
    result.reason = std::move(reason);
  }

  /// It asked for the one or the other, and the verdict on both is the same.
  static void Combine(const ContainerResult& other, ContainerResult& result) {
    if (result.restart.outcome == other.restart.outcome && result.restart.image_id == other.restart.image_id) return;
    const bool either_is_right = IsRight(result.restart.outcome) && IsRight(other.restart.outcome);
    result.restart = {.detail = "that depends on which of its names the container asked for"};
    result.downgrade_risk = false;
    std::erase_if(result.remedies, [&](const Remedy& remedy) {
      return !either_is_right || remedy.kind != RemedyKind::kRestartWorkload;
    });
    if (result.remedies.empty() && !IsGood(result.verdict)) result.remedies.push_back({});
  }

  static bool IsGood(Verdict verdict) {
    return verdict != Verdict::kStale && verdict != Verdict::kGone && verdict != Verdict::kUndecided;
  }

  ContainerResult JudgeFor(const ContainerRequest& request, const image::Reference& reference) const {
    const facts::Pod* pod = request.pod ? &node_.pods.pods[*request.pod] : nullptr;
    const facts::PodContainer* spec = request.spec ? &pod->containers[*request.spec] : nullptr;
    const auto found = names_.find(reference);
    ContainerResult result = found == names_.end() ? Undecided(request, reference.Canonical() + " was not looked at")
                                                   : ContainerResult{.request = request};
    result.pull_policy = PullPolicyOf(spec, reference);
    if (reference.digest()) {
      result.verdict = Verdict::kImmutable;
      result.cause = Cause::kNone;
      result.remedies.clear();
    }
    if (found == names_.end()) return result;
    const JudgedName& name = found->second;
    result.restart = ForecastRestart(name, result.pull_policy.value, pod, spec, node_.pull_verification);
    if (!reference.digest()) JudgeByTag(name, result);
    const bool good = result.verdict == Verdict::kFresh || result.verdict == Verdict::kEquivalent;
    result.downgrade_risk = good && result.restart.outcome == Outcome::kStale;
    result.remedies = ContainerRemedies(
        result, name, RefreshIsUsed(name, result.pull_policy.value, pod, spec, node_.pull_verification));
    return result;
  }

  static void JudgeByTag(const JudgedName& name, ContainerResult& result) {
    const TagResult& tag = *name.result;
    const auto running = image::Digest::Parse(result.request.image_id);
    if (!running.ok()) return MakeUndecided("which image it runs is not known", result);
    const bool runs_tag = tag.cached_image_id == *running;
    if (tag.origin_image_id == *running) {
      result.verdict = tag.verdict == Verdict::kEquivalent && runs_tag ? Verdict::kEquivalent : Verdict::kFresh;
    } else if (tag.origin_image_id) {
      result.verdict = Verdict::kStale;
    } else if (runs_tag || !tag.cached_image_id || tag.cause == Cause::kNodeDisagrees) {
      result.verdict = tag.verdict;
      result.cause = tag.cause;
      result.reason = tag.reason;
      return;
    } else {
      result.verdict = Verdict::kStale;
    }
    if (result.verdict == Verdict::kStale) JudgeStale(name, result);
  }

  static void JudgeStale(const JudgedName& name, ContainerResult& result) {
    // The record may be another of its names than the one that it asked for.
    if (result.request.source == RequestSource::kRecord && !IsOnNode(*name.image)) return MakeUndecided("", result);
    const TagResult& tag = *name.result;
    if (tag.verdict == Verdict::kStale || tag.verdict == Verdict::kGone) {
      result.cause = tag.cause;
      result.reason = tag.reason;
    } else if (result.restart.pulls && !IsRight(result.restart.outcome)) {
      result.cause = PreferIgnoredConfiguration(CauseOfStale(tag, *name.route), tag.next_pull.pull, *name.route);
    } else {
      result.cause = Cause::kTagMoved;
    }
  }

  const facts::Node& node_;
  const std::map<image::Reference, JudgedName>& names_;
};

}  // namespace

std::vector<ContainerResult> JudgeContainers(const facts::Node& node, const std::vector<ContainerRequest>& requests,
                                             const std::map<image::Reference, JudgedName>& names) {
  const ContainerJudge judge(node, names);
  std::vector<ContainerResult> results;
  results.reserve(requests.size());
  for (const ContainerRequest& request : requests) results.push_back(judge.Judge(request));
  return results;
}

}  // namespace tagdrift::judge

#include "tagdrift/render/exit_code.h"

#include <google/protobuf/repeated_field.h>

#include <algorithm>
#include <string_view>

#include "tagdrift/text/utf8.h"

namespace tagdrift::render {
namespace {

bool AnyLosesMirrors(const google::protobuf::RepeatedPtrField<v1::Note>& notes) {
  return std::any_of(notes.begin(), notes.end(),
                     [](const v1::Note& note) { return note.severity() >= v1::SEVERITY_MIRROR_UNUSED; });
}

}  // namespace

int ExitCode(const v1::NodeReport& report, const FailOn& fail_on) {
  const v1::Summary& summary = report.summary();
  const int stale = summary.stale() + summary.containers_stale();
  const int gone = summary.gone() + summary.containers_gone();
  const int at_risk = summary.downgrade_risk() + summary.containers_downgrade_risk();
  const bool drift = (fail_on.stale && stale > 0) || (fail_on.gone && gone > 0) || (fail_on.risk && at_risk > 0);
  if (drift) return kExitDrift;
  const bool undecided = summary.undecided() > 0 || summary.containers_undecided() > 0;
  return fail_on.undecided && undecided ? kExitUndecided : 0;
}

int ExitCode(const v1::MirrorsReport& report) {
  const auto found = [&](v1::NoteKind kind) {
    return std::ranges::any_of(report.findings(), [&](const v1::Note& note) { return note.kind() == kind; });
  };
  bool unknown = found(v1::NOTE_KIND_LIMIT_EXCEEDED);
  bool lost = AnyLosesMirrors(report.findings());
  for (const v1::RegistryReport& registry : report.registries()) {
    lost = lost || !registry.error().empty() || AnyLosesMirrors(registry.notes());
    unknown = unknown || !registry.unknown().empty();
  }
  // A containerd that tells its settings does not use yet what the files say; of another one the registries are
  // unknown.
  if (lost || (!unknown && found(v1::NOTE_KIND_RESTART_PENDING))) return kExitDrift;
  return unknown ? kExitUndecided : 0;
}

std::string NpdLine(const v1::NodeReport& report) { return NpdLine(report.summary().headline()); }

std::string NpdLine(std::string_view rest) {
  constexpr std::size_t kMost = 80;
  std::string line;
  while (!rest.empty()) {
    const std::size_t length = std::max<std::size_t>(text::CharacterLength(rest), 1);
    if (line.size() + length > kMost) break;
    line += rest.substr(0, length);
    rest.remove_prefix(length);
  }
  return line + "\n";
}

int ExitCode(const v1::ActionReport& report) {
  bool not_done = false;
  for (const v1::ActionResult& result : report.results()) {
    switch (result.outcome().state()) {
      case v1::ACTION_STATE_REFUSED:
        return kExitDrift;
      case v1::ACTION_STATE_RACED:
      case v1::ACTION_STATE_FAILED:
      case v1::ACTION_STATE_STOPPED:
        not_done = true;
        break;
      default:
        break;
    }
  }
  return not_done ? kExitUndecided : 0;
}

}  // namespace tagdrift::render

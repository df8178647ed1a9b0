#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "formats.h"
#include "words.h"

namespace tagdrift::render {
namespace {

std::string Short(const std::string& digest) {
  const std::size_t colon = digest.find(':');
  return colon == std::string::npos ? "-" : digest.substr(0, colon + 1 + 12);
}

void AddNames(std::string_view label, const google::protobuf::RepeatedPtrField<std::string>& names, std::string& text) {
  constexpr std::string_view kIndent = "        ";
  for (int i = 0; i < names.size(); ++i) text += std::string(i == 0 ? label : kIndent) + names[i] + "\n";
}

std::string UsedBy(const v1::Durability& durability) {
  std::string text;
  for (const v1::Use& use : durability.used_by()) {
    text +=
        fmt::format("{}{} ({})", text.empty() ? "" : ", ", ContainerText(use.pod(), use.container_name()), use.state());
  }
  return text;
}

std::string Durability(const v1::Plan& plan, std::size_t width) {
  if (plan.durability().durable() == v1::DURABLE_UNSPECIFIED) return "";
  std::string text =
      Wrap("  lasts ",
           Word(v1::Durable_Name(plan.durability().durable()), "DURABLE_") + ": " + plan.durability().detail(), width);
  if (plan.durability().used_by_size() > 0) text += Wrap("  used  ", UsedBy(plan.durability()), width);
  return text;
}

std::string Refusals(const v1::Plan& plan, std::size_t width) {
  std::string text;
  for (const v1::Refusal& refusal : plan.refusals()) {
    text += Wrap("  no    ",
                 Word(v1::RefusalKind_Name(refusal.kind()), "REFUSAL_KIND_") + ": " + refusal.detail() +
                     (refusal.can_be_forced() ? " (--force overrides it)" : ""),
                 width);
  }
  for (const v1::Refusal& refusal : plan.overridden()) {
    text +=
        Wrap("  force ", Word(v1::RefusalKind_Name(refusal.kind()), "REFUSAL_KIND_") + ": " + refusal.detail(), width);
  }
  return text;
}

std::string Steps(const v1::Plan& plan, std::size_t width) {
  std::string text;
  for (int i = 0; i < plan.steps_size(); ++i) {
    const v1::Step& step = plan.steps(i);
    text += Wrap(fmt::format("  {:<6}", std::to_string(i + 1) + "."),
                 fmt::format("{} {}: {}", Word(v1::StepKind_Name(step.kind()), "STEP_KIND_"), Shortened(step.subject()),
                             step.reason()),
                 width);
  }
  return text;
}

void AddLines(std::string_view label, const google::protobuf::RepeatedPtrField<std::string>& lines, std::size_t width,
              std::string& text) {
  for (const std::string& line : lines) text += Wrap(label, Shortened(line), width);
}

}  // namespace

std::string SizeText(std::int64_t bytes) {
  constexpr const char* kUnits[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (value >= 1024 && unit + 1 < std::size(kUnits)) {
    value /= 1024;
    ++unit;
  }
  return unit == 0 ? fmt::format("{} B", bytes) : fmt::format("{:.1f} {}", value, kUnits[unit]);
}

std::string Render(const v1::Plan& plan, const Style& style) {
  std::string text = plan.reference() + "\n";
  text += fmt::format(
      "  {}{}\n", plan.from_digest().empty() ? "" : "from  " + Short(plan.from_digest()),
      plan.to_digest().empty() ? "" : (plan.from_digest().empty() ? "to    " : "  to  ") + Short(plan.to_digest()));
  text += Steps(plan, style.width);
  if (plan.bytes_to_come() > 0) text += "  come  " + SizeText(plan.bytes_to_come()) + "\n";
  if (plan.bytes_to_go() > 0) text += "  go    up to " + SizeText(plan.bytes_to_go()) + ", less what others share\n";
  AddNames("  gone  ", plan.names_go(), text);
  AddNames("  stay  ", plan.names_stay(), text);
  text += Durability(plan, style.width);
  AddLines("  note  ", plan.notes(), style.width, text);
  return text + Refusals(plan, style.width);
}

std::string Render(const v1::ActionResult& result, const Style& style) {
  const v1::ActionOutcome& outcome = result.outcome();
  if (outcome.state() == v1::ACTION_STATE_PLANNED) return Render(result.plan(), style);
  const std::string state = Word(v1::ActionState_Name(outcome.state()), "ACTION_STATE_");
  std::string text = Wrap("",
                          fmt::format("{}: {}{}{}", result.plan().reference(), state,
                                      outcome.detail().empty() ? "" : ": ", outcome.detail()),
                          style.width);
  text += Refusals(result.plan(), style.width);
  AddLines("  done  ", outcome.done(), style.width, text);
  AddLines("  back  ", outcome.undone(), style.width, text);
  AddLines("  left  ", outcome.left(), style.width, text);
  AddLines("  not   ", outcome.not_done(), style.width, text);
  const bool as_planned = outcome.state() == v1::ACTION_STATE_DONE || outcome.state() == v1::ACTION_STATE_NOTHING_TO_DO;
  if (as_planned) text += Durability(result.plan(), style.width);
  if (result.has_new_plan()) text += "what would be done now:\n" + Render(result.new_plan(), style);
  return text;
}

std::string RenderJson(const v1::ActionReport& report) { return Json(report); }

}  // namespace tagdrift::render

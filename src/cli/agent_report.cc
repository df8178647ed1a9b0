#include "agent_report.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <chrono>

#include "tagdrift/call/clock.h"

namespace tagdrift::cli {
namespace {

constexpr absl::Duration kOld = absl::Hours(2);
constexpr std::chrono::seconds kPatience(1);

absl::Time TimeOf(const google::protobuf::Timestamp& time) {
  return absl::FromUnixSeconds(time.seconds()) + absl::Nanoseconds(time.nanos());
}

std::string AgeText(absl::Duration age) {
  if (age < kOld) return fmt::format("{} min", absl::ToInt64Minutes(age));
  if (age < absl::Hours(48)) return fmt::format("{} h", absl::ToInt64Hours(age));
  return fmt::format("{} days", absl::ToInt64Hours(age) / 24);
}

}  // namespace

absl::StatusOr<v1::NodeReport> ReportOfAgent(remote::Client& agent, const RoundArguments& arguments, bool refresh,
                                             const CallContext& context) {
  const auto selection = SelectionFrom(arguments.patterns, arguments.ignored, arguments.in_use);
  if (!selection.ok()) return selection.status();
  v1::GetReportRequest request;
  v1::ReportFilter& filter = *request.mutable_filter();
  for (const std::string& pattern : arguments.patterns) filter.add_patterns(pattern);
  for (const std::string& pattern : arguments.ignored) filter.add_ignored(pattern);
  filter.set_in_use(arguments.in_use);
  filter.set_no_containers(arguments.no_containers);
  request.set_refresh(refresh);
  request.set_view(v1::VIEW_FULL);
  auto response = agent.GetReport(request, context);
  if (!response.ok()) return response.status();
  if (const std::string warning = AgeWarning(*response, SystemClock()->Wall()); !warning.empty()) {
    spdlog::warn("{}", warning);
  }
  return std::move(*response->mutable_report());
}

std::optional<v1::NodeReport> ReportOfAgentHere(const RoundArguments& arguments, const CallContext& context) {
  auto address = remote::ParseAddress(remote::ReaderSocket(arguments.node.host_root), {});
  if (!address.ok()) return std::nullopt;
  remote::Client agent = remote::Client::Connect(*std::move(address));
  auto report = ReportOfAgent(agent, arguments, false, context.Within(SystemClock()->Steady(), kPatience));
  if (report.ok()) return *std::move(report);
  spdlog::info("{}", std::string(report.status().message()));
  return std::nullopt;
}

std::string AgeWarning(const v1::GetReportResponse& response, absl::Time now) {
  const absl::Duration age = std::max(now - TimeOf(response.report().checked_at()), absl::ZeroDuration());
  if (!response.has_failed() && age <= kOld) return "";
  std::string text = fmt::format("the agent's report is {} old", AgeText(age));
  if (!response.has_failed()) return text + "; check --refresh makes a round now";
  const std::string when =
      absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", TimeOf(response.failed().time()), absl::UTCTimeZone());
  return text + fmt::format(": rounds have failed since, at {} the latest: {}", when, response.failed().detail());
}

}  // namespace tagdrift::cli

#include "serve/health.h"

#include <fmt/format.h>

#include <chrono>

#include "tagdrift/text/printable.h"

namespace tagdrift::serve {

HttpAnswer Healthz(const Heartbeat& heartbeat, SteadyTime now) {
  const std::chrono::nanoseconds late = now - heartbeat.next();
  if (late <= std::chrono::nanoseconds::zero()) return {.body = "ok\n"};
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(late).count();
  return {.status = 503, .body = fmt::format("the agent's loop is {} s late\n", seconds)};
}

HttpAnswer Readyz(bool has_report, std::string_view trouble) {
  if (has_report) return {.body = "ok\n"};
  const std::string why = trouble.empty() ? "" : ": " + text::Printable(trouble);
  return {.status = 503, .body = fmt::format("there is no report yet{}\n", why)};
}

}  // namespace tagdrift::serve

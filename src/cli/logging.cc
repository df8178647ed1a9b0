#include "logging.h"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

namespace tagdrift::cli {

void LogToStandardError(bool verbose) {
  spdlog::set_default_logger(spdlog::stderr_color_mt("tagdrift"));
  spdlog::set_pattern("tagdrift: %v");
  spdlog::set_level(verbose ? spdlog::level::info : spdlog::level::warn);
}

}  // namespace tagdrift::cli

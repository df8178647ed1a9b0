#include "logging.h"

#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <memory>
#include <mutex>
#include <string>

#include "output.h"
#include "tagdrift/render/render.h"
#include "tagdrift/report/printable.h"
#include "tagdrift/report/report.h"

namespace tagdrift::cli {
namespace {

class StandardErrorSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit StandardErrorSink(LogFormat format) : format_(format) {}

 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    v1::LogRecord record;
    const auto time = message.time.time_since_epoch();
    const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
    record.mutable_time()->set_seconds(seconds.count());
    record.mutable_time()->set_nanos(static_cast<int>(std::chrono::nanoseconds(time - seconds).count()));
    const spdlog::string_view_t level = spdlog::level::to_string_view(message.level);
    record.set_level(std::string(level.data(), level.size()));
    record.set_message(std::string(message.payload.data(), message.payload.size()));
    report::MakePrintable(record);
    (void)WriteError(render::LogLine(record, format_ == LogFormat::kJson));
  }
  void flush_() override {}

  const LogFormat format_;
};

}  // namespace

void LogToStandardError(bool verbose, LogFormat format) {
  spdlog::set_default_logger(std::make_shared<spdlog::logger>("tagdrift", std::make_shared<StandardErrorSink>(format)));
  spdlog::set_level(verbose ? spdlog::level::info : spdlog::level::warn);
}

absl::Status WriteAudit(const report::AuditRecord& record, LogFormat format) {
  return WriteError(render::LogLine(report::ToMessage(record), format == LogFormat::kJson));
}

}  // namespace tagdrift::cli

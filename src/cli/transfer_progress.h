#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "logging.h"
#include "tagdrift/agent/actions.h"

namespace tagdrift::cli {

/// How far actions have come, on standard error: a bar that is redrawn on a terminal, otherwise a line now and then.
/// Thread safe.
class TransferProgress {
 public:
  TransferProgress(bool enabled, bool bars) : enabled_(enabled), bars_(bars) {}
  ~TransferProgress() { Clear(); }
  TransferProgress(const TransferProgress&) = delete;
  TransferProgress& operator=(const TransferProgress&) = delete;

  void Show(const agent::ActionProgress& progress);
  /// A line of the audit, apart from any bar. Errors: it could not be written.
  absl::Status WriteAudit(const report::AuditRecord& record, LogFormat format);
  /// Prints `text` to standard error, apart from any bar.
  void Print(const std::string& text);

 private:
  void Clear();
  void DrawBar();
  void WriteLine(const agent::ActionProgress& progress);

  std::mutex mutex_;
  bool enabled_;
  bool bars_;
  bool drawn_ = false;
  std::map<std::string, agent::ActionProgress> latest_;
  std::map<std::string, absl::Time> told_;
};

}  // namespace tagdrift::cli

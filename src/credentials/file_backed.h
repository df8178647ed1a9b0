#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "credentials/cancellable_mutex.h"
#include "credentials/text_file.h"
#include "tagdrift/call/call_context.h"
#include "tagdrift/credentials/credentials.h"
#include "tagdrift/text/text.h"

namespace tagdrift::credentials {

/// The files that something was read from.
using FileStamps = std::map<std::string, FileStamp>;

/// A value that is read from files, and read again when they change. Thread safe.
template <typename T>
class FileBacked {
 public:
  struct Calls {
    std::function<FileStamps()> stamps;
    std::function<absl::StatusOr<T>()> read;
    Warn warn;
    std::shared_ptr<const Clock> clock;
  };

  /// Reads nothing.
  explicit FileBacked(Calls calls) : calls_(std::move(calls)) {}

  /// Reads unless it has been read. Errors: those of the read, Cancelled when the context ended.
  absl::Status Load(const CallContext& context) {
    if (absl::Status status = mutex_.Lock(context); !status.ok()) return status;
    const absl::Cleanup unlock = [this] { mutex_.Unlock(); };
    if (!value_.ok()) Look(calls_.clock->Steady());
    return value_.status();
  }

  /// As it was when the files were last seen to change, looked at once a second at most; where they then could not be
  /// read, as before. Errors: it never could be read; Cancelled when the context ended.
  absl::StatusOr<std::shared_ptr<const T>> Get(const CallContext& context) {
    if (absl::Status status = mutex_.Lock(context); !status.ok()) return status;
    const absl::Cleanup unlock = [this] { mutex_.Unlock(); };
    const SteadyTime now = calls_.clock->Steady();
    if (!looked_ || now - *looked_ >= std::chrono::seconds(1)) Look(now);
    return value_;
  }

 private:
  void Look(SteadyTime now) {
    looked_ = now;
    // The stamps are taken first: a change while reading shows at the next look.
    FileStamps stamps = calls_.stamps();
    if (value_.ok() && stamps == stamps_) return;
    stamps_ = std::move(stamps);
    absl::StatusOr<T> read = calls_.read();
    if (read.ok()) {
      value_ = std::make_shared<const T>(*std::move(read));
    } else if (value_.ok()) {
      calls_.warn(text::MessageOf(read.status()) + "; what it said before stays in use");
    } else {
      value_ = read.status();
    }
  }

  const Calls calls_;
  CancellableMutex mutex_;
  FileStamps stamps_;
  std::optional<SteadyTime> looked_;
  absl::StatusOr<std::shared_ptr<const T>> value_ = absl::UnknownError("has not been read");
};

}  // namespace tagdrift::credentials

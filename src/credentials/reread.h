#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "credentials/text_file.h"
#include "tagdrift/credentials/credentials.h"

namespace tagdrift::credentials {

/// The files that something was read from.
using FileStamps = std::map<std::string, FileStamp>;

/// What was read from files, read again when they change. Thread safe.
template <typename T>
class Reread {
 public:
  struct Calls {
    std::function<FileStamps()> stamps;
    std::function<absl::StatusOr<T>()> read;
    Warn warn;
    std::function<Time()> now;
  };

  /// Errors: those of the first read.
  static absl::StatusOr<std::unique_ptr<Reread>> Open(Calls calls) {
    FileStamps stamps = calls.stamps();
    absl::StatusOr<T> first = calls.read();
    if (!first.ok()) return first.status();
    return std::unique_ptr<Reread>(new Reread(std::move(calls), std::move(stamps), *std::move(first)));
  }

  /// As it was when the files were last seen to change; where they then could not be read, as before.
  std::shared_ptr<const T> Get() {
    const std::lock_guard lock(mutex_);
    const Time now = calls_.now();
    if (now - looked_ < std::chrono::seconds(1)) return value_;
    looked_ = now;
    // The stamps are taken first: a change while reading shows at the next look.
    FileStamps stamps = calls_.stamps();
    if (stamps == stamps_) return value_;
    stamps_ = std::move(stamps);
    absl::StatusOr<T> again = calls_.read();
    if (again.ok()) {
      value_ = std::make_shared<const T>(*std::move(again));
    } else {
      calls_.warn(std::string(again.status().message()) + "; what it said before stays in use");
    }
    return value_;
  }

 private:
  Reread(Calls calls, FileStamps stamps, T first)
      : calls_(std::move(calls)),
        stamps_(std::move(stamps)),
        looked_(calls_.now()),
        value_(std::make_shared<const T>(std::move(first))) {}

  const Calls calls_;
  std::mutex mutex_;
  FileStamps stamps_;
  Time looked_;
  std::shared_ptr<const T> value_;
};

}  // namespace tagdrift::credentials

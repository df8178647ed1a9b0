#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "tagdrift/call/clock.h"

namespace tagdrift::cli {

/// How far a round is, and which host it waits for.
class RoundState {
 public:
  void SetSettled(std::size_t done, std::size_t total);
  /// `host` has so many questions to answer. Its silence begins with the first of them, and anew with each answer.
  void SetOpen(const std::string& host, std::size_t open, SteadyTime now);

  /// "checked 120 of 300 tags; mirror.corp has not answered for 12 s (25 questions)": the host that has been silent for
  /// longest, where it is a second or more. At most 79 characters.
  std::string Text(SteadyTime now) const;

 private:
  struct Silence {
    std::size_t open = 0;
    SteadyTime since;
  };

  std::size_t done_ = 0;
  std::size_t total_ = 0;
  std::map<std::string, Silence> hosts_;  ///< those that have questions to answer
};

/// The state of a round in one line on standard error, drawn anew while it takes longer than a second, also while
/// nothing happens; silent where it is no terminal. Thread safe.
class ProgressLine {
 public:
  explicit ProgressLine(bool enabled);
  /// Takes the line away.
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  void Settled(std::size_t done, std::size_t total);
  void Waiting(const std::string& host, std::size_t open);

 private:
  void Draw(const std::stop_token& stop);

  const std::shared_ptr<const Clock> clock_ = SystemClock();
  std::mutex mutex_;
  RoundState state_;  ///< mutex_
  std::jthread drawing_;
};

}  // namespace tagdrift::cli

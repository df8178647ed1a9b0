#include "progress.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "output.h"
#include "tagdrift/text/printable.h"

namespace tagdrift::cli {
namespace {

using std::chrono::seconds;

constexpr seconds kQuiet(1);
constexpr std::chrono::milliseconds kRedraw(200);
constexpr std::size_t kColumns = 79;

}  // namespace

void RoundState::SetSettled(std::size_t done, std::size_t total) {
  done_ = done;
  total_ = total;
}

void RoundState::SetOpen(const std::string& host, std::size_t open, SteadyTime now) {
  if (open == 0) {
    hosts_.erase(host);
    return;
  }
  Silence& silence = hosts_[host];
  if (silence.open == 0 || open < silence.open) silence.since = now;
  silence.open = open;
}

std::string RoundState::Text(SteadyTime now) const {
  std::string text = fmt::format("checked {} of {} tags", done_, total_);
  const auto longest = std::ranges::min_element(hosts_, {}, [](const auto& host) { return host.second.since; });
  if (longest == hosts_.end() || now - longest->second.since < kQuiet) return text;
  const auto& [host, silence] = *longest;
  text += fmt::format("; {} has not answered for {} s ({} {})", text::Printable(host),
                      std::chrono::duration_cast<seconds>(now - silence.since).count(), silence.open,
                      silence.open == 1 ? "question" : "questions");
  return text.substr(0, kColumns);
}

ProgressLine::ProgressLine(bool enabled) {
  if (enabled) drawing_ = std::jthread([this](const std::stop_token& stop) { Draw(stop); });
}

ProgressLine::~ProgressLine() {
  drawing_.request_stop();
  if (drawing_.joinable()) drawing_.join();
}

void ProgressLine::Settled(std::size_t done, std::size_t total) {
  const std::lock_guard lock(mutex_);
  state_.SetSettled(done, total);
}

void ProgressLine::Waiting(const std::string& host, std::size_t open) {
  const std::lock_guard lock(mutex_);
  state_.SetOpen(host, open, clock_->Steady());
}

void ProgressLine::Draw(const std::stop_token& stop) {
  SteadyTime next = clock_->Steady() + kQuiet;
  bool drawn = false;
  for (; clock_->WaitUntil(next, stop); next += kRedraw) {
    std::string text;
    {
      const std::lock_guard lock(mutex_);
      text = state_.Text(clock_->Steady());
    }
    (void)WriteError("\r" + text + "\033[K");
    drawn = true;
  }
  if (drawn) (void)WriteError("\r\033[K");
}

}  // namespace tagdrift::cli

#include "serve/loop.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <exception>
#include <iterator>
#include <utility>

#include "serve/saved_round.h"
#include "serve/start_thread.h"
#include "serve/watched_folders.h"
#include "tagdrift/report/report.h"
#include "tagdrift/text/printable.h"
#include "tagdrift/text/text.h"

namespace tagdrift::serve {
namespace {

/// Changes come in bursts: a look is made once nothing more has come for so long, or at the latest after a second.
constexpr absl::Duration kQuiet = absl::Milliseconds(200);
constexpr absl::Duration kBurst = absl::Seconds(1);
/// The runtime and the kubelet go on working after the event that told of a change.
constexpr absl::Duration kAfterChange = absl::Seconds(2);
/// Looks take at most a tenth of the time, however much changes; short ones come at least every second.
constexpr int kRestPerLook = 9;
constexpr absl::Duration kLongestRest = absl::Seconds(30);
constexpr absl::Duration kShortLook = absl::Seconds(1);
constexpr absl::Duration kLookLimit = absl::Minutes(2);
constexpr absl::Duration kFirstRetry = absl::Seconds(2);
constexpr absl::Duration kLongestRetry = absl::Seconds(30);
constexpr absl::Duration kTick = absl::Seconds(15);
/// Without events, and where one was missed all the same.
constexpr absl::Duration kLookAnyway = absl::Minutes(5);
/// Between scheduled rounds answers get a little older than the interval; beyond this they are not shown.
constexpr int kOldestAnswers = 3;

absl::Status Stopped() { return absl::UnavailableError("the agent is being stopped"); }

}  // namespace

Loop::Loop(agent::Agent& agent, Board& board, Heartbeat& heartbeat, LoopOptions options)
    : agent_(agent), board_(board), heartbeat_(heartbeat), options_(std::move(options)) {
  const SteadyTime now = options_.clock->Steady();
  std::uniform_real_distribution<double> part(0, 1);
  next_scheduled_ = now + absl::ToChronoNanoseconds(options_.spread * part(random_));
  next_look_ = now;
  last_change_ = now;
  next_look_anyway_ = now;
}

Loop::~Loop() { scheduled_thread_.request_stop(); }

SteadyTime Loop::In(absl::Duration time) const { return options_.clock->Steady() + absl::ToChronoNanoseconds(time); }

void Loop::Changed() {
  const std::lock_guard lock(mutex_);
  last_change_ = options_.clock->Steady();
  if (!first_change_) first_change_ = last_change_;
  ++news_;
  woken_.notify_all();
}

void Loop::RequestRound(std::vector<agent::NamePattern> patterns, std::stop_token cancelled, OnRound done) {
  std::unique_lock lock(mutex_);
  if (stopped_) {
    lock.unlock();
    return done(Stopped());
  }
  requests_.push_back({std::move(patterns), std::move(cancelled), std::move(done)});
  ++news_;
  woken_.notify_all();
}

void Loop::DropCancelled() {
  std::vector<Request> dropped;
  {
    const std::lock_guard lock(mutex_);
    const auto cancelled = std::stable_partition(
        requests_.begin(), requests_.end(), [](const Request& request) { return !request.cancelled.stop_requested(); });
    std::move(cancelled, requests_.end(), std::back_inserter(dropped));
    requests_.erase(cancelled, requests_.end());
  }
  for (const Request& request : dropped) request.done(absl::CancelledError("nobody waits for the round any more"));
}

void Loop::Run(const std::stop_token& stop) {
  Restore();
  following_.emplace(
      agent_, [this] { Changed(); }, options_.clock);
  Follow();
  while (auto work = WaitForWork(stop)) {
    if (work->schedule) StartScheduled();
    if (!work->look) continue;
    Follow();
    Look(*work, stop);
  }
  scheduled_thread_ = {};
  following_.reset();
  files_.reset();
  Refuse();
  // What no look has taken over yet is newer. The threads that use it too have ended.
  if (const auto& known = scheduled_ != nullptr ? scheduled_ : latest_; known != nullptr) Save(*known);
}

void Loop::Follow() {
  absl::Status files;
  if (files_ == nullptr) {
    auto watch = FileWatch::Start(options_.host_root, [this] { Changed(); });
    files = watch.status();
    if (watch.ok()) files_ = *std::move(watch);
  }
  for (const auto& [what, followed] :
       {std::pair("configuration files", files), std::pair("the node", following_->Begin())}) {
    if (followed.ok()) {
      not_followed_.erase(what);
    } else if (not_followed_.insert(what).second) {
      spdlog::warn("changes of {} are seen every {} only: {}", what, absl::FormatDuration(kLookAnyway),
                   text::MessageOf(followed));
    }
  }
}

void Loop::Refuse() {
  std::vector<Request> left;
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    left.swap(requests_);
  }
  for (const Request& request : left) request.done(Stopped());
}

std::optional<Loop::Work> Loop::WaitForWork(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    const SteadyTime now = options_.clock->Steady();
    heartbeat_.PromiseNext(now + absl::ToChronoNanoseconds(kTick * 4));
    const Due due = NextDue();
    if (due.schedule <= now || due.look <= now) {
      Work work{.schedule = due.schedule <= now, .look = due.look <= now, .requests = {}};
      if (work.look) {
        look_again_ = first_change_ ? std::optional(now + absl::ToChronoNanoseconds(kAfterChange)) : std::nullopt;
        first_change_.reset();
        scheduled_ended_ = false;
        work.requests.swap(requests_);
      }
      return work;
    }
    const SteadyTime until = std::min({due.schedule, due.look, now + absl::ToChronoNanoseconds(kTick)});
    woken_.wait_until(lock, stop, until, [this, seen = news_] { return news_ != seen; });
  }
  return std::nullopt;
}

Loop::Due Loop::NextDue() const {
  Due due;
  if (!scheduled_runs_) due.schedule = next_scheduled_;
  // Without any answers a look would ask about everything at once. Who asks for a round gets the first one, and soon.
  if (!HasAnswers()) {
    if (!scheduled_runs_ && !requests_.empty()) due.schedule = SteadyTime::min();
    return due;
  }
  if (scheduled_ended_ || !requests_.empty()) due.look = SteadyTime::min();
  SteadyTime look = next_look_anyway_;
  if (first_change_) {
    look = std::min(
        {look, last_change_ + absl::ToChronoNanoseconds(kQuiet), *first_change_ + absl::ToChronoNanoseconds(kBurst)});
  }
  if (look_again_) look = std::min(look, *look_again_);
  due.look = std::min(due.look, std::max(look, next_look_));
  return due;
}

void Loop::Look(const Work& work, const std::stop_token& stop) {
  const SteadyTime began = options_.clock->Steady();
  heartbeat_.PromiseNext(began + absl::ToChronoNanoseconds(kLookLimit + kTick * 4));
  agent::CheckOptions check = options_.check;
  std::shared_ptr<const agent::KeptRound> scheduled;
  {
    const std::lock_guard lock(mutex_);
    scheduled = scheduled_;
  }
  check.reuse.rounds = {scheduled, latest_};
  check.reuse.in_use = kOldestAnswers * options_.interval;
  check.reuse.unused = (options_.unused_every + kOldestAnswers) * options_.interval;
  for (const Request& request : work.requests) {
    if (request.is_asked) continue;
    if (request.patterns.empty()) check.reuse.anew.push_back(*agent::NamePattern::Parse("*"));
    check.reuse.anew.insert(check.reuse.anew.end(), request.patterns.begin(), request.patterns.end());
  }
  auto round = Check(check, CallContext{.stop = stop}.Within(began, absl::ToChronoNanoseconds(kLookLimit)));
  // Cut short, it says of files and hosts that they could not be read, and would take the place of what is known.
  if (stop.stop_requested()) round = Stopped();
  const absl::Status outcome = round.status();
  const SteadyTime ended = options_.clock->Steady();
  const absl::Duration took = absl::FromChrono(ended - began);
  const absl::Duration longest = took < kShortLook ? kShortLook : kLongestRest;
  next_look_ = ended + absl::ToChronoNanoseconds(std::min(kRestPerLook * took, longest));
  next_look_anyway_ = ended + absl::ToChronoNanoseconds(kLookAnyway);
  options_.round_ended(took, outcome.ok());
  if (round.ok()) {
    failures_ = 0;
    // What could not be asked in time is asked next time.
    if (took >= kLookLimit && !look_again_) look_again_ = ended;
    Publish(*std::move(round));
    if (scheduled != nullptr) TakenOver(scheduled);
  } else if (!stop.stop_requested()) {
    Fail(outcome);
    look_again_ = ended + absl::ToChronoNanoseconds(Backoff(options_.interval));
  }
  for (const Request& request : work.requests) request.done(outcome);
}

void Loop::StartScheduled() {
  agent::Reuse reuse{.in_use = options_.interval, .unused = options_.unused_every * options_.interval};
  {
    const std::lock_guard lock(mutex_);
    scheduled_runs_ = true;
    // It asks about everything.
    for (Request& request : requests_) request.is_asked = !HasAnswers();
    reuse.rounds = {scheduled_, latest_};
  }
  const auto run = [this, reuse](const std::stop_token& stop) { RunScheduled(reuse, stop); };
  if (absl::Status started = StartThread(scheduled_thread_, "starting a round", run); !started.ok()) {
    options_.round_ended(absl::ZeroDuration(), false);
    ScheduledEnded(std::move(started));
  }
}

absl::StatusOr<report::Round> Loop::Check(const agent::CheckOptions& options, const CallContext& context) {
  try {
    return agent_.Check(options, context);
  } catch (const std::exception& error) {
    return absl::UnavailableError(fmt::format("checking: {}", error.what()));
  }
}

void Loop::RunScheduled(const agent::Reuse& reuse, const std::stop_token& stop) {
  const SteadyTime began = options_.clock->Steady();
  agent::CheckOptions check = options_.check;
  check.rate_class = registry::RateClass::kBackground;
  check.reuse = reuse;
  auto round = Check(check, CallContext{.stop = stop}.Within(began, absl::ToChronoNanoseconds(options_.round_limit)));
  options_.round_ended(absl::FromChrono(options_.clock->Steady() - began), round.ok());
  if (!stop.stop_requested()) ScheduledEnded(std::move(round));
}

void Loop::ScheduledEnded(absl::StatusOr<report::Round> round) {
  const absl::Status outcome = round.status();
  std::vector<Request> failed;
  std::shared_ptr<const agent::KeptRound> kept;
  if (round.ok()) kept = std::make_shared<const agent::KeptRound>(*std::move(round));
  {
    const std::lock_guard lock(mutex_);
    scheduled_runs_ = false;
    std::uniform_real_distribution<double> stretch(1, 1.1);
    if (kept != nullptr) {
      scheduled_ = std::move(kept);
      scheduled_ended_ = true;
      next_scheduled_ = In(options_.interval * stretch(random_));
    } else {
      Fail(outcome);
      next_scheduled_ = In(Backoff(HasAnswers() ? options_.interval : kLongestRetry) * stretch(random_));
      if (!HasAnswers()) failed.swap(requests_);
    }
    ++news_;
    woken_.notify_all();
  }
  for (const Request& request : failed) request.done(outcome);
}

absl::Duration Loop::Backoff(absl::Duration longest) {
  const int failures = failures_++;
  return std::min(longest, kFirstRetry * static_cast<double>(1 << std::min(failures, 12)));
}

void Loop::Publish(report::Round round) {
  v1::NodeReport report = report::ToMessage(round, options_.invocation);
  if (!said_load_) spdlog::info("{}", LoadOf(round, options_.interval, options_.unused_every));
  said_load_ = true;
  latest_ = std::make_shared<const agent::KeptRound>(std::move(round));
  board_.Publish(latest_, std::move(report));
  // A folder may have changed since the round read it.
  if (files_ != nullptr && files_->Watch(WatchedFolders(latest_->rest(), options_.host_root))) Changed();
  const std::lock_guard lock(mutex_);
  has_latest_ = true;
}

void Loop::TakenOver(const std::shared_ptr<const agent::KeptRound>& scheduled) {
  {
    const std::lock_guard lock(mutex_);
    // Another may have ended meanwhile.
    if (scheduled_ == scheduled) scheduled_.reset();
  }
  Save(*latest_);
}

void Loop::Fail(const absl::Status& why) {
  v1::FailedRound failure;
  const absl::Time now = options_.clock->Wall();
  failure.mutable_time()->set_seconds(absl::ToUnixSeconds(now));
  failure.set_detail(text::Printable(text::MessageOf(why)));
  spdlog::warn("the node could not be looked at: {}", failure.detail());
  board_.PublishFailure(std::move(failure));
}

void Loop::Restore() {
  if (options_.state_dir.empty()) return;
  auto restored = ReadSavedRound(options_.state_dir);
  if (!restored.ok()) {
    if (!absl::IsNotFound(restored.status())) {
      spdlog::warn("what was asked before is asked again: {}", text::MessageOf(restored.status()));
    }
    return;
  }
  const absl::Duration age = options_.clock->Wall() - restored->checked_at;
  if (age < absl::ZeroDuration() || age > options_.interval * kOldestAnswers) return;
  latest_ = std::make_shared<const agent::KeptRound>(*std::move(restored));
  const std::lock_guard lock(mutex_);
  has_latest_ = true;
  look_again_ = options_.clock->Steady();
}

void Loop::Save(const agent::KeptRound& round) {
  if (options_.state_dir.empty()) return;
  const absl::Status saved = SaveRound(options_.state_dir, options_.version, round.Whole());
  // A full disk stays so for many rounds.
  if (saved.ok() == saves_) return;
  saves_ = saved.ok();
  if (saves_) {
    spdlog::info("what registries were asked is saved again");
  } else {
    spdlog::warn("after a restart registries will be asked again: {}", text::MessageOf(saved));
  }
}

}  // namespace tagdrift::serve

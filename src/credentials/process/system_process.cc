#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>

#include "absl/status/status.h"
#include "credentials/call_ended.h"
#include "credentials/process/child.h"
#include "credentials/process/descriptor.h"
#include "tagdrift/credentials/process.h"

namespace tagdrift::credentials {
namespace {

constexpr std::size_t kMaxErrors = 4096;
constexpr std::chrono::hours kLongestPoll(1);

absl::Status Failed(const char* call, int error) {
  return absl::InternalError(std::string(call) + ": " + std::strerror(error));
}

struct Pipe {
  Descriptor read;
  Descriptor write;
};

absl::StatusOr<Pipe> MakePipe() {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return Failed("pipe", errno);
  Pipe pipe{Descriptor(ends[0]), Descriptor(ends[1])};
  fcntl(pipe.read.get(), F_SETFL, O_NONBLOCK);
  return pipe;
}

/// A file in memory: the program may read it when it likes, or not at all, and nobody waits for it.
absl::StatusOr<Descriptor> MakeInput(const std::string& text) {
  Descriptor file(memfd_create("tagdrift-input", MFD_CLOEXEC));
  if (file.get() < 0) return Failed("memfd_create", errno);
  for (std::size_t done = 0; done < text.size();) {
    const ssize_t count = write(file.get(), text.data() + done, text.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return Failed("writing the program's input", errno);
    done += static_cast<std::size_t>(count);
  }
  lseek(file.get(), 0, SEEK_SET);
  return file;
}

enum class Drained { kMore, kEnd, kTooMuch };

/// Takes what is there: up to `limit` bytes, then says so, or drops the rest.
Drained Drain(int fd, std::size_t limit, bool drop_rest, std::string& text) {
  std::array<char, 16384> buffer;
  for (;;) {
    const ssize_t count = read(fd, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno == EAGAIN ? Drained::kMore : Drained::kEnd;
    if (count == 0) return Drained::kEnd;
    const std::size_t room = limit - text.size();
    if (static_cast<std::size_t>(count) > room && !drop_rest) return Drained::kTooMuch;
    text.append(buffer.data(), std::min(static_cast<std::size_t>(count), room));
    // One that never stops writing must not keep us from the clock.
    if (drop_rest && text.size() == limit) return Drained::kMore;
  }
}

/// Milliseconds to poll for, at least one.
int PollTime(std::chrono::nanoseconds left) {
  const auto rounded =
      std::chrono::ceil<std::chrono::milliseconds>(std::min<std::chrono::nanoseconds>(left, kLongestPoll));
  return static_cast<int>(rounded.count());
}

/// Reads both outputs until the program ends. Errors: it could not be started, its limits, or the context ended, which
/// makes `stopped` readable.
absl::Status Attend(const Command& command, const CallContext& context, const Child& child, int stopped, int out,
                    int err, Ending& ending) {
  const SteadyTime start = std::chrono::steady_clock::now();
  const CallContext limited = context.Within(start, absl::ToChronoNanoseconds(command.limit));
  std::array<pollfd, 5> fds{{{child.ended(), POLLIN, 0},
                             {stopped, POLLIN, 0},
                             {out, POLLIN, 0},
                             {err, POLLIN, 0},
                             {child.started(), POLLIN, 0}}};
  for (;;) {
    const SteadyTime now = std::chrono::steady_clock::now();
    if (context.Ended(now)) return CallEnded(context);
    if (limited.Ended(now)) {
      return absl::DeadlineExceededError("did not end within " + absl::FormatDuration(command.limit));
    }
    const int ready = poll(fds.data(), fds.size(), PollTime(limited.Left(now)));
    if (ready < 0 && errno != EINTR) return Failed("poll", errno);
    if (ready <= 0 || fds[1].revents != 0) continue;
    if (fds[4].revents != 0) {
      if (absl::Status status = child.StartError(); !status.ok()) return status;
      fds[4].fd = -1;
    }
    const bool ended = fds[0].revents != 0;
    if (const Drained out_state = Drain(out, command.output_limit, false, ending.output);
        out_state == Drained::kTooMuch) {
      return absl::ResourceExhaustedError("wrote more than " + std::to_string(command.output_limit) + " bytes");
    } else if (out_state == Drained::kEnd) {
      fds[2].fd = -1;
    }
    if (Drain(err, kMaxErrors, true, ending.errors) == Drained::kEnd) fds[3].fd = -1;
    if (ended) return absl::OkStatus();
  }
}

class System : public Process {
 public:
  absl::StatusOr<Ending> Run(const Command& command, const CallContext& context) override {
    if (context.Ended(std::chrono::steady_clock::now())) return CallEnded(context);
    absl::StatusOr<Descriptor> in = MakeInput(command.input);
    if (!in.ok()) return in.status();
    absl::StatusOr<Pipe> out = MakePipe();
    if (!out.ok()) return out.status();
    absl::StatusOr<Pipe> err = MakePipe();
    if (!err.ok()) return err.status();
    const Descriptor stopped(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (stopped.get() < 0) return Failed("eventfd", errno);
    const absl::StatusOr<std::unique_ptr<Child>> child =
        Child::Start(command, {.in = in->get(), .out = out->write.get(), .err = err->write.get()});
    if (!child.ok()) return child.status();
    out->write.Close();
    err->write.Close();
    const std::stop_callback on_stop(context.stop, [&stopped] { eventfd_write(stopped.get(), 1); });
    Ending ending;
    absl::Status status = Attend(command, context, **child, stopped.get(), out->read.get(), err->read.get(), ending);
    if (!status.ok()) return status;
    ending.exit_code = (*child)->End();
    return ending;
  }
};

}  // namespace

std::unique_ptr<Process> SystemProcess() { return std::make_unique<System>(); }

}  // namespace tagdrift::credentials

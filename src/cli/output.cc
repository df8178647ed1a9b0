#include "output.h"

#include <fcntl.h>
#include <poll.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <climits>
#include <cstdint>

#include "tagdrift/render/exit_code.h"
#include "tagdrift/text/text.h"

namespace tagdrift::cli {
namespace {

constexpr std::chrono::seconds kReaderPatience(3);

}  // namespace

bool SecureStandardStreams() {
  const bool out_is_open = fcntl(STDOUT_FILENO, F_GETFD) != -1;
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    // open() takes the lowest free number, which is the closed stream's.
    if (fcntl(stream, F_GETFD) == -1) (void)open("/dev/null", stream == STDOUT_FILENO ? O_WRONLY : O_RDONLY);
  }
  return out_is_open;
}

absl::Status WriteOut(const std::string& text, int file) {
  std::string_view rest = text;
  while (!rest.empty()) {
    const ssize_t written = write(file, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0)
      return absl::ErrnoToStatus(errno, file == STDOUT_FILENO ? "writing to standard output" : "writing");
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  return absl::OkStatus();
}

absl::Status WriteError(std::string_view text) {
  constexpr char kDoing[] = "writing to standard error";
  const auto until = std::chrono::steady_clock::now() + kReaderPatience;
  while (!text.empty()) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    pollfd stream{STDERR_FILENO, POLLOUT, 0};
    const int ready = poll(&stream, 1, static_cast<int>(std::max<std::int64_t>(left.count(), 0)));
    if (ready == 0) return absl::DeadlineExceededError(std::string(kDoing) + ": nobody reads it");
    if (ready < 0 && errno != EINTR) return absl::ErrnoToStatus(errno, kDoing);
    if (ready < 0) continue;
    // A pipe that is ready takes that much at once.
    const ssize_t written = write(STDERR_FILENO, text.data(), std::min<std::size_t>(text.size(), PIPE_BUF));
    if (written < 0 && errno != EINTR && errno != EAGAIN) return absl::ErrnoToStatus(errno, kDoing);
    if (written > 0) text.remove_prefix(static_cast<std::size_t>(written));
  }
  return absl::OkStatus();
}

void PrintError(const std::string& message) { spdlog::error("{}", message); }

int Print(const std::string& text) {
  const absl::Status written = WriteOut(text);
  return written.ok() ? 0 : ExitCodeOf(written, 0);
}

int ExitCodeOf(const absl::Status& failure, int signal) {
  PrintError(text::MessageOf(failure));
  if (absl::IsInvalidArgument(failure)) return render::kExitUsage;
  return absl::IsCancelled(failure) && signal != 0 ? 128 + signal : render::kExitUndecided;
}

}  // namespace tagdrift::cli

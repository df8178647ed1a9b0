#include "output.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>

#include "tagdrift/render/exit_code.h"
#include "tagdrift/text/text.h"

namespace tagdrift::cli {

bool SecureStandardStreams() {
  const bool out_is_open = fcntl(STDOUT_FILENO, F_GETFD) != -1;
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    // open() takes the lowest free number, which is the closed stream's.
    if (fcntl(stream, F_GETFD) == -1) (void)open("/dev/null", stream == STDIN_FILENO ? O_RDONLY : O_WRONLY);
  }
  return out_is_open;
}

absl::Status WriteOut(const std::string& text) {
  std::string_view rest = text;
  while (!rest.empty()) {
    const ssize_t written = write(STDOUT_FILENO, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return absl::ErrnoToStatus(errno, "writing to standard output");
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  return absl::OkStatus();
}

void PrintError(const std::string& message) { fmt::print(stderr, "tagdrift: {}\n", message); }

int ExitCodeOf(const absl::Status& failure, int signal) {
  PrintError(text::MessageOf(failure));
  if (absl::IsInvalidArgument(failure)) return render::kExitUsage;
  return absl::IsCancelled(failure) && signal != 0 ? 128 + signal : render::kExitUndecided;
}

}  // namespace tagdrift::cli

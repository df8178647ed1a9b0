#pragma once

#include <sys/types.h>

#include <array>
#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace tagdrift::cli {

/// Within which a stopped program ends. Sanitized it is slower in everything.
#ifdef TAGDRIFT_SANITIZED
constexpr std::chrono::milliseconds kSoon(5000);
#else
constexpr std::chrono::milliseconds kSoon(3000);
#endif
/// Within which a program ends that nothing holds up; it usually does long before.
constexpr std::chrono::minutes kEver(2);

/// The program while it runs.
class RunningBinary {
 public:
  struct Streams {
    std::string out;
    std::string err;
  };

  /// `environment` comes on top of this process's. Standard output goes into a pipe that holds `pipe_bytes` (0: the
  /// system's default).
  explicit RunningBinary(const std::vector<std::string>& arguments,
                         const std::map<std::string, std::string>& environment = {}, int pipe_bytes = 0);
  /// Kills it if it still runs.
  ~RunningBinary();
  RunningBinary(const RunningBinary&) = delete;
  RunningBinary& operator=(const RunningBinary&) = delete;

  /// Waits until `descriptor` is readable (true) or the program has ended (false), and reads its streams meanwhile.
  bool Await(int descriptor);
  /// Waits for the first bytes of standard output and takes no more than those. False: it ended without any.
  bool AwaitFirstOutput();
  void Signal(int signal);
  /// Waits for the end and reads the streams; nothing: it still runs after `limit`. 128 + signal where a signal ended
  /// it.
  std::optional<int> AwaitEnd(std::chrono::milliseconds limit, bool read_out = true);

  const Streams& streams() const { return streams_; }
  pid_t pid() const { return pid_; }

 private:
  enum class Woke { kByEnd, kByDescriptor, kByTime };

  Woke Wait(int descriptor, std::chrono::steady_clock::time_point until, bool read_out);
  void Drain(int& pipe, std::string& into, std::size_t most);

  Streams streams_;
  pid_t pid_ = -1;
  int process_ = -1;  ///< a pidfd
  int out_ = -1;
  int err_ = -1;
  bool ended_ = false;
};

/// How a program ended that a signal told to.
struct Ending {
  int exit_code = -1;  ///< -1: it still ran after kSoon
  bool late = false;   ///< not within kSoon, or its own allowance of a second ended it
};

/// Sends the signal and waits for the end.
Ending StopBy(int signal, RunningBinary& binary);

/// What `attempt` answers, but for one whose `late` is true: another may be in time, since what makes one late may be
/// what else the machine does. Who always ends late does so five times.
template <typename Attempt>
auto NotLate(const Attempt& attempt) {
  for (int others = 4;; --others) {
    auto ended = attempt();
    if (!ended || !ended->late || others == 0) return ended;
  }
}

}  // namespace tagdrift::cli

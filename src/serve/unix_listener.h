#pragma once

#include <sys/types.h>

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "absl/status/statusor.h"

namespace tagdrift::serve {

/// Accepts connections on a unix socket and hands them on. gRPC's own listener knows no bounds, does not say who
/// connects, and stops accepting for good when file descriptors run out once. Thread safe.
class UnixListener {
 public:
  struct Options {
    std::string path;
    mode_t mode = 0600;
    std::optional<gid_t> group = {};
    int most_connections = 256;
    int most_of_one_uid = 64;
  };
  /// Takes a connected, non-blocking socket over.
  using OnConnection = std::function<void(int fd)>;

  /// Binds; nobody is answered before Accept. Where a socket is left of a process that has gone, it is replaced.
  /// Errors: what the system says.
  static absl::StatusOr<std::unique_ptr<UnixListener>> Open(Options options);
  /// Ends the connections, and removes the socket.
  ~UnixListener();
  UnixListener(const UnixListener&) = delete;
  UnixListener& operator=(const UnixListener&) = delete;

  void Accept(OnConnection on_connection);
  /// Accepts nothing more and ends every connection, also one that a frozen peer does not read from.
  void Cut();

  /// Who has connected as `fd`. Nothing where that has ended.
  std::optional<uid_t> UidOf(int fd) const;
  int connections() const;

 private:
  struct Connection {
    int own;  ///< a duplicate, which sees the end; the original belongs to who took it over
    uid_t uid;
  };

  UnixListener(Options options, int listening, int wake)
      : options_(std::move(options)), listening_(listening), wake_(wake) {}

  void Run(const std::stop_token& stop, const OnConnection& on_connection);
  void TakeOne(const OnConnection& on_connection);
  bool IsTooMany(uid_t uid) const;
  void Forget(int fd);

  const Options options_;
  const int listening_;
  const int wake_;  ///< an eventfd
  mutable std::mutex mutex_;
  std::map<int, Connection> connections_;  ///< by the descriptor that was handed on; mutex_
  bool cut_ = false;                       ///< mutex_
  std::jthread accepting_;
};

}  // namespace tagdrift::serve

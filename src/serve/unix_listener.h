#pragma once

#include <sys/types.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "serve/acceptor.h"

namespace tagdrift::serve {

/// A unix socket and who connects to it. Thread safe.
class UnixListener {
 public:
  struct Options {
    std::string path;
    mode_t mode = 0600;
    std::optional<gid_t> group = {};
    int most_connections = 256;
    int most_of_one_uid = 64;
  };

  /// Binds; nobody is answered before Accept. Where a socket is left of a process that has gone, it is replaced.
  /// Errors: what the system says.
  static absl::StatusOr<std::unique_ptr<UnixListener>> Open(Options options);
  /// Ends the connections, and removes the socket.
  ~UnixListener();
  UnixListener(const UnixListener&) = delete;
  UnixListener& operator=(const UnixListener&) = delete;

  /// A peer is told of by his uid. Errors: as Acceptor::Accept.
  absl::Status Accept(Acceptor::OnConnection on_connection, Acceptor::OnTooMany on_too_many) {
    return acceptor_->Accept(std::move(on_connection), std::move(on_too_many));
  }
  /// Accepts nothing more, calls nothing that Accept was given after it has returned, and ends every connection.
  void Cut() { acceptor_->Cut(); }

  /// Who has connected as `fd`; as Acceptor::PeerOf.
  std::optional<uid_t> UidOf(int fd) const;
  int connections() const { return acceptor_->connections(); }

 private:
  UnixListener(std::string path, std::unique_ptr<Acceptor> acceptor)
      : path_(std::move(path)), acceptor_(std::move(acceptor)) {}

  const std::string path_;
  const std::unique_ptr<Acceptor> acceptor_;
};

}  // namespace tagdrift::serve

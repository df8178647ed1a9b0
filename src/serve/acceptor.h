#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "absl/status/statusor.h"

namespace tagdrift::serve {

/// Accepts connections at a listening socket and hands them on. gRPC's own listener knows no bounds, and stops
/// accepting for good when file descriptors run out once. Thread safe, but that one thread at a time stops or cuts it.
class Acceptor {
 public:
  struct Options {
    /// Who has connected, as the bound of one peer tells them apart. Nothing: the connection is closed.
    std::function<std::optional<std::string>(int fd)> peer;
    int most_connections = 256;
    int most_of_one_peer = 64;
  };
  /// Takes a connected, non-blocking socket over.
  using OnConnection = std::function<void(int fd)>;
  /// Told of a peer whose connection is closed: it is one too many, or there is no descriptor more to watch it by.
  using OnTooMany = std::function<void(const std::string& peer)>;

  /// Takes `listening` over, which is non-blocking. Nobody is answered before Accept. Errors: what the system says.
  static absl::StatusOr<std::unique_ptr<Acceptor>> Make(int listening, Options options);
  /// Ends the connections.
  ~Acceptor();
  Acceptor(const Acceptor&) = delete;
  Acceptor& operator=(const Acceptor&) = delete;

  /// Both are called on the accepting thread. Errors: Unavailable, there are no more threads.
  absl::Status Accept(OnConnection on_connection, OnTooMany on_too_many);
  /// Accepts nothing more, and calls nothing that Accept was given after it has returned. The connections stay.
  void StopAccepting();
  /// As StopAccepting, and ends every connection, also one that a frozen peer does not read from.
  void Cut();

  /// Who has connected as `fd`, also once that has ended: a call may be looked at after its client has gone. Whoever
  /// took the descriptor over closes it after the last such look, so that the number is nobody else's before.
  std::optional<std::string> PeerOf(int fd) const;
  /// That have not ended.
  int connections() const;

 private:
  struct Connection {
    int own;  ///< a duplicate, which sees the end; the original belongs to who took it over. Negative: it has ended
    std::string peer;

    bool has_ended() const { return own < 0; }
  };

  Acceptor(int listening, int wake, Options options)
      : options_(std::move(options)), listening_(listening), wake_(wake) {}

  void Run(const std::stop_token& stop, const OnConnection& on_connection, const OnTooMany& on_too_many);
  void TakeOne(const OnConnection& on_connection, const OnTooMany& on_too_many);
  bool IsTooMany(const std::string& peer) const;
  /// With mutex_ held.
  static void End(Connection& connection);

  const Options options_;
  const int listening_;
  const int wake_;  ///< an eventfd
  mutable std::mutex mutex_;
  std::map<int, Connection> connections_;  ///< by the descriptor that was handed on, the latest of it; mutex_
  std::jthread accepting_;
};

}  // namespace tagdrift::serve

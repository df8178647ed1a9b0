#pragma once

#include <chrono>
#include <functional>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

namespace tagdrift::lab {

/// A request as a scripted server read it.
struct ScriptedRequest {
  std::string method;
  std::string path;                            ///< without the query
  std::string query;                           ///< without '?'
  std::map<std::string, std::string> headers;  ///< names in lower case
};

/// What it sends back.
struct ScriptedReply {
  enum class Ending { kKeep, kReset };

  int status = 200;
  std::map<std::string, std::string> headers = {};
  std::string body = {};  ///< never sent in reply to HEAD
  /// Nothing: no Content-Length; a body is then sent in chunks.
  std::optional<std::size_t> length = {};
  /// Only so much of the body is sent, then the connection ends.
  std::optional<std::size_t> cut_at = {};
  Ending ending = Ending::kKeep;       ///< kReset: nothing is sent at all
  std::chrono::milliseconds delay{0};  ///< the server's end ends it
};

/// A reply with this body and its length.
ScriptedReply ReplyOf(int status, std::string body = {});

/// An HTTP/1.1 server on loopback that says what it is told to. A thread per connection, at most kMostConnections;
/// `answer` is called from several threads.
class ScriptedServer {
 public:
  using Answer = std::function<ScriptedReply(const ScriptedRequest&)>;
  static constexpr std::size_t kMostConnections = 1024;

  explicit ScriptedServer(Answer answer);
  /// Closes every connection and joins.
  ~ScriptedServer();
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  /// "127.0.0.1:PORT".
  const std::string& host() const { return host_; }
  /// "http://127.0.0.1:PORT".
  std::string url() const { return "http://" + host_; }

 private:
  struct Connection {
    int socket = -1;
    bool done = false;
    std::jthread thread = {};
  };

  void Accept();
  void Talk(int socket, const std::stop_token& end) const;
  void End(Connection& connection);
  void Reap();

  Answer answer_;
  int listener_ = -1;
  std::string host_;
  std::mutex mutex_;
  std::list<Connection> connections_;
  std::jthread acceptor_;
};

}  // namespace tagdrift::lab

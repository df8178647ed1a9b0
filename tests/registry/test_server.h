#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace tagdrift::registry {

/// A request as the server read it.
struct Received {
  std::string method;
  std::string target;
  std::map<std::string, std::string> headers;  ///< names in lower case
  std::string body;
  int connection = 0;     ///< counted from 1
  int on_connection = 0;  ///< which request of its connection, from 1
};

/// Whether the request's target holds `part`.
bool Has(const Received& request, const char* part);

/// What is sent back, byte by byte as given.
struct Scripted {
  enum class Then { kKeep, kClose, kReset };
  std::string bytes;
  Then then = Then::kKeep;
  std::function<std::string()> more = {};  ///< called for what follows until it is empty or nobody reads
};

/// PEM text of a certificate chain and its key.
struct ServerPair {
  std::string certificate;
  std::string key;
};

/// A loopback HTTP/1.1 server with scripted answers, on a port of its own; with a pair it speaks TLS. One thread per
/// connection, so `answer` is called from several and may block.
class TestServer {
 public:
  using Answer = std::function<Scripted(const Received&)>;

  enum class Family { kV4, kV6 };

  explicit TestServer(Answer answer, std::unique_ptr<ServerPair> pair = nullptr, Family family = Family::kV4);
  /// Closes every connection and joins.
  ~TestServer();
  TestServer(const TestServer&) = delete;
  TestServer& operator=(const TestServer&) = delete;

  /// Refuses who shows no certificate of this authority (PEM). To be called before the first connection.
  void DemandClientCertificate(const std::string& authority);

  /// 0 where there is no such address.
  int port() const { return port_; }
  /// "127.0.0.1:port" or "[::1]:port".
  std::string Authority() const { return (family_ == Family::kV6 ? "[::1]:" : "127.0.0.1:") + std::to_string(port_); }

  std::vector<Received> received() const;
  /// How many requests of `method` came in.
  int Count(const std::string& method) const;
  int connections() const { return connections_; }

 private:
  struct Wire;

  void Accept();
  void Serve(int socket, int connection);
  void Talk(Wire& wire, int connection);
  void Record(const Received& request);

  Answer answer_;
  std::unique_ptr<ServerPair> pair_;
  Family family_;
  void* tls_ = nullptr;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<int> connections_ = 0;
  mutable std::mutex mutex_;
  std::vector<Received> received_;
  std::vector<int> sockets_;
  std::vector<std::jthread> talkers_;
  std::jthread acceptor_;
};

/// A response with Content-Length of `body`; the body itself is left out for HEAD.
Scripted Reply200(const Received& request, const std::string& headers, const std::string& body);
Scripted ReplyStatus(const std::string& status_and_headers);
/// A manifest's HEAD: digest header and length.
Scripted ReplyManifest();

}  // namespace tagdrift::registry

#include "test_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <optional>

namespace tagdrift::registry {
namespace {

constexpr std::size_t kMaxHead = 256 * 1024;

SSL_CTX* MakeContext(const ServerPair& pair) {
  SSL_CTX* context = SSL_CTX_new(TLS_server_method());
  BIO* bio = BIO_new_mem_buf(pair.certificate.data(), static_cast<int>(pair.certificate.size()));
  X509* leaf = PEM_read_bio_X509(bio, nullptr, nullptr, nullptr);
  SSL_CTX_use_certificate(context, leaf);
  X509_free(leaf);
  BIO_free(bio);
  bio = BIO_new_mem_buf(pair.key.data(), static_cast<int>(pair.key.size()));
  EVP_PKEY* key = PEM_read_bio_PrivateKey(bio, nullptr, nullptr, nullptr);
  SSL_CTX_use_PrivateKey(context, key);
  EVP_PKEY_free(key);
  BIO_free(bio);
  return context;
}

std::string Lower(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

/// Nothing for what is no HTTP request.
std::optional<Received> ParseHead(const std::string& head) {
  const std::size_t line = head.find("\r\n");
  const std::size_t space = head.find(' ');
  const std::size_t second = head.find(' ', space + 1);
  if (line == std::string::npos || second == std::string::npos || second > line) return std::nullopt;
  Received request;
  request.method = head.substr(0, space);
  request.target = head.substr(space + 1, second - space - 1);
  for (std::size_t at = line + 2; at < head.size();) {
    const std::size_t end = head.find("\r\n", at);
    if (end == std::string::npos || end == at) break;
    const std::size_t colon = head.find(':', at);
    if (colon == std::string::npos || colon > end) return std::nullopt;
    request.headers[Lower(head.substr(at, colon - at))] = head.substr(colon + 2, end - colon - 2);
    at = end + 2;
  }
  return request;
}

}  // namespace

/// A socket, with or without TLS.
struct TestServer::Wire {
  int socket;
  SSL* tls = nullptr;
  std::string buffer;

  bool Fill() {
    char bytes[16 * 1024];
    const int got =
        tls != nullptr ? SSL_read(tls, bytes, sizeof bytes) : static_cast<int>(recv(socket, bytes, sizeof bytes, 0));
    if (got <= 0) return false;
    buffer.append(bytes, static_cast<std::size_t>(got));
    return true;
  }

  bool Send(const std::string& text) const {
    std::size_t at = 0;
    while (at < text.size()) {
      const std::size_t left = text.size() - at;
      const int sent = tls != nullptr ? SSL_write(tls, text.data() + at, static_cast<int>(left))
                                      : static_cast<int>(send(socket, text.data() + at, left, MSG_NOSIGNAL));
      if (sent <= 0) return false;
      at += static_cast<std::size_t>(sent);
    }
    return true;
  }

  std::optional<std::string> Take(std::size_t size) {
    while (buffer.size() < size) {
      if (!Fill()) return std::nullopt;
    }
    std::string out = buffer.substr(0, size);
    buffer.erase(0, size);
    return out;
  }

  std::optional<std::string> TakeHead() {
    for (;;) {
      const std::size_t end = buffer.find("\r\n\r\n");
      if (end != std::string::npos) return Take(end + 4);
      // What does not start with a letter is a TLS hello.
      if (!buffer.empty() && (buffer[0] < 'A' || buffer[0] > 'Z')) return std::nullopt;
      if (buffer.size() > kMaxHead || !Fill()) return std::nullopt;
    }
  }
};

TestServer::TestServer(Answer answer, std::unique_ptr<ServerPair> pair, Family family)
    : answer_(std::move(answer)), pair_(std::move(pair)), family_(family) {
  signal(SIGPIPE, SIG_IGN);
  if (pair_) tls_ = MakeContext(*pair_);
  sockaddr_storage address{};
  auto* v4 = reinterpret_cast<sockaddr_in*>(&address);
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&address);
  const bool six = family == Family::kV6;
  if (six) {
    v6->sin6_family = AF_INET6;
    v6->sin6_addr = in6addr_loopback;
  } else {
    v4->sin_family = AF_INET;
    v4->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  }
  socklen_t size = six ? sizeof *v6 : sizeof *v4;
  listener_ = socket(six ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0) return;
  listen(listener_, 64);
  getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(six ? v6->sin6_port : v4->sin_port);
  acceptor_ = std::jthread([this] { Accept(); });
}

TestServer::~TestServer() {
  shutdown(listener_, SHUT_RDWR);
  if (acceptor_.joinable()) acceptor_.join();
  {
    const std::lock_guard lock(mutex_);
    for (const int socket : sockets_) shutdown(socket, SHUT_RDWR);
  }
  talkers_.clear();
  for (const int socket : sockets_) {
    if (socket >= 0) close(socket);
  }
  close(listener_);
  SSL_CTX_free(static_cast<SSL_CTX*>(tls_));
}

void TestServer::DemandClientCertificate(const std::string& authority) {
  auto* context = static_cast<SSL_CTX*>(tls_);
  BIO* bio = BIO_new_mem_buf(authority.data(), static_cast<int>(authority.size()));
  X509* certificate = PEM_read_bio_X509(bio, nullptr, nullptr, nullptr);
  X509_STORE_add_cert(SSL_CTX_get_cert_store(context), certificate);
  X509_free(certificate);
  BIO_free(bio);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
}

void TestServer::Accept() {
  for (;;) {
    const int socket = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (socket < 0) return;
    const int connection = ++connections_;
    const std::lock_guard lock(mutex_);
    sockets_.push_back(socket);
    talkers_.emplace_back([this, socket, connection] { Serve(socket, connection); });
  }
}

void TestServer::Serve(int socket, int connection) {
  Wire wire{.socket = socket, .buffer = {}};
  if (tls_ != nullptr) {
    wire.tls = SSL_new(static_cast<SSL_CTX*>(tls_));
    SSL_set_fd(wire.tls, socket);
    if (SSL_accept(wire.tls) == 1) Talk(wire, connection);
    SSL_free(wire.tls);
  } else {
    Talk(wire, connection);
  }
  shutdown(socket, SHUT_RDWR);
}

void TestServer::Talk(Wire& wire, int connection) {
  for (int count = 1;; ++count) {
    const std::optional<std::string> head = wire.TakeHead();
    std::optional<Received> request = head ? ParseHead(*head) : std::nullopt;
    if (!request) {
      if (!head && !wire.buffer.empty()) wire.Send("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
      return;
    }
    const auto length = request->headers.find("content-length");
    if (length != request->headers.end()) request->body = wire.Take(std::stoul(length->second)).value_or("");
    request->connection = connection;
    request->on_connection = count;
    Record(*request);
    const Scripted reply = answer_(*request);
    wire.Send(reply.bytes);
    while (reply.more) {
      const std::string more = reply.more();
      if (more.empty() || !wire.Send(more)) break;
    }
    if (reply.then == Scripted::Then::kReset) {
      // Closed at once with lingering off: the other side sees a reset. The descriptor stays the server's to close.
      const linger off{.l_onoff = 1, .l_linger = 0};
      setsockopt(wire.socket, SOL_SOCKET, SO_LINGER, &off, sizeof off);
      const std::lock_guard lock(mutex_);
      for (int& socket : sockets_) {
        if (socket == wire.socket) socket = -1;
      }
      close(wire.socket);
    }
    if (reply.then != Scripted::Then::kKeep) return;
  }
}

void TestServer::Record(const Received& request) {
  const std::lock_guard lock(mutex_);
  received_.push_back(request);
}

std::vector<Received> TestServer::received() const {
  const std::lock_guard lock(mutex_);
  return received_;
}

int TestServer::Count(const std::string& method) const {
  int count = 0;
  for (const Received& request : received()) count += request.method == method ? 1 : 0;
  return count;
}

bool Has(const Received& request, const char* part) { return request.target.find(part) != std::string::npos; }

Scripted Reply200(const Received& request, const std::string& headers, const std::string& body) {
  const std::string head =
      "HTTP/1.1 200 OK\r\n" + headers + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n";
  return {.bytes = request.method == "HEAD" ? head : head + body};
}

Scripted ReplyStatus(const std::string& status_and_headers) {
  return {.bytes = "HTTP/1.1 " + status_and_headers + "Content-Length: 0\r\n\r\n"};
}

Scripted ReplyManifest() {
  return {.bytes = "HTTP/1.1 200 OK\r\nDocker-Content-Digest: sha256:" + std::string(64, 'a') +
                   "\r\nContent-Type: application/vnd.oci.image.manifest.v1+json\r\nContent-Length: 7\r\n\r\n"};
}

}  // namespace tagdrift::registry

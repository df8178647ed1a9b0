#include "scripted_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <cstring>

#include "failure.h"

namespace tagdrift::lab {
namespace {

constexpr std::size_t kMostHeadBytes = 64 * 1024;
// containerd leaves the connections of each pull open for longer.
constexpr timeval kMostIdle{.tv_sec = 5, .tv_usec = 0};

std::string Lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return text;
}

/// The head up to its empty line; what came after it stays in `buffer`. Nothing: the connection ended, or it is no
/// HTTP.
std::optional<std::string> ReadHead(int socket, std::string& buffer) {
  for (;;) {
    const std::size_t end = buffer.find("\r\n\r\n");
    if (end != std::string::npos) {
      std::string head = buffer.substr(0, end + 2);
      buffer.erase(0, end + 4);
      return head;
    }
    const bool is_http = buffer.empty() || (buffer[0] >= 'A' && buffer[0] <= 'Z');
    if (!is_http || buffer.size() > kMostHeadBytes) return std::nullopt;
    char bytes[4096];
    const ssize_t got = recv(socket, bytes, sizeof bytes, 0);
    if (got <= 0) return std::nullopt;
    buffer.append(bytes, static_cast<std::size_t>(got));
  }
}

std::optional<ScriptedRequest> ParseHead(const std::string& head) {
  const std::size_t line = head.find("\r\n");
  const std::size_t first = head.find(' ');
  const std::size_t second = head.find(' ', first + 1);
  if (second == std::string::npos || second > line) return std::nullopt;
  ScriptedRequest request;
  request.method = head.substr(0, first);
  const std::string target = head.substr(first + 1, second - first - 1);
  const std::size_t mark = target.find('?');
  request.path = target.substr(0, mark);
  if (mark != std::string::npos) request.query = target.substr(mark + 1);
  for (std::size_t at = line + 2; at < head.size();) {
    const std::size_t end = head.find("\r\n", at);
    const std::size_t colon = head.find(':', at);
    if (end == std::string::npos || colon == std::string::npos || colon > end) return std::nullopt;
    const std::size_t value = std::min(end, head.find_first_not_of(' ', colon + 1));
    request.headers[Lower(head.substr(at, colon - at))] = head.substr(value, end - value);
    at = end + 2;
  }
  return request;
}

bool SendAll(int socket, const std::string& bytes) {
  for (std::size_t at = 0; at < bytes.size();) {
    const ssize_t sent = send(socket, bytes.data() + at, bytes.size() - at, MSG_NOSIGNAL);
    if (sent <= 0) return false;
    at += static_cast<std::size_t>(sent);
  }
  return true;
}

std::string Chunked(const std::string& body) {
  char size[32];
  std::snprintf(size, sizeof size, "%zx\r\n", body.size());
  return body.empty() ? "0\r\n\r\n" : size + body + "\r\n0\r\n\r\n";
}

std::string Wire(const ScriptedReply& reply, bool is_head) {
  std::string text = "HTTP/1.1 " + std::to_string(reply.status) + " Scripted\r\n";
  for (const auto& [name, value] : reply.headers) text += name + ": " + value + "\r\n";
  // A HEAD's answer without either says nothing of the length.
  const bool chunked = !reply.length && !is_head && reply.status != 304;
  if (reply.length) text += "Content-Length: " + std::to_string(*reply.length) + "\r\n";
  if (chunked) text += "Transfer-Encoding: chunked\r\n";
  text += "\r\n";
  if (is_head || reply.status == 304) return text;
  if (reply.cut_at) return text + reply.body.substr(0, *reply.cut_at);
  return text + (chunked ? Chunked(reply.body) : reply.body);
}

void Wait(std::chrono::milliseconds time, const std::stop_token& end) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  never.wait_for(lock, end, time, [] { return false; });
}

/// Closing with lingering off shows the other side a reset.
void SetReset(int socket) {
  const linger off{.l_onoff = 1, .l_linger = 0};
  setsockopt(socket, SOL_SOCKET, SO_LINGER, &off, sizeof off);
}

}  // namespace

ScriptedReply ReplyOf(int status, std::string body) {
  const std::size_t size = body.size();
  return {.status = status, .body = std::move(body), .length = size};
}

ScriptedServer::ScriptedServer(Answer answer) : answer_(std::move(answer)) {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || listen(listener_, 64) != 0 ||
      getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    GiveUp(std::string("starting a scripted server: ") + std::strerror(errno));
  }
  host_ = "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
  acceptor_ = std::jthread([this] { Accept(); });
}

ScriptedServer::~ScriptedServer() {
  shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  {
    const std::lock_guard lock(mutex_);
    for (Connection& connection : connections_) {
      if (!connection.done) shutdown(connection.socket, SHUT_RDWR);
    }
  }
  connections_.clear();
  close(listener_);
}

void ScriptedServer::Accept() {
  for (;;) {
    const int socket = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (socket < 0) return;
    Reap();
    const std::lock_guard lock(mutex_);
    if (connections_.size() >= kMostConnections) GiveUp("more connections to a scripted server than it takes");
    Connection& connection = connections_.emplace_back();
    connection.socket = socket;
    connection.thread = std::jthread([this, &connection](const std::stop_token& end) {
      Talk(connection.socket, end);
      End(connection);
    });
  }
}

void ScriptedServer::End(Connection& connection) {
  const std::lock_guard lock(mutex_);
  close(connection.socket);
  connection.done = true;
}

void ScriptedServer::Reap() {
  std::list<Connection> ended;  // joined without the lock
  const std::lock_guard lock(mutex_);
  for (auto at = connections_.begin(); at != connections_.end();) {
    const auto next = std::next(at);
    if (at->done) ended.splice(ended.end(), connections_, at);
    at = next;
  }
}

void ScriptedServer::Talk(int socket, const std::stop_token& end) const {
  setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &kMostIdle, sizeof kMostIdle);
  std::string buffer;
  for (;;) {
    const std::optional<std::string> head = ReadHead(socket, buffer);
    if (!head) {
      // As web servers answer a TLS hello.
      if (!buffer.empty())
        SendAll(socket, "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
      return;
    }
    const std::optional<ScriptedRequest> request = ParseHead(*head);
    if (!request) return;
    const ScriptedReply reply = answer_(*request);
    if (reply.delay.count() > 0) Wait(reply.delay, end);
    if (reply.ending == ScriptedReply::Ending::kReset) {
      SetReset(socket);
      return;
    }
    if (!SendAll(socket, Wire(reply, request->method == "HEAD"))) return;
    if (reply.cut_at && request->method != "HEAD") return;
  }
}

}  // namespace tagdrift::lab

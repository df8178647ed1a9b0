#pragma once

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "absl/cleanup/cleanup.h"

namespace tagdrift::serve {

/// Of this process nothing else listens at that host, so the port may be any.
inline constexpr const char* kMetricsAddress = "127.0.0.61:0";

/// Empty: nobody listens.
inline std::string AnswerAtMetricsAddress() {
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    sockaddr_in address{};
    socklen_t size = sizeof(address);
    const int listening = std::stoi(entry.path().filename());
    if (getsockname(listening, reinterpret_cast<sockaddr*>(&address), &size) != 0 || address.sin_family != AF_INET ||
        ntohl(address.sin_addr.s_addr) != 0x7F00003D) {
      continue;
    }
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const absl::Cleanup close_fd = [fd] { close(fd); };
    constexpr char kGet[] = "GET /metrics HTTP/1.1\r\nHost: node\r\n\r\n";
    if (connect(fd, reinterpret_cast<const sockaddr*>(&address), size) != 0) continue;
    send(fd, kGet, sizeof(kGet) - 1, MSG_NOSIGNAL);
    std::string text(64 << 10, '\0');
    const ssize_t length = recv(fd, text.data(), text.size(), MSG_WAITALL);
    text.resize(static_cast<std::size_t>(std::max<ssize_t>(length, 0)));
    return text;
  }
  return "";
}

/// As /metrics counts them; kMetricsAddress has to be served.
inline int Refusals(const std::string& reason) {
  const std::string text = AnswerAtMetricsAddress();
  const std::string series = "tagdrift_refused_calls_total{reason=\"" + reason + "\"} ";
  const std::size_t at = text.find(series);
  return at == std::string::npos ? -1 : std::atoi(text.c_str() + at + series.size());
}

}  // namespace tagdrift::serve

#include "plain_listener.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <string_view>

namespace tagdrift::node {

PlainListener::PlainListener(const std::string& path, Manner manner)
    : socket_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  EXPECT_EQ(::bind(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  EXPECT_EQ(::listen(socket_, 16), 0);
  if (manner != Manner::kSilent) thread_ = std::jthread([this, manner] { Serve(manner); });
}

PlainListener::~PlainListener() {
  ::shutdown(socket_, SHUT_RDWR);
  if (thread_.joinable()) thread_.join();
  ::close(socket_);
}

void PlainListener::Serve(Manner manner) const {
  constexpr std::string_view kAnswer = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
  for (int client = ::accept(socket_, nullptr, nullptr); client >= 0; client = ::accept(socket_, nullptr, nullptr)) {
    if (manner == Manner::kHttp1) ::send(client, kAnswer.data(), kAnswer.size(), MSG_NOSIGNAL);
    ::close(client);
  }
}

}  // namespace tagdrift::node

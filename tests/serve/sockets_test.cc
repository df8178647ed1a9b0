// The sockets' directory and who may connect.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstring>
#include <fstream>
#include <future>
#include <map>
#include <vector>

#include "await.h"
#include "hosts/tree_folder.h"
#include "serve/acceptor.h"
#include "serve/listen_at.h"
#include "serve/socket_dir.h"
#include "serve/unix_listener.h"

namespace tagdrift::serve {
namespace {

using testing::HasSubstr;

int ConnectAs(int fd, const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof(address.sun_path) - 1);
  return connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
}

int Connect(const std::string& path) {
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  EXPECT_EQ(ConnectAs(fd, path), 0) << std::strerror(errno);
  return fd;
}

/// True once the other side has closed.
bool IsClosed(int fd) {
  char byte = 0;
  return recv(fd, &byte, 1, 0) <= 0;
}

class SocketsTest : public testing::Test {
 protected:
  std::string Path() const { return folder_.path().string() + "/x.sock"; }

  std::unique_ptr<UnixListener> Listen(int most = 10) {
    auto listener = UnixListener::Open({.path = Path(), .most_connections = most, .most_of_one_uid = most});
    EXPECT_TRUE(listener.ok()) << listener.status();
    const absl::Status accepting = (*listener)->Accept(
        [this](int fd) {
          const std::lock_guard lock(mutex_);
          taken_.push_back(fd);
        },
        [this](const std::string& uid) {
          const std::lock_guard lock(mutex_);
          turned_away_.push_back(uid);
        });
    EXPECT_TRUE(accepting.ok()) << accepting;
    return *std::move(listener);
  }
  std::size_t Taken() {
    const std::lock_guard lock(mutex_);
    return taken_.size();
  }
  std::vector<std::string> TurnedAway() {
    const std::lock_guard lock(mutex_);
    return turned_away_;
  }
  ~SocketsTest() override {
    for (const int fd : taken_) close(fd);
  }

  hosts::TreeFolder folder_;
  std::mutex mutex_;
  std::vector<int> taken_;
  std::vector<std::string> turned_away_;
};

TEST_F(SocketsTest, SaysWhoHasConnected) {
  const auto listener = Listen();
  const int client = Connect(Path());
  ASSERT_TRUE(Await([&] { return Taken() == 1; }));
  EXPECT_EQ(listener->UidOf(taken_[0]), getuid());
  close(client);
  ASSERT_TRUE(Await([&] { return listener->connections() == 0; }));
  EXPECT_EQ(listener->UidOf(taken_[0]), getuid()) << "its calls may not have ended";
  EXPECT_EQ(listener->UidOf(client), std::nullopt);
}

TEST_F(SocketsTest, ADescriptorIsOfItsLatestConnection) {
  const auto listening = ListenAt("127.0.0.1:0");
  ASSERT_TRUE(listening.ok()) << listening.status();
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(PortOf(*listening));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int connected = 0;
  const auto acceptor = Acceptor::Make(*listening, {.peer = [&](int) { return std::to_string(++connected); }});
  ASSERT_TRUE(acceptor.ok()) << acceptor.status();
  const auto take = [this](int fd) {
    const std::lock_guard lock(mutex_);
    taken_.push_back(fd);
  };
  ASSERT_TRUE((*acceptor)->Accept(take, [](const std::string&) {}).ok());
  std::map<int, std::string> latest;
  for (std::size_t i = 0; i < 3; ++i) {
    const int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    EXPECT_EQ(connect(client, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    ASSERT_TRUE(Await([&] { return Taken() == i + 1; }));
    latest[taken_[i]] = std::to_string(i + 1);
    close(client);
    ASSERT_TRUE(Await([&] { return (*acceptor)->connections() == 0; }));
    for (const auto& [fd, peer] : latest) EXPECT_EQ((*acceptor)->PeerOf(fd), peer);
    close(taken_[i]);
  }
  EXPECT_LT(latest.size(), 3U) << "no number was used again";
  taken_.clear();
}

TEST_F(SocketsTest, ConnectionsBeyondTheMostAreClosed) {
  const auto listener = Listen(2);
  const int first = Connect(Path());
  const int second = Connect(Path());
  ASSERT_TRUE(Await([&] { return Taken() == 2; }));
  const int third = Connect(Path());
  EXPECT_TRUE(IsClosed(third));
  EXPECT_EQ(TurnedAway(), std::vector{std::to_string(getuid())});
  close(first);
  ASSERT_TRUE(Await([&] { return listener->connections() == 1; }));
  const int fourth = Connect(Path());
  EXPECT_TRUE(Await([&] { return Taken() == 3; })) << "one that has ended makes room";
  for (const int fd : {second, third, fourth}) close(fd);
}

TEST_F(SocketsTest, ACutEndsAConnectionThatNobodyReads) {
  const auto listener = Listen();
  const int client = Connect(Path());
  ASSERT_TRUE(Await([&] { return Taken() == 1; }));
  listener->Cut();
  EXPECT_TRUE(IsClosed(client));
  close(client);
}

TEST_F(SocketsTest, ACutWaitsForTheConnectionThatIsBeingHandedOn) {
  const auto listener = UnixListener::Open({.path = Path()});
  ASSERT_TRUE(listener.ok()) << listener.status();
  std::atomic<bool> has_begun = false;
  std::atomic<bool> has_ended = false;
  const auto take = [&](int fd) {
    has_begun = true;
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    close(fd);
    has_ended = true;
  };
  ASSERT_TRUE((*listener)->Accept(take, [](const std::string&) {}).ok());
  const int client = Connect(Path());
  ASSERT_TRUE(Await([&] { return has_begun.load(); }));
  (*listener)->Cut();
  EXPECT_TRUE(has_ended) << "who takes connections over may be gone after it";
  close(client);
}

TEST_F(SocketsTest, GoesOnAcceptingAfterDescriptorsRanOut) {
  const auto listener = Listen();
  const int client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit none{.rlim_cur = static_cast<rlim_t>(client) + 1, .rlim_max = before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  EXPECT_EQ(ConnectAs(client, Path()), 0);
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_EQ(Taken(), 0U);
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_TRUE(Await([&] { return Taken() == 1; }));
  close(client);
}

TEST_F(SocketsTest, AConnectionWithoutADescriptorToWatchItByIsTurnedAway) {
  const auto listener = Listen();
  const int client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int next = dup(client);
  close(next);
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit one_more{.rlim_cur = static_cast<rlim_t>(next) + 1, .rlim_max = before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &one_more), 0);
  const int connected = ConnectAs(client, Path());
  const bool is_closed = IsClosed(client);
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_EQ(connected, 0);
  EXPECT_TRUE(is_closed);
  EXPECT_EQ(TurnedAway(), std::vector{std::to_string(getuid())});
  EXPECT_EQ(Taken(), 0U);
  EXPECT_EQ(listener->connections(), 0);
  close(client);
}

TEST_F(SocketsTest, ASocketThatWasLeftBehindIsReplaced) {
  {
    const int left = Listen() == nullptr;
    (void)left;
  }
  const auto again = Listen();
  close(Connect(Path()));
  struct stat status {};
  ASSERT_EQ(stat(Path().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
}

TEST_F(SocketsTest, AFileInThePlaceOfTheSocketStays) {
  std::ofstream(Path()) << "precious";
  const auto listener = UnixListener::Open({.path = Path()});
  EXPECT_THAT(std::string(listener.status().message()), HasSubstr("is no socket"));
  std::string word;
  std::ifstream(Path()) >> word;
  EXPECT_EQ(word, "precious");
}

TEST_F(SocketsTest, ASecondAgentIsTurnedAway) {
  const std::string path = folder_.path().string() + "/run";
  auto first = SocketDir::Take(path);
  ASSERT_TRUE(first.ok()) << first.status();
  struct stat status {};
  ASSERT_EQ(stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0700U) << "closed until the sockets have their modes";
  EXPECT_TRUE((*first)->Open().ok());
  ASSERT_EQ(stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0711U);
  EXPECT_THAT(std::string(SocketDir::Take(path).status().message()), HasSubstr("another agent serves in " + path));
  ASSERT_EQ(stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0711U) << "the first one's readers come in as before";
  first->reset();
  EXPECT_TRUE(SocketDir::Take(path).ok());
}

TEST_F(SocketsTest, ADirectoryThatOthersMayWriteToIsRefused) {
  const std::string path = folder_.path().string() + "/shared";
  ASSERT_EQ(mkdir(path.c_str(), 0700), 0);
  ASSERT_EQ(chmod(path.c_str(), 0777), 0);
  EXPECT_THAT(std::string(SocketDir::Take(path).status().message()), HasSubstr("others may write to it"));
}

TEST(ListenAt, KnowsWhichAddressesCannotBothBeHad) {
  struct Row {
    const char* one;
    const char* other;
    bool collide;
  };
  constexpr Row kRows[] = {
      {"127.0.0.1:9614", "127.0.0.1:9614", true},  {"127.0.0.1:9614", "127.0.0.1:9615", false},
      {"127.0.0.1:9614", "127.0.0.2:9614", false}, {"127.0.0.1:9614", "0.0.0.0:9614", true},
      {"127.0.0.1:9614", "[::]:9614", true},       {"[::1]:9614", "[::]:9614", true},
      {"[::1]:9614", "0.0.0.0:9614", false},       {"[::1]:9614", "[0:0::1]:9614", true},
      {"127.0.0.1:0", "127.0.0.1:0", false},       {"", "", false},
  };
  for (const Row& row : kRows) {
    EXPECT_EQ(Collide(row.one, row.other), row.collide) << row.one << ' ' << row.other;
    EXPECT_EQ(Collide(row.other, row.one), row.collide) << row.other << ' ' << row.one;
  }
}

}  // namespace
}  // namespace tagdrift::serve

#include "serve/file_watch.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <set>
#include <utility>

#include "serve/start_thread.h"

namespace tagdrift::serve {
namespace {

constexpr std::size_t kMost = 2000;
constexpr std::uint32_t kEvents = IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ATTRIB |
                                  IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;

/// Negative: it is not there, or no folder.
int OpenFolder(int root, const std::string& path) {
  open_how how{};
  how.flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
  how.resolve = RESOLVE_IN_ROOT;
  return static_cast<int>(syscall(SYS_openat2, root, path.c_str(), &how, sizeof(how)));
}

}  // namespace

absl::StatusOr<std::unique_ptr<FileWatch>> FileWatch::Start(std::string root, std::function<void()> changed) {
  const int inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  if (inotify < 0) return absl::ErrnoToStatus(errno, "watching files (fs.inotify.max_user_instances)");
  const int wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (wake < 0) {
    const int error = errno;
    close(inotify);
    return absl::ErrnoToStatus(error, "watching files");
  }
  std::unique_ptr<FileWatch> watch(new FileWatch(std::move(root), std::move(changed), inotify, wake));
  const auto run = [self = watch.get()](const std::stop_token& stop) { self->Run(stop); };
  if (absl::Status started = StartThread(watch->reading_, "watching files", run); !started.ok()) return started;
  return watch;
}

FileWatch::~FileWatch() {
  reading_.request_stop();
  const std::uint64_t one = 1;
  (void)!write(wake_, &one, sizeof(one));
  if (reading_.joinable()) reading_.join();
  close(inotify_);
  close(wake_);
}

bool FileWatch::Watch(const std::vector<std::string>& folders) {
  const std::lock_guard lock(mutex_);
  const int root = open(root_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (root < 0) return false;
  std::map<std::string, int> now;
  for (const std::string& folder : folders) {
    if (now.size() >= kMost) break;
    const int fd = OpenFolder(root, folder);
    if (fd < 0) continue;
    // The same folder has the same watch, so that one which was replaced is told from what is there now.
    const int watch = inotify_add_watch(inotify_, ("/proc/self/fd/" + std::to_string(fd)).c_str(), kEvents);
    close(fd);
    if (watch >= 0) now.emplace(folder, watch);
  }
  close(root);
  std::set<int> before;
  std::set<int> after;
  for (const auto& [folder, watch] : watched_) before.insert(watch);
  for (const auto& [folder, watch] : now) after.insert(watch);
  for (const int watch : before) {
    if (!after.contains(watch)) inotify_rm_watch(inotify_, watch);
  }
  watched_ = std::move(now);
  return !std::ranges::includes(before, after);
}

void FileWatch::Run(const std::stop_token& stop) {
  alignas(inotify_event) std::array<char, 16 << 10> buffer;
  while (!stop.stop_requested()) {
    std::array<pollfd, 2> polled = {{{wake_, POLLIN, 0}, {inotify_, POLLIN, 0}}};
    if (poll(polled.data(), polled.size(), -1) < 0) continue;
    bool changed = false;
    ssize_t size = 0;
    while ((size = read(inotify_, buffer.data(), buffer.size())) > 0) {
      for (ssize_t at = 0; at < size;) {
        const auto* event = reinterpret_cast<const inotify_event*>(buffer.data() + at);
        // A watch that ended is of no folder any more: its end was told before.
        changed = changed || (event->mask & IN_IGNORED) == 0;
        at += static_cast<ssize_t>(sizeof(inotify_event)) + event->len;
      }
    }
    if (changed) changed_();
  }
}

}  // namespace tagdrift::serve

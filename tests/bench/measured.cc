// measured OUT-FILE COMMAND [ARGUMENT…]: runs a command with its standard output in a file and prints what it took:
// "wall-us 200000 cpu-us 60000 peak-kib 26000". A small program of its own, since a process's peak begins with the
// memory of the one that it was forked from. Exit code: the command's.
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>

namespace {

long long Microseconds(const timeval& time) { return time.tv_sec * 1'000'000LL + time.tv_usec; }

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fputs("usage: measured OUT-FILE COMMAND [ARGUMENT...]\n", stderr);
    return 64;
  }
  const auto start = std::chrono::steady_clock::now();
  const pid_t pid = fork();
  if (pid == 0) {
    const int out = open(argv[1], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    dup2(out, STDOUT_FILENO);
    execvp(argv[2], argv + 2);
    std::perror(argv[2]);
    _exit(127);
  }
  int status = 0;
  rusage usage{};
  wait4(pid, &status, 0, &usage);
  const std::chrono::microseconds wall =
      std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - start);
  std::printf("wall-us %lld cpu-us %lld peak-kib %ld\n", static_cast<long long>(wall.count()),
              Microseconds(usage.ru_utime) + Microseconds(usage.ru_stime), usage.ru_maxrss);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

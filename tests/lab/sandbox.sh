#!/usr/bin/env bash
# sandbox.sh COMMAND [ARGUMENT…]: runs COMMAND in mount, PID and network namespaces of its own, with only the loopback
# interface and a private /run, /etc, /var/lib and temporary folder. Whatever COMMAND starts ends with it, ports cannot collide,
# nothing reaches the network and nothing stays behind. Exit code and signals pass through. Needs root.
set -euo pipefail

# As process 1 of the new PID namespace: when this ends, the kernel ends all that is left in it.
inside() {
  ip link set lo up
  mount -t tmpfs -o mode=755 lab /run
  mkdir /run/tmp
  local folder
  for folder in etc var/lib; do
    mkdir -p "/run/$folder" "/run/$folder.work"
    mount -t overlay -o "lowerdir=/$folder,upperdir=/run/$folder,workdir=/run/$folder.work" "$folder" "/$folder"
  done
  export TMPDIR=/run/tmp
  unset http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY all_proxy ALL_PROXY
  run_and_forward "$@"
}

# Runs a command, hands it the signals that arrive here, and ends with its exit code.
run_and_forward() {
  local child signal code=0
  "$@" <&0 &
  child=$!
  for signal in INT TERM HUP; do
    # shellcheck disable=SC2064  # the child and the signal of now
    trap "kill -$signal $child 2>/dev/null || true" "$signal"
  done
  wait "$child" || code=$?
  while kill -0 "$child" 2>/dev/null; do # a signal ended the wait, not the command
    code=0
    wait "$child" || code=$?
  done
  return "$code"
}

# runc's control groups are the one thing that namespaces do not take along: each sandbox has one parent group, named by its
# process id. A group in use cannot be removed, so this is safe at any time.
remove_control_groups() {
  local group
  for group in /sys/fs/cgroup/tagdrift-lab-* /sys/fs/cgroup/*/tagdrift-lab-*; do
    [ -d "$group" ] || continue
    if [ "${group##*-}" = "$$" ] || ! kill -0 "${group##*-}" 2>/dev/null; then
      find "$group" -depth -type d -exec rmdir {} + 2>/dev/null || true
    fi
  done
}

outside() {
  [ "$(id -u)" -eq 0 ] || {
    echo "sandbox.sh: needs root, to make namespaces" >&2
    exit 1
  }
  trap remove_control_groups EXIT
  export TAGDRIFT_LAB_CGROUP=tagdrift-lab-$$
  run_unshared "$@"
}

run_unshared() {
  local unshared signal init code=0
  # The process that unshare leaves outside blocks signals, so they go to the process 1 inside.
  setpriv --pdeathsig KILL unshare --mount --pid --net --fork --kill-child --mount-proc \
    "${BASH_SOURCE[0]}" --inside "$@" <&0 &
  unshared=$!
  for signal in INT TERM HUP; do
    # shellcheck disable=SC2064
    trap "init=\$(cat /proc/$unshared/task/$unshared/children 2>/dev/null) && kill -$signal \$init 2>/dev/null || true" "$signal"
  done
  wait "$unshared" || code=$?
  while kill -0 "$unshared" 2>/dev/null; do
    code=0
    wait "$unshared" || code=$?
  done
  exit "$code"
}

if [ $# -eq 0 ]; then
  echo "usage: sandbox.sh COMMAND [ARGUMENT…]" >&2
  exit 64
fi
if [ "$1" = --inside ]; then
  shift
  inside "$@"
else
  outside "$@"
fi

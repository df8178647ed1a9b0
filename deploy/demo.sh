#!/usr/bin/env bash
# deploy/demo.sh [1.6|1.7|2]: the incident that tagdrift is for, on a real containerd of that version (default 1.6). Sets up all it
# needs on a bare Debian 12 as root. What it starts runs in namespaces of its own and ends with it.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
version=${1:-1.6}

fail() {
  printf 'demo: %s\n' "$*" >&2
  exit 1
}

# Runs a step whose output matters only when it fails.
quietly() {
  local log=$root/build/demo.log
  if ! "$@" >"$log" 2>&1; then
    tail -n 30 "$log" >&2
    fail "failed: $* (all of it: $log)"
  fi
}

build() {
  cd "$root"
  quietly cmake --preset release
  quietly cmake --build --preset release --target tagdrift lab_demo
}

program_of() { find "$root/build/release" -name "$1" -type f -perm -u+x -print -quit; }

main() {
  [ "$(id -u)" -eq 0 ] || fail "run it as root: it makes namespaces and starts a containerd in them"
  case $version in
    1.6 | 1.7 | 2) ;;
    *) fail "no containerd '$version' here: 1.6, 1.7 or 2" ;;
  esac
  mkdir -p "$root/build"
  echo "demo: builds tagdrift under build/ (a few minutes the first time) and shows it on"
  echo "a private containerd, registry and mirror. Missing Debian packages for the build"
  echo "are installed; containerd and the registries are only unpacked, into build/lab/."
  "$root/deploy/provision.sh"
  build
  [ -e "$root/build/lab/containerd-$version/usr" ] || fail "$(cat "$root/build/lab/containerd-$version.missing")"
  echo "demo: containerd is $("$root/build/lab/containerd-$version/usr/bin/containerd" --version | awk '{ print $3 }')"
  "$root/tests/lab/sandbox.sh" "$(program_of lab_demo)" "$version" "$(program_of tagdrift)"
}

main "$@"

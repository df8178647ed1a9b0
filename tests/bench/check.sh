#!/usr/bin/env bash
# check.sh [BUILD-FOLDER] [--containerd VERSION] [OPTION…]: the benchmark of the whole program. `tagdrift check -o json` of 200 fresh tags
# in 50 repositories on a real containerd (of the lab, in its sandbox), the registry over TLS and HTTP/2 with 50 ms of delay and 128
# streams; side by side with bare_heads, which sends the same 200 HEAD requests with libcurl and does nothing else, and with
# `tagdrift version`. Prints wall time, CPU time (user and system) and peak resident memory as medians of alternating runs, the ratios to
# the aims (1.35 times the wall time and twice the CPU time of bare_heads, 26 MiB), and what -v says of one more run.
#
# Options are check_bench's: --runs N (11), --tags N, --repositories N, --delay MS, --streams N. Needs root and the lab (deploy/provision.sh
# lab). TAGDRIFT_BINARY names another program to measure. For figures that mean something: a release build (default: build/release,
# targets check_bench and tagdrift), and nothing else running.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=$root/build/release
version=1.7
options=()
if [ $# -gt 0 ] && [[ $1 != --* ]]; then
  build=$1
  shift
fi
while [ $# -gt 0 ]; do
  case $1 in
    --containerd)
      version=${2:?--containerd needs a version}
      shift 2
      ;;
    *)
      options+=("$1")
      shift
      ;;
  esac
done

bench=$build/tests/bench/check_bench
[ -x "$bench" ] || {
  echo "check.sh: no $bench; build it: cmake --build $build --target check_bench" >&2
  exit 1
}
export TAGDRIFT_LAB_CONTAINERD=$version
exec "$root/tests/lab/sandbox.sh" "$bench" "${options[@]}"

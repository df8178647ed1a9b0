#!/usr/bin/env bash
# serve.sh [BUILD-FOLDER] [--containerd VERSION] [OPTION…]: the benchmark of the daemon. `tagdrift serve` beside a real containerd (of the
# lab, in its sandbox) with 100, 1,000 and 5,000 fresh tags of four registries: memory when idle and at the peak of rounds, CPU of a round
# and of an idle hour, requests of a round at each registry; at the middle size one reader, 50 readers and 1,000 watchers. Figures stand
# beside their aims. The idle hour is extrapolated from 20 s and from the cost of the looks that the agent makes every five minutes. Clients
# and registries run on the same processors. The first 1,000 tags are pulled images, the others further names of these.
#
# Options are serve_bench's: --tags N,N,N, --images N (a multiple of 4), --readers N, --watchers N, --seconds N. Needs root and the lab
# (deploy/provision.sh lab). TAGDRIFT_BINARY names another program to measure. For figures that mean something: a release build (default:
# build/release, targets serve_bench and tagdrift), and nothing else running. Takes some minutes.
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

bench=$build/tests/bench/serve_bench
[ -x "$bench" ] || {
  echo "serve.sh: no $bench; build it: cmake --build $build --target serve_bench" >&2
  exit 1
}
export TAGDRIFT_LAB_CONTAINERD=$version
exec "$root/tests/lab/sandbox.sh" "$bench" "${options[@]}"

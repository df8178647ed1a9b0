#!/usr/bin/env bash
# in_lab.sh BENCH [BUILD-FOLDER] [--containerd VERSION] [OPTION…]: runs BENCH of tests/bench with its OPTIONs in the lab's sandbox, on a
# containerd of the lab. Needs root and the lab (deploy/provision.sh lab). TAGDRIFT_BINARY names another program to measure. For figures that
# mean something: a release build (default: build/release), and nothing else running.
set -euo pipefail

name=$1
shift
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

bench=$build/tests/bench/$name
[ -x "$bench" ] || {
  echo "no $bench; build it: cmake --build $build --target $name" >&2
  exit 1
}
export TAGDRIFT_LAB_CONTAINERD=$version
exec "$root/tests/lab/sandbox.sh" "$bench" "${options[@]}"

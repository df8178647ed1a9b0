#!/usr/bin/env bash
# registry.sh [BUILD-FOLDER] [OPTION…]: the registry benchmark in full, beside the skopeo that `deploy/provision.sh lab` unpacked.
# Options are registry_bench's. For figures that mean something: a release build, and nothing else running.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=$root/build/release
if [ $# -gt 0 ] && [[ $1 != --* ]]; then
  build=$1
  shift
fi
lab=${TAGDRIFT_LAB_DIR:-$root/build/lab}
bench=$build/tests/bench/registry_bench
[ -x "$bench" ] || {
  echo "registry.sh: no $bench; build it: cmake --build $build --target registry_bench" >&2
  exit 1
}

compare=()
if [ -x "$lab/skopeo/usr/bin/skopeo" ]; then
  LD_LIBRARY_PATH=$(dirname "$(find -L "$lab/gpgme" -name 'libgpgme.so.11' -print -quit)")
  export LD_LIBRARY_PATH
  compare=(--skopeo "$lab/skopeo/usr/bin/skopeo")
else
  echo "registry.sh: no skopeo in $lab; run deploy/provision.sh lab to compare with it" >&2
fi
exec "$bench" "${compare[@]}" "$@"

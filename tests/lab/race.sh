#!/usr/bin/env bash
# race.sh [--containerd VERSION]… [--most N] [--seed S] [--action NAME] [--verbose]: another client changes the tag before each single
# call of each action ("refresh", "evict", "evict --free"), or before N of them. The program and the lab come from TAGDRIFT_BUILD
# (default build/release). Without --containerd all versions of the lab take part. Needs root.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=${TAGDRIFT_BUILD:-$root/build/release}
versions=()
options=(--most 0)
while [ $# -gt 0 ]; do
  case $1 in
    --containerd)
      versions+=("${2:?--containerd needs a version}")
      shift 2
      ;;
    *)
      options+=("$1")
      shift
      ;;
  esac
done
[ "${#versions[@]}" -gt 0 ] || versions=(1.6 1.7 2)

program=$build/tests/lab/lab_race
[ -x "$program" ] || {
  echo "race.sh: $program is not built; name the build tree by TAGDRIFT_BUILD" >&2
  exit 1
}
code=0
for version in "${versions[@]}"; do
  TAGDRIFT_LAB_CONTAINERD=$version "$root/tests/lab/sandbox.sh" "$program" "${options[@]}" || code=$?
done
exit "$code"

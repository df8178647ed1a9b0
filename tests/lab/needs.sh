# shellcheck shell=bash
# To be sourced by a test. `lab` is where deploy/provision.sh unpacks.
lab=${TAGDRIFT_LAB_DIR:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)/build/lab}

# need FILE…: without one of them in the lab the test is skipped; with CI=true that is a failure.
need() {
  local file
  for file in "$@"; do
    if [ -e "$lab/$file" ]; then continue; fi
    if [ "${CI:-}" = true ]; then
      echo "there is no $lab/$file: deploy/provision.sh lab brings it" >&2
      exit 1
    fi
    echo "LAB SKIPPED: no $file in $lab; run deploy/provision.sh lab"
    exit 0
  done
}

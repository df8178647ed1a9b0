#!/usr/bin/env bash
# hostile.sh [SECONDS]: rounds in a loop against hostile registries, an hour unless told otherwise. The program comes from
# TAGDRIFT_BUILD (default build/asan).
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
program=${TAGDRIFT_BUILD:-$root/build/asan}/tests/agent/agent_hostile_soak
[ -x "$program" ] || {
  echo "hostile.sh: $program is not built; name the build tree by TAGDRIFT_BUILD" >&2
  exit 1
}
exec "$program" "${1:-3600}"

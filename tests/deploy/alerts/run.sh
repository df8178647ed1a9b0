#!/usr/bin/env bash
# run.sh: the alerts of deploy/tagdrift/files, as promtool judges them.
set -euo pipefail

folder=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
promtool=$folder/../../../build/lab/promtool/usr/bin/promtool

[ -x "$promtool" ] || {
  echo "LAB SKIPPED: no promtool in build/lab (deploy/provision.sh unpacks it)"
  exit 0
}
"$promtool" check rules "$folder/../../../deploy/tagdrift/files/alerts.yaml"
"$promtool" test rules "$folder/alerts_test.yaml"
exec node --test "$folder/scrapes_test.js"

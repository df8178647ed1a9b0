#!/usr/bin/env bash
# run.sh: the alerts of deploy/tagdrift/files, as promtool judges them.
set -euo pipefail

folder=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/lab/needs.sh
. "$folder/../../lab/needs.sh"

promtool=promtool/usr/bin/promtool
need "$promtool"
"$lab/$promtool" check rules "$folder/../../../deploy/tagdrift/files/alerts.yaml"
"$lab/$promtool" test rules "$folder/alerts_test.yaml"
exec node --test "$folder/scrapes_test.js"

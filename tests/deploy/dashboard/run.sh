#!/usr/bin/env bash
# run.sh: the queries of the dashboard, asked of a Prometheus of its own on the loopback interface.
set -euo pipefail

folder=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/lab/needs.sh
. "$folder/../../lab/needs.sh"

need promtool/usr/bin/prometheus
unset http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY all_proxy ALL_PROXY
exec node --test "$folder/dashboard_test.js"

#!/usr/bin/env bash
# check.sh [BUILD-FOLDER] [--containerd VERSION] [OPTION…]: the benchmark of the whole program. `tagdrift check -o json` of 200 fresh tags
# in 50 repositories on a real containerd (of the lab, in its sandbox), the registry over TLS and HTTP/2 with 50 ms of delay and 128
# streams; side by side with bare_heads, which sends the same 200 HEAD requests with libcurl and does nothing else, and with
# `tagdrift version`. Prints wall time, CPU time (user and system) and peak resident memory as medians of alternating runs, the ratios to
# the aims (1.35 times the wall time and twice the CPU time of bare_heads, 26 MiB), and what -v says of one more run.
#
# Options are check_bench's: --runs N (11), --tags N, --repositories N, --delay MS, --streams N. What else it takes and needs:
# in_lab.sh.
set -euo pipefail

exec "$(dirname "${BASH_SOURCE[0]}")/in_lab.sh" check_bench "$@"

#!/usr/bin/env bash
# serve.sh [BUILD-FOLDER] [--containerd VERSION] [OPTION…]: the benchmark of the daemon. `tagdrift serve` beside a real containerd (of the
# lab, in its sandbox) with 100, 1,000 and 5,000 fresh tags of four registries: memory when idle and at the peak of rounds, CPU of a round
# and of an idle hour, requests of a round at each registry; at the middle size one reader, 50 readers and 1,000 watchers. Figures stand
# beside their aims. The idle hour is extrapolated from 20 s and from the cost of the looks that the agent makes every five minutes. Clients
# and registries run on the same processors. The first 1,000 tags are pulled images, the others further names of these.
#
# Options are serve_bench's: --tags N,N,N, --images N (a multiple of 4), --readers N, --watchers N, --seconds N. What else it
# takes and needs: in_lab.sh. Takes some minutes.
set -euo pipefail

exec "$(dirname "${BASH_SOURCE[0]}")/in_lab.sh" serve_bench "$@"

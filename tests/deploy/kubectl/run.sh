#!/usr/bin/env bash
# run.sh: the tests of deploy/kubectl-tagdrift, by a current kubectl where deploy/provision.sh has unpacked one and by Debian's otherwise
# (as lab.kubectl_tagdrift is).
set -euo pipefail

folder=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/lab/needs.sh
. "$folder/../../lab/needs.sh"

TAGDRIFT_KUBECTL=$lab/deploy/bin
if [ ! -x "$TAGDRIFT_KUBECTL/kubectl" ]; then
  need kubectl/usr/bin/kubectl
  TAGDRIFT_KUBECTL=$lab/kubectl/usr/bin
fi
export TAGDRIFT_KUBECTL
unset http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY all_proxy ALL_PROXY
exec node --test "$folder/kubectl_tagdrift_test.js"

#!/usr/bin/env bash
# run.sh: the tests of deploy/kubectl-tagdrift, by a current kubectl where deploy/provision.sh has unpacked one and by Debian's otherwise
# (as lab.kubectl_tagdrift is), and shellcheck's opinion where that is installed.
set -euo pipefail

folder=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
lab=$folder/../../../build/lab

TAGDRIFT_KUBECTL=$lab/deploy/bin
[ -x "$TAGDRIFT_KUBECTL/kubectl" ] || TAGDRIFT_KUBECTL=$lab/kubectl/usr/bin
[ -x "$TAGDRIFT_KUBECTL/kubectl" ] || {
  echo "LAB SKIPPED: no kubectl in build/lab (deploy/provision.sh unpacks it)"
  exit 0
}
export TAGDRIFT_KUBECTL
if command -v shellcheck >/dev/null; then
  shellcheck "$folder/../../../deploy/kubectl-tagdrift" "${BASH_SOURCE[0]}"
fi
unset http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY all_proxy ALL_PROXY
exec node --test "$folder/kubectl_tagdrift_test.js"

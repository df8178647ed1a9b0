#!/usr/bin/env bash
# run.sh: the tests of deploy/kubectl-tagdrift, and shellcheck's opinion of it where that is installed.
set -euo pipefail

folder=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$folder/../../..

[ -x "$root/build/lab/kubectl/usr/bin/kubectl" ] || {
  echo "LAB SKIPPED: no kubectl in build/lab (deploy/provision.sh unpacks it)"
  exit 0
}
if command -v shellcheck >/dev/null; then
  shellcheck "$root/deploy/kubectl-tagdrift" "${BASH_SOURCE[0]}"
fi
unset http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY all_proxy ALL_PROXY
exec node --test "$folder/kubectl_tagdrift_test.js"

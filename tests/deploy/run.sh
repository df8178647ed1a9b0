#!/usr/bin/env bash
# run.sh TEST: runs tests/deploy/TEST.test.js by Node, with the lab's helm and kubectl and TAGDRIFT_BINARY, a built tagdrift.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/lab/needs.sh
. "$here/../lab/needs.sh"

need deploy/bin/helm foreign/node_modules
home=$(mktemp -d)
trap 'rm -rf "$home"' EXIT
# Neither helm nor kubectl may see whoever runs this.
unset KUBECONFIG http_proxy https_proxy HTTP_PROXY HTTPS_PROXY
export HOME=$home PATH=$lab/deploy/bin:$PATH NODE_PATH=$lab/deploy/node_modules:$lab/foreign/node_modules
node --test --test-reporter=spec "$here/$1.test.js"

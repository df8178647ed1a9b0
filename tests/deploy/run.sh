#!/usr/bin/env bash
# run.sh TEST: runs tests/deploy/TEST.test.js by Node, with the lab's helm and kubectl and TAGDRIFT_BINARY, a built tagdrift.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
lab=${TAGDRIFT_LAB_DIR:-$here/../../build/lab}

if [ ! -x "$lab/deploy/bin/helm" ] || [ ! -d "$lab/foreign/node_modules" ] || ! command -v node >/dev/null; then
  echo "LAB SKIPPED: no helm, or no gRPC for Node, in the lab; run deploy/provision.sh lab"
  [ "${CI:-}" != true ]
  exit
fi
home=$(mktemp -d)
trap 'rm -rf "$home"' EXIT
# Neither helm nor kubectl may see whoever runs this.
unset KUBECONFIG http_proxy https_proxy HTTP_PROXY HTTPS_PROXY
export HOME=$home PATH=$lab/deploy/bin:$PATH NODE_PATH=$lab/deploy/node_modules:$lab/foreign/node_modules
node --test --test-reporter=spec "$here/$1.test.js"

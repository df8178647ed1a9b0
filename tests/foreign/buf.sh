#!/usr/bin/env bash
# buf.sh lint|breaking|renew: holds proto/ to proto/buf.yaml, or to the descriptor of what was published; `renew` writes that anew.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
published=$root/tests/data/proto/tagdrift.v1.binpb

# shellcheck source=tests/lab/needs.sh
. "$root/tests/lab/needs.sh"

need foreign/node_modules
buf=$(echo "$lab"/foreign/node_modules/@bufbuild/buf-linux-*/bin/buf)
case ${1:-} in
  lint) "$buf" lint "$root/proto" ;;
  breaking) "$buf" breaking "$root/proto" --against "$published" ;;
  renew) "$buf" build "$root/proto" --exclude-source-info -o "$published" ;;
  *)
    echo "usage: buf.sh lint|breaking|renew" >&2
    exit 64
    ;;
esac

#!/usr/bin/env bash
# deploy/render.sh [FILE]: writes the chart's defaults as one manifest, by default deploy/tagdrift.yaml. HELM names another helm.
set -euo pipefail

deploy=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
into=${1:-$deploy/tagdrift.yaml}

render() {
  "${HELM:-helm}" template tagdrift "$deploy/tagdrift" --namespace tagdrift \
    --set image.repository=registry.invalid/tagdrift,image.tag=name-yours-in-a-kustomization
}

# Those who apply it do without Helm.
rendered=$(render)
{
  echo "# Written by deploy/render.sh from the chart's defaults. kustomization.yaml tells how to name the image."
  grep -Ev '^# Source: |^ *(helm\.sh/chart|app\.kubernetes\.io/managed-by): ' <<<"$rendered"
} >"$into"

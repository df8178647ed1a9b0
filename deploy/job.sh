#!/usr/bin/env bash
# Checks nodes by one Job each, with nothing installed: `deploy/job.sh --help`.
set -euo pipefail

chart=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/tagdrift

usage() {
  cat <<'HELP'
Checks nodes by one Job each, made from the chart, so many at a time. Prints each node's headline.

Usage: deploy/job.sh [OPTIONS] NODE... [-- HELM-OPTION...]
       deploy/job.sh [OPTIONS] --all   [-- HELM-OPTION...]

  --all               Every Linux node that is ready and not virtual, as the DaemonSet has them
  -n, --namespace NS  Where the Jobs are made; it has to allow privileged pods [tagdrift]
  --at-once N         Jobs under way at a time [10]
  --reports DIR       Keep each node's report here, as NODE.txt
  -h, --help          This text

HELM-OPTIONs name the image, and say how a node is looked at: --set image.repository=…,image.digest=… or --values FILE. With
pods=kubelet or pods=api, --set serviceAccount.name=NAME names one that has the rights.

Exit codes: 0 every node's Job told its report, 2 some did not, which are named, 64 wrong usage.

Example:
  deploy/job.sh --all -- --set image.repository=registry.corp/tools/tagdrift,image.digest=sha256:…
HELP
}

reject() {
  printf 'job.sh: %s (see deploy/job.sh --help)\n' "$*" >&2
  exit 64
}

namespace=tagdrift
at_once=10
reports=''
all=no
nodes=()
helm_options=()

parse_arguments() {
  while [ $# -gt 0 ]; do
    case $1 in
      --all) all=yes ;;
      -n | --namespace | --at-once | --reports)
        [ -n "${2:-}" ] || reject "$1 needs a value"
        case $1 in
          --at-once) at_once=$2 ;;
          --reports) reports=$2 ;;
          *) namespace=$2 ;;
        esac
        shift
        ;;
      -h | --help)
        usage
        exit
        ;;
      --)
        shift
        helm_options=("$@")
        break
        ;;
      -*) reject "no option '$1'" ;;
      *) nodes+=("$1") ;;
    esac
    shift
  done
  [[ $at_once =~ ^[1-9][0-9]{0,2}$ ]] || reject "--at-once '$at_once' is no number from 1 to 999"
  if [ "$all" = yes ]; then
    [ "${#nodes[@]}" -eq 0 ] || reject "either --all or nodes by name"
  else
    [ "${#nodes[@]}" -gt 0 ] || reject "name nodes, or --all"
  fi
}

# The DaemonSet's nodes: Linux, and none that only pretends to be one.
real_nodes='kubernetes.io/os=linux,type!=virtual-kubelet,eks.amazonaws.com/compute-type!=fargate,liqo.io/type!=virtual-node'

ready_nodes() {
  kubectl get nodes --selector "$real_nodes" \
    --output 'jsonpath={range .items[*]}{.metadata.name}{" "}{.status.conditions[?(@.type=="Ready")].status}{"\n"}{end}' |
    awk '$2 == "True" { print $1 }'
}

# Waits for the Job's end, whichever it is. Its own deadline ends it.
await_end() {
  local condition
  for condition in complete failed; do
    kubectl --namespace "$namespace" wait "$1" --for "condition=$condition" --timeout 24h >/dev/null &
  done
  wait -n || wait -n || return # the other one goes on waiting for what does not come
  kill "$(jobs -rp)" 2>/dev/null || true
}

# Makes the node's Job, waits for its end and prints its report.
report_of() {
  local node=$1 job
  job=$(helm template tagdrift "$chart" --namespace "$namespace" --show-only templates/job.yaml "${helm_options[@]}" \
    --set "job.enabled=true,job.run=$run,logFormat=text,serviceAccount.create=false" --set-string "job.node=$node" |
    kubectl --namespace "$namespace" create --filename - --output name) || return
  await_end "$job" || return
  kubectl --namespace "$namespace" logs "$job"
}

# Keeps the node's report and prints its first line, without those of the log that went to the same place.
check() {
  local node=$1 headline
  local report=$reports/$node.txt
  if (report_of "$node") >"$report" 2>"$report.error" && headline=$(grep -m 1 -v '^tagdrift: ' "$report"); then
    rm "$report.error"
    printf '%s: %s\n' "$node" "$headline"
  else
    printf '%s: no report: %s\n' "$node" "$(cat "$report" "$report.error" | tail -n 1)"
  fi
}

main() {
  local node missing=()
  parse_arguments "$@"
  for node in helm kubectl; do
    command -v "$node" >/dev/null || reject "needs $node"
  done
  if [ "$all" = yes ]; then
    mapfile -t nodes < <(ready_nodes)
    [ "${#nodes[@]}" -gt 0 ] || reject "no Linux node is ready"
  fi
  if [ -z "$reports" ]; then
    reports=$(mktemp -d)
    trap 'rm -rf "$reports"' EXIT
  fi
  mkdir -p "$reports"
  run=$(date +%s)-$$
  for node in "${nodes[@]}"; do
    while [ "$(jobs -rp | wc -l)" -ge "$at_once" ]; do
      wait -n || true
    done
    check "$node" &
  done
  wait
  for node in "${nodes[@]}"; do
    [ ! -e "$reports/$node.txt.error" ] || missing+=("$node")
  done
  if [ "${#missing[@]}" -gt 0 ]; then
    printf 'job.sh: no report of %d of %d nodes: %s\n' "${#missing[@]}" "${#nodes[@]}" "${missing[*]}" >&2
    exit 2
  fi
}

main "$@"

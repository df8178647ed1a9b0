#!/usr/bin/env bash
# pid_one.sh TAGDRIFT: as the first process of a PID namespace it reaps orphans, hands on signals and ends with their exit code.
set -euo pipefail

tagdrift=$1
[ "$(id -u)" -eq 0 ] || {
  echo "needs root for a PID namespace"
  exit 77
}
work=$(mktemp -d)
trap 'kill -KILL "${outer:-}" 2>/dev/null || true; rm -rf "$work"' EXIT

fail() {
  echo "$*" >&2
  cat "$work/log" >&2
  exit 1
}

# await WORDS COMMAND…: until COMMAND succeeds, for a minute.
await() {
  local words=$1 end=$((SECONDS + 60))
  shift
  while [ "$SECONDS" -lt "$end" ]; do
    if "$@"; then return 0; fi
    sleep 0.01
  done
  fail "$words"
}

children_of() { cat "/proc/$1/task/$1/children" 2>/dev/null; }
is_serving() { [ -S "$work/run/reader.sock" ]; }
has_children() { [ "$(children_of "$first" | wc -w)" -eq "$1" ]; }

unshare --pid --fork --mount-proc --kill-child "$tagdrift" serve --runtime-endpoint "unix://$work/none.sock" --socket-dir "$work/run" \
  --metrics off --health off >"$work/log" 2>&1 &
outer=$!
await "it does not serve" is_serving
first=$(children_of "$outer")
first=${first%% *}
[ "$(readlink "/proc/$first/exe")" = "$(readlink -f "$tagdrift")" ] || fail "process 1 is something else"

# An orphan: its parent ends at once, and it a little later.
# shellcheck disable=SC2016  # the inner shell expands it
nsenter --target "$first" --pid sh -c '(read -r _ <"$0") & exit 0' "$(mkfifo "$work/fifo" && echo "$work/fifo")"
await "the orphan did not come to process 1" has_children 2
echo >"$work/fifo"
await "the orphan was not reaped" has_children 1

kill -TERM "$first"
code=0
wait "$outer" || code=$?
[ "$code" -eq 0 ] || fail "SIGTERM ended it with $code"

code=0
unshare --pid --fork --mount-proc "$tagdrift" check --runtime-endpoint "unix://$work/none.sock" >"$work/log" 2>&1 || code=$?
[ "$code" -eq 2 ] || fail "check ended with $code instead of 2"

#!/bin/sh
# Builds the fuzz targets and runs each for some seconds: tests/fuzz/run.sh [SECONDS] [BUILD_FOLDER]
set -eu
seconds=${1:-20}
here=$(cd "$(dirname "$0")" && pwd)
build=${2:-${TMPDIR:-/tmp}/tagdrift-fuzz}
if ! command -v clang++ >/dev/null; then
  echo "fuzz: skipped, clang++ is not installed"
  exit 0
fi
cmake -S "$here" -B "$build" -G Ninja -DCMAKE_CXX_COMPILER=clang++ >/dev/null
nice ninja -C "$build" >/dev/null
for target in config_toml hosts_toml recording reference; do
  mkdir -p "$build/corpus/$target" "$build/crashes"
  echo "fuzz: $target for $seconds s"
  "$build/${target}_fuzz" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=65536 -verbosity=0 \
    -print_final_stats=0 -artifact_prefix="$build/crashes/$target-" "$build/corpus/$target" "$here/corpus/$target"
done
echo "fuzz: no failure"

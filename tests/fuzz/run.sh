#!/bin/sh
# run.sh [SECONDS]: builds the fuzz targets with the sanitizers and runs each for so long, by default for 60 seconds.
set -eu
cd "$(dirname "$0")/../.."
cmake --preset asan >/dev/null
cmake --build --preset asan --target fuzz_targets
for target in config_toml hosts_toml recording reference; do
  echo "fuzz: $target for ${1:-60} s"
  tests/fuzz/target.sh "$target" "${1:-60}" build/asan/tests/fuzz
done
echo "fuzz: no failure"

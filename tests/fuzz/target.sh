#!/bin/sh
# target.sh TARGET SECONDS FOLDER: fuzzes with the target that was built in the folder.
set -eu
corpus=$(dirname "$0")/corpus/$1
mkdir -p "$3/corpus/$1" "$3/crashes"
exec "$3/$1_fuzz" -max_total_time="$2" -timeout=60 -rss_limit_mb=2048 -max_len=65536 -verbosity=0 -print_final_stats=0 \
  -artifact_prefix="$3/crashes/$1-" "$3/corpus/$1" "$corpus"

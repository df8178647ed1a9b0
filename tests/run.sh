#!/usr/bin/env bash
# tests/run.sh [--quick|--tidy] [CTEST-OPTION…]: builds everything and runs every test, on a bare Debian 12 as root. A second run
# builds only what changed. --quick leaves the sanitizers out, --tidy runs clang-tidy too. All else goes to ctest:
# `tests/run.sh --quick -R lab.check`.
#
# Tests of the presets release, asan and tsan end in one ctest summary; their names begin with the preset's.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"

say() { printf '\n== %s\n' "$*"; }

# section TITLE COMMAND…: runs it and says how long it took.
section() {
  local title=$1 started=$SECONDS
  shift
  say "$title"
  "$@"
  printf -- '-- %s: %d s\n' "$title" $((SECONDS - started))
}

check_format() {
  local unformatted
  # shellcheck disable=SC2016  # expanded by the inner shell
  unformatted=$(git ls-files -z '*.h' '*.cc' | xargs -0 -P "$(nproc)" -n 1 sh -c \
    'clang-format --dry-run -Werror "$0" >/dev/null 2>&1 || echo "$0"')
  [ -z "$unformatted" ] || {
    printf 'not formatted (clang-format -i FILE…):\n%s\n' "$unformatted" >&2
    return 1
  }
}

check_tidy() {
  run-clang-tidy -quiet -p build/release "^$root/src/" >build/clang-tidy.log 2>/dev/null || {
    grep -E 'warning:|error:' build/clang-tidy.log >&2 || tail -n 20 build/clang-tidy.log >&2
    return 1
  }
}

configure() {
  cmake --preset "$1" >build/configure-"$1".log 2>&1 || {
    tail -n 40 build/configure-"$1".log >&2
    return 1
  }
}

build() {
  configure "$1"
  cmake --build --preset "$1"
}

# Under tsan only what has threads of its own is worth the time: the tests labelled so.
build_thread_tests() {
  local targets
  configure tsan
  mapfile -t targets < <(awk '/^build / { target = $2; sub(/:$/, "", target) }
    /POST_BUILD = .*LABELS;[^"]*threads/ { print target }' build/tsan/build.ninja)
  if [ "${#targets[@]}" -eq 0 ]; then
    echo "no test is labelled 'threads': nothing would run under tsan" >&2
    return 1
  fi
  cmake --build build/tsan --target "${targets[@]}"
}

# One ctest project over the given presets' build trees.
join_tests() {
  mkdir -p build/all
  cat >build/all/CTestTestfile.cmake <<'CMAKE'
function(add_test name)
  if(preset STREQUAL "tsan")
    set(pending ${ARGN} PARENT_SCOPE) # added once its labels are known
  else()
    _add_test("${preset}.${name}" ${ARGN})
  endif()
endfunction()
function(set_tests_properties name)
  if(preset STREQUAL "tsan")
    if(NOT ";${ARGN};" MATCHES ";LABELS;threads;")
      return()
    endif()
    _add_test("${preset}.${name}" ${pending})
  endif()
  _set_tests_properties("${preset}.${name}" ${ARGN})
endfunction()
macro(subdirs)
  foreach(directory ${ARGN})
    include("${CMAKE_CURRENT_LIST_DIR}/${directory}/CTestTestfile.cmake" OPTIONAL)
  endforeach()
endmacro()
CMAKE
  local preset
  for preset in "$@"; do
    printf 'set(preset %s)\ninclude("%s/build/%s/CTestTestfile.cmake")\n' "$preset" "$root" "$preset"
  done >>build/all/CTestTestfile.cmake
}

run_tests() {
  export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1}
  export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}
  export TSAN_OPTIONS=${TSAN_OPTIONS:-ignore_noninstrumented_modules=1}
  ctest --test-dir build/all --output-on-failure --no-tests=error -j "$(nproc)" "$@"
}

main() {
  local presets=(tsan asan release)
  local tidy=no
  if [ "${1:-}" = --quick ]; then
    presets=(release)
    shift
  elif [ "${1:-}" = --tidy ]; then
    tidy=yes
    shift
  fi
  echo "tests/run.sh: builds and tests tagdrift under build/. Missing Debian packages for the build are installed; containerd, runc"
  echo "and the registries of the lab are only unpacked, into build/lab/. No service of this machine is touched."
  mkdir -p build
  section "packages and lab" deploy/provision.sh
  section "format" check_format
  section "build release" build release
  if [ "${#presets[@]}" -gt 1 ]; then
    section "build asan" build asan
    section "build tsan" build_thread_tests
    if [ -x tests/fuzz/run.sh ]; then
      section "fuzz" tests/fuzz/run.sh 10 "$root/build/fuzz"
    fi
  fi
  if [ "$tidy" = yes ]; then
    section "clang-tidy" check_tidy
  fi
  join_tests "${presets[@]}"
  printf '\n-- everything before the tests: %d s\n' "$SECONDS"
  say "tests"
  run_tests "$@"
}

main "$@"

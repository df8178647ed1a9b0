#!/usr/bin/env bash
# tests/run.sh [--quick|--tidy] [CTEST-OPTION…]: builds everything and runs every test, on a bare Debian 12 as root. A second run
# builds only what changed. --quick leaves the sanitizers out, --tidy has clang-tidy read every source rather than what changed since
# $TAGDRIFT_TIDY_SINCE (HEAD~1). All else goes to ctest: `tests/run.sh --quick -R lab.check`.
#
# Tests of the presets release, asan and tsan end in one ctest summary; their names begin with the preset's. Unit tests are built once, by
# asan, but for those that stop the program at each of its calls; --quick has release build them.
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

check_format() { git ls-files -z '*.h' '*.cc' | xargs -0 -P "$(nproc)" -n 30 clang-format --dry-run -Werror; }

check_scripts() { git ls-files -z '*.sh' .ci/run deploy/kubectl-tagdrift | xargs -0 shellcheck --external-sources; }

# check_tidy [SOURCE…]: source by source, without precompiled headers, so that an include that is missing is seen. Nothing is compiled.
check_tidy() {
  [ $# -gt 0 ] || return 0
  cmake --preset release -B build/tidy -DTAGDRIFT_UNITY=OFF -DCMAKE_DISABLE_PRECOMPILE_HEADERS=ON -DTAGDRIFT_TESTS=OFF \
    -DTAGDRIFT_LAB=OFF -DTAGDRIFT_BENCH=OFF >build/configure-tidy.log
  ninja -C build/tidy -t targets all | sed -n 's/^\(.*\.pb\.h\): .*/\1/p' | xargs ninja -C build/tidy >/dev/null
  printf '%s\0' "$@" | xargs -0 -P "$(nproc)" -n 4 clang-tidy --quiet -p build/tidy >build/clang-tidy.log 2>&1 || {
    grep -E 'warning:|error:' build/clang-tidy.log >&2 || tail -n 20 build/clang-tidy.log >&2
    return 1
  }
}

# The sources that clang-tidy reads: those that changed since a revision, or with 'all' every one.
sources_to_tidy() {
  if [ "$1" = all ]; then
    git ls-files 'src/*.cc'
  elif git rev-parse --quiet --verify "$1^{commit}" >/dev/null; then
    git diff --name-only --diff-filter=d "$1" -- 'src/*.cc'
  else
    echo "clang-tidy reads nothing: there is no revision $1 here" >&2
  fi
}

# build PRESET [BUILD-PRESET]: builds what the build preset, by default that of the same name, says.
build() {
  cmake --preset "$1" >build/configure-"$1".log 2>&1 || {
    tail -n 40 build/configure-"$1".log >&2
    return 1
  }
  cmake --build --preset "${2:-$1}"
}

# join PRESET TREE KEEP DROP [PROGRAM]: adds the tests of a build tree to the joined ctest project, those whose label matches KEEP and not
# DROP. PROGRAM is what the lab's tests run instead of their own build's.
join() {
  [ -e "$2/CTestTestfile.cmake" ] || {
    echo "$2 has no tests" >&2
    return 1
  }
  printf 'set(preset "%s")\nset(keep "%s")\nset(drop "%s")\nset(program "%s")\ninclude("%s/CTestTestfile.cmake")\n' \
    "$1" "$3" "$4" "${5:-}" "$2" >>build/all/CTestTestfile.cmake
}

# One ctest project over the build trees of the given presets. The lab is built once, by release; with the newest containerd it runs
# asan's program, with the others release's.
join_tests() {
  local preset
  mkdir -p build/all
  cat >build/all/CTestTestfile.cmake <<'CMAKE'
function(add_test name)
  if(keep OR drop)
    set(pending ${ARGN} PARENT_SCOPE) # added once its label is known
  else()
    _add_test("${preset}.${name}" ${ARGN})
  endif()
endfunction()
function(set_tests_properties name)
  set(properties "") # one by one, since values are lists
  foreach(index RANGE 1 ${ARGC})
    if(index LESS ARGC)
      string(APPEND properties " [==[${ARGV${index}}]==]")
    endif()
  endforeach()
  if(keep OR drop)
    string(REGEX MATCH "\\[==\\[LABELS\\]==\\] \\[==\\[([^]]*)" label "${properties}")
    set(label "${CMAKE_MATCH_1}")
    if((keep AND NOT label MATCHES "${keep}") OR (drop AND label MATCHES "${drop}"))
      return()
    endif()
    _add_test("${preset}.${name}" ${pending})
  endif()
  cmake_language(EVAL CODE "_set_tests_properties([==[${preset}.${name}]==] ${properties})")
  if(program)
    _set_tests_properties("${preset}.${name}" PROPERTIES ENVIRONMENT_MODIFICATION "TAGDRIFT_BINARY=set:${program}")
  endif()
endfunction()
macro(subdirs)
  foreach(directory ${ARGN})
    include("${CMAKE_CURRENT_LIST_DIR}/${directory}/CTestTestfile.cmake" OPTIONAL) # a folder without tests has none
  endforeach()
endmacro()
CMAKE
  for preset in "$@"; do
    case $preset in
      release) join release "$root/build/release" '' '' ;;
      release-programs) join release "$root/build/release" '(^|;)(lab|lab-.*|bench|program)(;|$)' '(^|;)newest$' ;;
      asan)
        join asan "$root/build/asan" '' '(^|;)(lab|lab-self|one-program)(;|$)'
        join asan "$root/build/release/tests/lab" '(^|;)newest$' '' "$root/build/asan/tagdrift"
        ;;
      tsan) join tsan "$root/build/tsan" '^threads$' '' ;;
    esac
  done
}

run_tests() {
  export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1}
  export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}
  export TSAN_OPTIONS=${TSAN_OPTIONS:-ignore_noninstrumented_modules=1 suppressions=$root/tests/tsan.supp}
  # Two at a time for each processor: the lab's tests wait most of their time for containerd.
  ctest --test-dir build/all --output-on-failure --no-tests=error -j $((2 * $(nproc))) "$@"
}

main() {
  local presets=(tsan asan release-programs)
  local tidy=${TAGDRIFT_TIDY_SINCE:-HEAD~1}
  if [ "${1:-}" = --quick ]; then
    presets=(release)
    shift
  elif [ "${1:-}" = --tidy ]; then
    tidy=all
    shift
  fi
  echo "tests/run.sh: builds and tests tagdrift under build/. Missing Debian packages for the build are installed; containerd, runc,"
  echo "kubectl, helm, promtool, the lab's registries and packages of npm's are only unpacked, into build/lab/. No service of this machine"
  echo "is touched."
  mkdir -p build
  section "packages and lab" deploy/provision.sh
  section "format" check_format
  section "scripts" check_scripts
  section "build release" build release "${presets[-1]}"
  if [ "${#presets[@]}" -gt 1 ]; then
    section "build asan" build asan
    section "build tsan" build tsan
    local sources
    mapfile -t sources < <(sources_to_tidy "$tidy" | grep -v '/precompiled\.cc$')
    section "clang-tidy on ${#sources[@]} sources" check_tidy "${sources[@]}"
  fi
  join_tests "${presets[@]}"
  printf '\n-- everything before the tests: %d s\n' "$SECONDS"
  say "tests"
  run_tests "$@"
}

main "$@"

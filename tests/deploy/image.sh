#!/usr/bin/env bash
# tests/deploy/image.sh [--arch ARCH] [--program FILE]: builds the Dockerfile, without a Docker engine, prints the image's size and layers,
# and runs it in the lab as the chart's pods would be, on each containerd (tests/deploy/image.test.js). Not in tests/run.sh: it compiles
# everything, which takes ten minutes of CPU. With --program that one step is left out, and FILE, built on Debian 12, takes the place of
# what it makes. With --arch, amd64 or arm64, it builds the image for that architecture; of one that is not this machine's only
# `tagdrift version` is run, by qemu-user-static. Needs root, buildah and debootstrap; all it makes is below build/image.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
work=$root/build/image
base=docker.io/library/debian:bookworm-slim
image=localhost/tagdrift:test

# shellcheck source=tests/deploy/bookworm.sh
. "$root/tests/deploy/bookworm.sh"

fail() {
  printf 'image.sh: %s\n' "$*" >&2
  exit 1
}

in_store() {
  local command=$1
  shift
  BUILDAH_ISOLATION=chroot STORAGE_DRIVER=vfs buildah --root "$work/storage" --runroot "$work/run" "$command" "$@"
}

# A bare Debian in place of the image that a registry would give.
make_base() {
  local container
  in_store inspect --type image "$base" >/dev/null 2>&1 && return
  bootstrap "$work/debian"
  container=$(in_store from scratch)
  in_store copy --quiet "$container" "$work/debian" / >/dev/null
  in_store commit --quiet --rm --signature-policy "$work/policy.json" "$container" "$base" >/dev/null
}

# What a `docker build .` would send, and in place of the compilation a program that there is.
make_context() {
  local program=$1
  rm -rf "$work/context"
  mkdir -p "$work/context"
  git -C "$root" ls-files -z | tar --create --directory "$root" --null --files-from - | tar --extract --directory "$work/context"
  [ -n "$program" ] || return 0
  install -D "$program" "$work/context/built/tagdrift"
  sed -i -e '/^RUN cmake /,/--target tagdrift$/c COPY built/tagdrift /src/build/release/tagdrift' "$work/context/Dockerfile"
  grep -q '^COPY built/tagdrift ' "$work/context/Dockerfile" || fail "the Dockerfile's compilation is not where it was"
}

# shellcheck disable=SC2016  # the templates are buildah's
show() {
  in_store images --format '{{.Name}}: {{.Size}}' "$image"
  in_store inspect --type image --format '{{range .OCIv1.History}}{{.CreatedBy}}{{"\n"}}{{end}}' "$image" | cut -c 1-120
  in_store inspect --type image --format '{{range $label, $value := .OCIv1.Config.Labels}}{{$label}}={{$value}}{{"\n"}}{{end}}' "$image"
}

# qemu's program for an architecture of Debian's.
emulator() {
  case $1 in
    amd64) echo qemu-x86_64-static ;;
    arm64) echo qemu-aarch64-static ;;
    *) fail "--arch needs amd64 or arm64" ;;
  esac
}

# An image that says what it is for, and whose program starts there with nothing but what is in the image.
run_foreign() {
  local arch=$1 says container mounted
  says=$(in_store inspect --type image --format '{{.OCIv1.Architecture}}' "$image")
  [ "$says" = "$arch" ] || fail "the image is for $says, not $arch"
  container=$(in_store from --pull-never --arch "$arch" --signature-policy "$work/policy.json" "$image")
  mounted=$(in_store mount "$container")
  "$(emulator "$arch")" -L "$mounted" "$mounted/usr/local/bin/tagdrift" version || fail "the image's program does not run on $arch"
  in_store rm "$container" >/dev/null
}

run_in_lab() {
  local version
  rm -rf "$work/oci"
  in_store push --quiet --signature-policy "$work/policy.json" "$image" "oci:$work/oci:test"
  for version in 1.6 1.7 2; do
    TAGDRIFT_IMAGE=$work/oci TAGDRIFT_LAB_CONTAINERD=$version "$root/tests/lab/sandbox.sh" "$root/tests/deploy/run.sh" image
  done
}

main() {
  local own arch platform=() program='' revision tool version
  local tools=(buildah debootstrap)
  own=$(dpkg --print-architecture)
  arch=$own
  while [ $# -gt 0 ]; do
    case $1 in
      --arch)
        [ -n "${2:-}" ] || fail "--arch needs amd64 or arm64"
        arch=$2
        platform=(--platform "linux/$arch")
        ;;
      --program)
        [ -x "${2:-}" ] || fail "--program needs a program"
        program=$(realpath "$2")
        ;;
      *) fail "usage: image.sh [--arch ARCH] [--program FILE]" ;;
    esac
    shift 2
  done
  if [ "$arch" != "$own" ]; then
    tools+=("$(emulator "$arch")")
  fi
  [ "$(id -u)" -eq 0 ] || fail "needs root"
  for tool in "${tools[@]}"; do
    command -v "$tool" >/dev/null || fail "needs $tool: apt-get install --no-install-recommends buildah debootstrap qemu-user-static"
  done
  mkdir -p "$work"
  echo '{"default": [{"type": "insecureAcceptAnything"}]}' >"$work/policy.json"
  make_base
  make_context "$program"
  revision=$(git -C "$root" rev-parse HEAD)
  version=$(sed -n 's/^appVersion: //p' "$root/deploy/tagdrift/Chart.yaml")
  in_store build --signature-policy "$work/policy.json" --pull-never --format oci "${platform[@]}" --build-arg "BUILDPLATFORM=linux/$own" \
    --build-arg "VERSION=$version" --build-arg "REVISION=$revision" --tag "$image" "$work/context" >"$work/build.log" 2>&1 || {
    tail -n 30 "$work/build.log" >&2
    fail "building failed, see $work/build.log"
  }
  show
  if [ "$arch" = "$own" ]; then
    run_in_lab
  else
    run_foreign "$arch"
  fi
}

main "$@"

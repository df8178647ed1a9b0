#!/usr/bin/env bash
# tests/deploy/walk.sh: README's way to the first report, walked on a fresh machine. Makes a bare Debian 12 with a clone of this checkout
# and a containerd that has one stale tag, pastes the commands of README's block "On a real node" there, and prints the time of each and of
# all together. Not in tests/run.sh: it compiles the program. Needs root, debootstrap and what deploy/provision.sh unpacks; asks the
# network for Debian's packages only, and 127.0.0.2:5000 has to be free. What it makes is below build/walk and goes with its end.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
work=$root/build/walk
machine=$work/debian
checkout=/root/tagdrift
reference=registry.corp:5000/shop/app:latest
registry=http://127.0.0.2:5000

# shellcheck source=tests/deploy/bookworm.sh
. "$root/tests/deploy/bookworm.sh"
# shellcheck source=tests/lab/needs.sh
. "$root/tests/lab/needs.sh"

fail() {
  printf 'walk.sh: %s\n' "$*" >&2
  exit 1
}

# Runs a program on the machine, with the environment of a login that has the network of this one.
on_machine() {
  local variable environment=(HOME=/root LANG=C.UTF-8 PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin)
  for variable in http_proxy https_proxy no_proxy; do
    [ -z "${!variable:-}" ] || environment+=("$variable=${!variable}")
  done
  chroot "$machine" env -i "--chdir=$checkout" "${environment[@]}" "$@"
}

await() {
  local what=$1 tries
  shift
  for ((tries = 0; tries < 300; ++tries)); do
    "$@" >/dev/null 2>&1 && return
    sleep 0.1
  done
  fail "$what does not answer: $(tail -n 5 "$work"/*.log)"
}

ask_registry() { curl --silent --show-error --fail --noproxy '*' "$@"; }

# upload FILE: as a blob, whose digest is printed.
upload() {
  local digest location
  digest=sha256:$(sha256sum "$1" | cut -d ' ' -f 1)
  location=$(ask_registry --request POST --write-out '%header{location}' "$registry/v2/shop/app/blobs/uploads/")
  ask_registry --request PUT --header 'Content-Type: application/octet-stream' --data-binary "@$1" "$location&digest=$digest"
  printf '%s\n' "$digest"
}

# push TEXT CREATED: an image with a file of that text, under the tag.
push() {
  local type=application/vnd.oci.image layer config
  printf '%s\n' "$1" >"$work/version"
  tar --create --file "$work/layer" --directory "$work" version
  layer=$(upload "$work/layer")
  printf '{"architecture":"%s","os":"linux","created":"%s","config":{},"rootfs":{"type":"layers","diff_ids":["%s"]}}' \
    "$(dpkg --print-architecture)" "$2" "$layer" >"$work/config"
  config=$(upload "$work/config")
  printf '{"schemaVersion":2,"mediaType":"%s","config":{"mediaType":"%s","digest":"%s","size":%d},"layers":[%s]}' \
    "$type.manifest.v1+json" "$type.config.v1+json" "$config" "$(stat --format %s "$work/config")" \
    "{\"mediaType\":\"$type.layer.v1.tar\",\"digest\":\"$layer\",\"size\":$(stat --format %s "$work/layer")}" >"$work/manifest"
  ask_registry --request PUT --header "Content-Type: $type.manifest.v1+json" --data-binary "@$work/manifest" \
    "$registry/v2/shop/app/manifests/latest"
}

put() {
  mkdir -p "$(dirname "$machine/$1")"
  cat >"$machine/$1"
}

# A node with one tag, which has moved since it was pulled.
make_node() {
  local part ctr=(/srv/containerd/ctr --namespace k8s.io)
  for part in dev proc sys; do mount --rbind "/$part" "$machine/$part"; done
  mkdir "$machine/srv/containerd" "$machine/srv/registry"
  mount --bind "$lab/containerd-1.6/usr/bin" "$machine/srv/containerd"
  mount --bind "$lab/registry/usr/bin" "$machine/srv/registry"
  cp --dereference --remove-destination /etc/resolv.conf "$machine/etc/resolv.conf"
  printf '127.0.0.1 localhost\n127.0.0.2 registry.corp\n' | put etc/hosts
  printf 'version = 2\n[plugins."io.containerd.grpc.v1.cri".registry]\nconfig_path = "/etc/containerd/certs.d"\n' |
    put etc/containerd/config.toml
  # Without a [host] table this version ignores the file.
  printf 'server = "%s"\n[host."%s"]\n' http://registry.corp:5000 http://registry.corp:5000 |
    put etc/containerd/certs.d/registry.corp:5000/hosts.toml
  printf 'version: 0.1\nstorage: {filesystem: {rootdirectory: /srv/images}}\nhttp: {addr: "registry.corp:5000", secret: walk}\n' |
    put srv/registry.yml
  on_machine env OTEL_TRACES_EXPORTER=none /srv/registry/docker-registry serve /srv/registry.yml >"$work/registry.log" 2>&1 &
  on_machine env --unset=http_proxy --unset=https_proxy --unset=no_proxy /srv/containerd/containerd >"$work/containerd.log" 2>&1 &
  await "the registry" ask_registry "$registry/v2/"
  await containerd on_machine "${ctr[@]}" version
  push 'version 1' 2024-01-10T09:00:00Z
  on_machine "${ctr[@]}" images pull --hosts-dir /etc/containerd/certs.d "$reference" >"$work/pull.log" 2>&1 ||
    fail "the tag cannot be pulled: $(tail -n 5 "$work/pull.log")"
  push 'version 2' 2024-02-10T09:00:00Z
}

# The lines of the first shell block after README's "On a real node".
commands_of_readme() {
  awk '/^On a real node/ { found = 1 } inside && /^```$/ { exit } inside { print } found && /^```sh$/ { inside = 1 }' \
    "$machine$checkout/README.md"
}

# took SINCE: the seconds since then.
took() {
  local tenths=$(((${EPOCHREALTIME/[.,]/} - $1) / 100000))
  printf '%d.%d s' $((tenths / 10)) $((tenths % 10))
}

# The last command is the report, which finds the stale tag: 1.
walk() {
  local commands command code since last began=${EPOCHREALTIME/[.,]/}
  mapfile -t commands < <(commands_of_readme)
  [ "${#commands[@]}" -ge 2 ] || fail "README's block 'On a real node' is not where it was"
  last=${commands[-1]}
  for command in "${commands[@]}"; do
    printf '$ %s\n' "$command"
    since=${EPOCHREALTIME/[.,]/} code=0
    on_machine bash -c "$command" >"$work/output.log" 2>&1 || code=$?
    [ "$command" != "$last" ] || cat "$work/output.log"
    printf -- '-- %s, exit code %d\n' "$(took "$since")" "$code"
    [ "$command" = "$last" ] || [ "$code" -eq 0 ] || fail "$(tail -n 20 "$work/output.log")"
  done
  printf -- '-- to the first report: %s, on %d processors\n' "$(took "$began")" "$(nproc)"
  [ "$code" -eq 1 ] || fail "a stale tag has to give exit code 1"
  grep -q '^1 of 1 tag is stale' "$work/output.log" || fail "the report does not name the stale tag"
}

inside() {
  make_node
  walk
}

outside() {
  [ "$(id -u)" -eq 0 ] || fail "needs root"
  command -v debootstrap >/dev/null || fail "needs debootstrap: apt-get install --no-install-recommends debootstrap"
  need containerd-1.6/usr registry/usr
  trap 'rm -rf --one-file-system "$work"' EXIT
  mkdir -p "$work"
  bootstrap "$machine"
  git clone --quiet --no-hardlinks "$root" "$machine$checkout"
  # With process 1 of the namespace ends whatever was started in it, and what was mounted.
  unshare --mount --pid --fork --kill-child --mount-proc "${BASH_SOURCE[0]}" --inside
}

if [ "${1:-}" = --inside ]; then
  inside
else
  outside
fi

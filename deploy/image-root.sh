#!/usr/bin/env bash
# deploy/image-root.sh PROGRAM DIR: makes DIR the root of an image: PROGRAM without its symbols, the shared objects it needs, and the CA
# bundle. Run on the Debian that PROGRAM was built on, if for another architecture with that one's packages installed.
# DIR/var/lib/dpkg/status.d tells scanners which packages these files are of.
set -euo pipefail

if [ $# -ne 2 ] || [ ! -x "$1" ]; then
  echo "usage: image-root.sh PROGRAM DIR" >&2
  exit 64
fi
program=$1
root=$2
bundle=/etc/ssl/certs/ca-certificates.crt

fail() {
  printf 'image-root.sh: %s\n' "$*" >&2
  exit 1
}

# The program's architecture, as its tools and the directory of its libraries are named.
architecture() {
  local machine
  machine=$(LC_ALL=C readelf --file-header "$program" | sed -n 's/^ *Machine: *//p')
  case $machine in
    *X86-64) echo x86_64-linux-gnu ;;
    AArch64) echo aarch64-linux-gnu ;;
    *) fail "$program is for '$machine'" ;;
  esac
}

# Loader and libraries, with the names that the program asks for. ldd would have to run it.
shared_objects() {
  local loader name path paths=("$program")
  local -A found
  loader=$(LC_ALL=C readelf --wide --program-headers "$program" | sed -n 's/.*program interpreter: \(.*\)\]$/\1/p')
  [ -n "$loader" ] || fail "$program has no loader"
  found[${loader##*/}]=$loader
  while [ "${#paths[@]}" -gt 0 ]; do
    for name in $(LC_ALL=C readelf --wide --dynamic "${paths[@]}" | sed -n 's/.*(NEEDED).*\[\(.*\)\]$/\1/p'); do
      [ -n "${found[$name]:-}" ] || found[$name]=
    done
    paths=()
    for name in "${!found[@]}"; do
      [ -z "${found[$name]}" ] || continue
      path=/lib/$target/$name
      [ -e "$path" ] || fail "$program needs $path"
      found[$name]=$path
      paths+=("$path")
    done
  done
  printf '%s\n' "${found[@]}"
}

# The packages of files, one for each. dpkg knows a library by the name below /usr or the one without, according to its age.
packages_of() {
  local file names=()
  for file in "$@"; do
    file=$(readlink -f "$file")
    names+=("$file" "${file#/usr}")
  done
  { dpkg-query --search "${names[@]}" 2>/dev/null || true; } | sed 's/: .*//'
}

target=$(architecture)
install -D --mode 0755 --strip --strip-program "$target-strip" "$program" "$root/usr/local/bin/tagdrift"
mkdir -p "$root/var/lib/dpkg/status.d" "$root/etc/ssl/certs"
cp "$bundle" "$root$bundle"
list=$(shared_objects)
mapfile -t objects <<<"$list"
for object in "${objects[@]}"; do
  install -D --mode 0755 "$object" "$root$object"
done
mapfile -t packages < <(packages_of "${objects[@]}")
[ "${#packages[@]}" -eq "${#objects[@]}" ] || fail "${#objects[@]} shared objects of $program are of ${#packages[@]} packages"
for package in $(printf '%s\n' ca-certificates "${packages[@]}" | sort -u); do
  dpkg-query --status "$package" >"$root/var/lib/dpkg/status.d/${package%:*}"
  install -D --mode 0644 "/usr/share/doc/${package%:*}/copyright" "$root/usr/share/doc/${package%:*}/copyright"
done
cp /etc/os-release "$root/etc/os-release"

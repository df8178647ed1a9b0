#!/usr/bin/env bash
# deploy/image-root.sh PROGRAM DIR: makes DIR the root of an image: PROGRAM without its symbols, the shared objects it needs, and the CA
# bundle. Run on the Debian that PROGRAM was built on. DIR/var/lib/dpkg/status.d tells scanners which packages these files are of.
set -euo pipefail

if [ $# -ne 2 ] || [ ! -x "$1" ]; then
  echo "usage: image-root.sh PROGRAM DIR" >&2
  exit 64
fi
program=$1
root=$2
bundle=/etc/ssl/certs/ca-certificates.crt

# Loader and libraries, with the names that the program asks for.
shared_objects() { ldd "$program" | awk '$2 == "=>" { print $3 } $1 ~ "^/" { print $1 }'; }

# The packages of files, one for each. dpkg knows a library by the name below /usr or the one without, according to its age.
packages_of() {
  local file names=()
  for file in "$@"; do
    file=$(readlink -f "$file")
    names+=("$file" "${file#/usr}")
  done
  { dpkg-query --search "${names[@]}" 2>/dev/null || true; } | sed 's/:.*//'
}

install -D --mode 0755 --strip "$program" "$root/usr/local/bin/tagdrift"
mkdir -p "$root/var/lib/dpkg/status.d" "$root/etc/ssl/certs"
cp "$bundle" "$root$bundle"
mapfile -t objects < <(shared_objects)
for object in "${objects[@]}"; do
  install -D --mode 0755 "$object" "$root$object"
done
mapfile -t packages < <(packages_of "${objects[@]}")
if [ "${#objects[@]}" -eq 0 ] || [ "${#packages[@]}" -ne "${#objects[@]}" ]; then
  echo "image-root.sh: ${#objects[@]} shared objects of $program are of ${#packages[@]} packages" >&2
  exit 1
fi
for package in $(printf '%s\n' ca-certificates "${packages[@]}" | sort -u); do
  dpkg-query --status "$package" >"$root/var/lib/dpkg/status.d/$package"
  install -D --mode 0644 "/usr/share/doc/$package/copyright" "$root/usr/share/doc/$package/copyright"
done
cp /etc/os-release "$root/etc/os-release"

# shellcheck shell=bash
# To be sourced by what needs a bare Debian 12.

# bootstrap FOLDER: makes one there by Debian's own bootstrap, unless that was done before. Its log is FOLDER.log.
bootstrap() {
  [ ! -e "$1.done" ] || return 0
  rm -rf --one-file-system "$1"
  debootstrap --variant=minbase bookworm "$1" >"$1.log" || {
    tail -n 5 "$1.log" >&2
    return 1
  }
  touch "$1.done"
}

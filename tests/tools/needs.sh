#!/usr/bin/env bash
# Checks for programs that the tests need and that only root can install. Prints nothing if all are
# there, else one line on stderr with the command to run. `needs.sh --packages` prints only the
# missing Debian packages, for .ci/run.
set -euo pipefail

has() { type -P "$1" >/dev/null; }
missing=()
want() { case " ${missing[*]:-} " in *" $1 "*) ;; *) missing+=("$1") ;; esac }

has git || want git
has cc || want gcc
has flock || want util-linux
if ! has node; then want nodejs; fi
if ! has npm; then want npm; fi
if [[ -n ${CHROMIUM:-} ]]; then
  has "$CHROMIUM" || { printf "needs.sh: CHROMIUM is set to '%s', which is not an executable file\n" "$CHROMIUM" >&2; exit 1; }
elif ! has chromium && ! has /usr/bin/chromium; then
  want chromium
  want fonts-liberation
fi
# zbarimg reads QRIS codes independently of this program. openssl makes the certificates of the
# tests' mail servers, which are written in Python.
has zbarimg || want zbar-tools
has openssl || want openssl
has python3 || want python3
python3 -m pip --version >/dev/null 2>&1 || want python3-pip
# Without an installed mongod the tests use one from a Python wheel, which needs libcurl.
if [[ -z ${MONGOD:-} ]] && ! has mongod; then
  libraries=$(ldconfig -p 2>/dev/null || /sbin/ldconfig -p 2>/dev/null || true)
  [[ $libraries == *libcurl.so.4* ]] || want libcurl4
fi

if [[ ${1:-} == --packages ]]; then
  printf '%s\n' "${missing[*]:-}"
  exit 0
fi
if ! has cargo; then
  printf 'needs.sh: cargo is missing: install Rust (the version is in Cargo.toml, rust-version)\n' >&2
  exit 1
fi
if ((${#missing[@]})); then
  printf 'The tests need what only root can install: apt-get install %s\n' "${missing[*]}" >&2
  exit 1
fi

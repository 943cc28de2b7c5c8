#!/usr/bin/env bash
# Installs the Python packages of python.txt into a cache folder outside the work tree (JATAH_CACHE,
# by default ~/.cache/jatah; one folder for each list). The script prints only the path of the
# folder to stdout, for PYTHONPATH.
set -euo pipefail

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)
list=$here/python.txt

fail() { printf 'python.sh: %s\n' "$*" >&2; exit 1; }

python3 -m pip --version >/dev/null 2>&1 || fail 'python3 with pip is needed (apt-get install python3-pip)'

cache=${JATAH_CACHE:-${XDG_CACHE_HOME:-${HOME:?HOME, XDG_CACHE_HOME or JATAH_CACHE must be set}/.cache}/jatah}
mkdir -p -- "$cache" 2>/dev/null || fail "cannot create the cache folder '$cache'"
cache=$(realpath -- "$cache")
target=$cache/python-$(sha256sum <"$list" | cut -c1-16)

# Only one process installs at a time. Another one waits here and then finds the result.
exec 9>"$cache/python.lock" || fail "cannot write into the cache folder '$cache'"
flock 9
rm -rf -- "$cache"/python.?????? # left by a process that was killed

# The folder gets its name only when the installation is complete.
if [[ ! -d $target ]]; then
  work=$(mktemp -d -- "$cache/python.XXXXXX")
  trap 'rm -rf -- "$work"' EXIT
  printf 'python.sh: installing the Python packages into %s\n' "$cache" >&2
  python3 -m pip install --quiet --disable-pip-version-check --no-input --no-deps --only-binary=:all: --no-binary=dkimpy --no-compile \
    --target "$work/packages" -r "$list" >"$work/pip.log" 2>&1 </dev/null 9>&- || {
    tail -n 10 -- "$work/pip.log" >&2
    fail 'pip could not install them'
  }
  rm -rf -- "$target"
  mv -T -- "$work/packages" "$target"
fi
printf '%s\n' "$target"

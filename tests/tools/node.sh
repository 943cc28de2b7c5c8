#!/usr/bin/env bash
# Installs the npm packages of package-lock.json into a cache folder outside the work tree
# (JATAH_CACHE, by default ~/.cache/jatah; one folder for each lock file). The link
# tests/node_modules, which git ignores, points to that folder, so that imports in the tests work.
# The script prints only the path of the folder to stdout.
set -euo pipefail

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)
link=$(dirname -- "$here")/node_modules

fail() { printf 'node.sh: %s\n' "$*" >&2; exit 1; }

type -P node >/dev/null && type -P npm >/dev/null || fail 'node and npm are needed (node 20.19 or newer)'
node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' ||
  fail "node $(node --version) is too old: 20.19 or newer is needed"

cache=${JATAH_CACHE:-${XDG_CACHE_HOME:-${HOME:?HOME, XDG_CACHE_HOME or JATAH_CACHE must be set}/.cache}/jatah}
mkdir -p -- "$cache" 2>/dev/null || fail "cannot create the cache folder '$cache'"
cache=$(realpath -- "$cache")
key=$(cat -- "$here/package.json" "$here/package-lock.json" | sha256sum | cut -c1-16)
target=$cache/node-$key

# Only one process installs at a time. Another one waits here and then finds the result.
exec 9>"$cache/node.lock" || fail "cannot write into the cache folder '$cache'"
flock 9
rm -rf -- "$cache"/node.?????? # left by a process that was killed

# The folder gets its name only when the installation is complete.
if [[ ! -d $target/node_modules ]]; then
  work=$(mktemp -d -- "$cache/node.XXXXXX")
  trap 'rm -rf -- "$work"' EXIT
  cp -- "$here/package.json" "$here/package-lock.json" "$work"
  printf 'node.sh: installing the npm packages into %s\n' "$cache" >&2
  (cd -- "$work" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error) >"$work/npm.log" 2>&1 </dev/null 9>&- || {
    tail -n 10 -- "$work/npm.log" >&2
    fail 'npm ci failed'
  }
  rm -rf -- "$target"
  mv -T -- "$work" "$target"
  trap - EXIT
  chmod 755 -- "$target"
fi

[[ ! -e $link || -L $link ]] || fail "'$link' is not a link made by this script: remove it"
if [[ "$(readlink -- "$link" 2>/dev/null || true)" != "$target/node_modules" ]]; then
  ln -sfn -- "$target/node_modules" "$link.$$"
  mv -fT -- "$link.$$" "$link"
fi
printf '%s\n' "$target/node_modules"

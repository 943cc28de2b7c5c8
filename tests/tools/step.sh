#!/usr/bin/env bash
# step.sh NAME COMMAND...: runs one step of `make test` and prints its name and how long it took.
set -uo pipefail
name=$1
shift
printf '\n== %s\n' "$name"
start=$SECONDS
"$@"
code=$?
if ((code == 0)); then
  printf '== %s: done in %d s\n' "$name" $((SECONDS - start))
else
  printf '== %s: FAILED (exit code %d) after %d s\n' "$name" "$code" $((SECONDS - start))
fi
exit "$code"

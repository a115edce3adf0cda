#!/bin/sh
# Runs all tests with cargo and adds up what its test binaries report.
set -eu

PATH="$PATH:$HOME/.cargo/bin"
out=$(mktemp)
code=$(mktemp)
trap 'rm -f "$out" "$code"' EXIT

echo "==> cargo test --locked --no-fail-fast $*"
# The status of cargo, not of tee, is the one that counts.
{
    status=0
    cargo test --locked --no-fail-fast "$@" 2>&1 || status=$?
    echo "$status" >"$code"
} | tee "$out"

awk '/^test result: / {
    for (i = 1; i < NF; i++) {
        if ($(i + 1) ~ /^passed/) passed += $i
        if ($(i + 1) ~ /^failed/) failed += $i
    }
} END { printf "%d passed, %d failed\n", passed, failed }' "$out"
exit "$(cat "$code")"

#!/bin/sh
# Runs tests: with cargo-nextest if it is installed, which runs each test in its own process with a time limit (.config/nextest.toml),
# else with cargo test. The arguments work with both.
#
#   RUNNER=cargo  forces cargo test
set -eu

PATH="$PATH:$HOME/.cargo/bin"
runner=${RUNNER:-}
if [ -z "$runner" ]; then
    runner=cargo
    ! cargo nextest --version >/dev/null 2>&1 || runner=nextest
fi

if [ "$runner" = nextest ]; then
    # The only option that has another name in nextest.
    for argument in "$@"; do
        shift
        if [ "$argument" = --show-output ]; then export NEXTEST_SUCCESS_OUTPUT=immediate; else set -- "$@" "$argument"; fi
    done
    status=0
    if [ $# = 0 ]; then
        echo "==> cargo test --locked --workspace --doc"
        cargo test --locked --workspace --doc --quiet || status=$?
    fi
    echo "==> cargo nextest run --locked --workspace $*"
    cargo nextest run --locked --workspace "$@" || status=$?
    exit "$status"
fi

out=$(mktemp)
code=$(mktemp)
trap 'rm -f "$out" "$code"' EXIT

echo "==> cargo test --locked --workspace --no-fail-fast $*"
# Keep the exit status of cargo, not of tee.
{
    status=0
    cargo test --locked --workspace --no-fail-fast "$@" 2>&1 || status=$?
    echo "$status" >"$code"
} | tee "$out"

awk '/^test result: / {
    for (i = 1; i < NF; i++) {
        if ($(i + 1) ~ /^passed/) passed += $i
        if ($(i + 1) ~ /^failed/) failed += $i
    }
} END { printf "%d passed, %d failed\n", passed, failed }' "$out"
exit "$(cat "$code")"

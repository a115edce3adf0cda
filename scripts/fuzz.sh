#!/bin/sh
# Fuzzes the parsers of untrusted input (cargo-fuzz, in fuzz/), and prints a line for each target.
# Exits with 1 if one of them crashes, hangs or uses too much memory; the input is then in fuzz/artifacts/.
#
#   TARGETS="documents cursors_and_ids websocket import_rows"  the fuzz targets
#   SECONDS_EACH=600                                           the time for each, in seconds
#   JOBS=2                                                     the number of targets that run in parallel
set -eu

cd "$(dirname "$0")/.."
PATH="$PATH:$HOME/.cargo/bin"

targets=${TARGETS:-documents cursors_and_ids websocket import_rows}
seconds=${SECONDS_EACH:-600}
jobs=${JOBS:-2}

for program in cargo c++; do
    command -v "$program" >/dev/null 2>&1 || {
        echo "error: $program is missing (Rust: https://rustup.rs; a C++ compiler, on Debian: apt-get install g++)" >&2
        exit 1
    }
done

memory=/dev/shm
[ -w "$memory" ] || memory=${TMPDIR:-/tmp}
work=$(mktemp -d "$memory/staygate-fuzz.XXXXXX")
running=""
clean() {
    for entry in $running; do kill "${entry#*:}" 2>/dev/null || true; done
    rm -rf "$work"
}
trap clean EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

command -v cargo-fuzz >/dev/null 2>&1 || {
    echo "==> cargo install --locked cargo-fuzz"
    cargo install --locked cargo-fuzz
}

# One build for all targets, in fuzz/target. The program has no unsafe code, so no sanitizer is needed, and a stable compiler is enough;
# overflow checks are on. A single codegen unit, cargo-fuzz's default, would take twice the time.
echo "==> cargo fuzz build"
cargo fuzz build --sanitizer none --debug-assertions --codegen-units 8
host=$(rustc -vV | sed -n 's/^host: //p')
sh fuzz/seeds.sh "$work/seeds"

# The maximum size of an input in bytes: what the server accepts in one message, or a sufficient part of a file.
max_length() {
    case $1 in
    cursors_and_ids) echo 2048 ;;
    import_rows) echo 65536 ;;
    *) echo 262144 ;;
    esac
}

run() {
    mkdir -p "fuzz/corpus/$1" "fuzz/artifacts/$1" "$work/$1"
    TMPDIR="$work/$1" exec "fuzz/target/$host/release/$1" "fuzz/corpus/$1" "$work/seeds/$1" -dict="$work/seeds/$1.dict" \
        -artifact_prefix="fuzz/artifacts/$1/" -max_total_time="$seconds" -max_len="$(max_length "$1")" -timeout=10 -report_slow_units=1 \
        -rss_limit_mb=2048 -print_final_stats=1 >"$work/$1.log" 2>&1
}

# Prints the result of a target, in one line.
report() {
    log="$work/$1.log"
    executions=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    coverage=$(grep -o 'cov: [0-9]*' "$log" | tail -n 1)
    peak=$(sed -n 's/^stat::peak_rss_mb: *//p' "$log")
    slow=$(grep -c '^Slowest unit' "$log" || true)
    found="no crash"
    [ "$2" = 0 ] || found="FAILED: $(grep -o 'fuzz/artifacts/[^ ]*' "$log" | tail -n 1)"
    echo "$1: $seconds s, ${executions:-?} executions, ${coverage:-cov: ?}, ${peak:-?} MB peak, $slow slower than 1 s, $found"
    [ "$2" = 0 ] || {
        grep -v '^#[0-9]' "$log" | tail -n 40
        return 1
    }
}

# Waits for the running targets.
wait_for_targets() {
    for entry in $running; do
        code=0
        wait "${entry#*:}" || code=$?
        report "${entry%%:*}" "$code" || failed=$((failed + 1))
    done
    running=""
}

failed=0
count=0
for target in $targets; do
    echo "==> $target, for $seconds s"
    run "$target" &
    running="$running $target:$!"
    count=$((count + 1))
    [ $((count % jobs)) != 0 ] || wait_for_targets
done
wait_for_targets
[ "$failed" = 0 ]

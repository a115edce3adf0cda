#!/bin/sh
# Changes the code of the pure rules in many small ways (cargo-mutants), and checks that a test fails each time. Which code is changed,
# and which mutants are excluded for what reason, is in .cargo/mutants.toml. Arguments are passed to cargo-mutants. Fails if fewer
# than 95 % of the mutants are caught; the others are in target/mutants/mutants.out/missed.txt.
#
#   sh scripts/mutants.sh --file crates/types/src/money.rs
set -eu
cd "$(dirname "$0")/.."
PATH="$PATH:$HOME/.cargo/bin"

command -v cargo-mutants >/dev/null 2>&1 || {
    echo "==> cargo install --locked cargo-mutants"
    cargo install --locked cargo-mutants
}

mkdir -p target/mutants
# cargo-mutants builds a copy of the source tree. The target folder is kept, so that dependencies are built once.
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$PWD/target/mutants/build}"
echo "==> cargo mutants --workspace $*"
# Exit codes 2 and 3 mean that mutants were missed or timed out, which the score shows.
status=0
cargo mutants --workspace --output target/mutants --no-shuffle --jobs 1 --colors never "$@" || status=$?
case $status in
0 | 2 | 3) ;;
*) exit "$status" ;;
esac

out=target/mutants/mutants.out
count() { wc -l <"$out/$1.txt"; }
caught=$(($(count caught) + $(count timeout)))
missed=$(count missed)
total=$((caught + missed))
[ "$total" -gt 0 ] || {
    echo "mutants: none in these files"
    exit 0
}
tenths=$((caught * 1000 / total))
echo "mutants: $caught of $total caught ($((tenths / 10)).$((tenths % 10)) %), $(count unviable) do not compile"
[ "$tenths" -ge 950 ]

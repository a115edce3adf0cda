#!/bin/sh
# Runs the whole suite several times while other processes keep every core busy: no test may depend on the machine's speed.
#
#   ROUNDS=3  number of runs
#   BUSY=4    how many processes compete with the tests
set -eu

cd "$(dirname "$0")/.."

rounds=${ROUNDS:-3}
busy=${BUSY:-4}
busy_loops=""

clean() {
    for pid in $busy_loops; do kill "$pid" 2>/dev/null || true; done
}
trap clean EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# Built before the load begins, because only the tests should run under load.
PATH="$PATH:$HOME/.cargo/bin" cargo test --locked --workspace --no-run

while [ "$busy" -gt 0 ]; do
    while :; do :; done &
    busy_loops="$busy_loops $!"
    busy=$((busy - 1))
done

round=1
failed=0
while [ "$round" -le "$rounds" ]; do
    echo "==> round $round of $rounds"
    sh scripts/test.sh "$@" || failed=$((failed + 1))
    round=$((round + 1))
done
echo "$((rounds - failed)) of $rounds rounds passed"
[ "$failed" = 0 ]

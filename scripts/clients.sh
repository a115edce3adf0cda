#!/bin/sh
# Runs the tests in clients/ against a temporary server with its own port, its own data folder and demo data, and a temporary identity provider.
set -eu

cd "$(dirname "$0")/.."
PATH="$PATH:$HOME/.cargo/bin"

fail() {
    echo "error: $*" >&2
    exit 1
}

command -v node >/dev/null 2>&1 && command -v npm >/dev/null 2>&1 ||
    fail "Node.js is missing (20 or newer, with npm). On Debian: apt-get install nodejs npm"

work=$(mktemp -d)
server=""
identity=""
clean() {
    for process in $server $identity; do
        kill "$process" 2>/dev/null || true
        wait "$process" 2>/dev/null || true
    done
    rm -rf "$work"
}
trap clean EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

echo "==> npm ci (in clients/)"
npm --prefix clients ci --ignore-scripts --no-audit --no-fund --loglevel=error
echo "==> cargo build --locked"
cargo build --locked
echo "==> node clients/test/identity-server.mjs"
node clients/test/identity-server.mjs "$work/providers.json" >"$work/identity.log" 2>&1 &
identity=$!
until [ -s "$work/providers.json" ]; do
    kill -0 "$identity" 2>/dev/null || {
        tail -n 20 "$work/identity.log" >&2
        fail "the identity provider did not start"
    }
    sleep 0.2
done
# All test programs share one address, so its limit on bookings is raised.
echo "==> target/debug/staygate serve --data-dir $work/data --listen 127.0.0.1:0"
env -u DATABASE_URL -u DATABASE_URL_FILE target/debug/staygate serve --data-dir "$work/data" --listen 127.0.0.1:0 --demo on --bookings-per-address 10000 \
    --identity-providers "$work/providers.json" --log-level info >"$work/log" 2>&1 &
server=$!
until url=$(sed -n 's/.*ready: open \(http:[^ ]*\).*/\1/p' "$work/log") && [ -n "$url" ]; do
    kill -0 "$server" 2>/dev/null || {
        tail -n 20 "$work/log" >&2
        fail "the server did not start"
    }
    sleep 0.2
done
echo "==> node --test (in clients/), against $url"
cd clients
STAYGATE_URL="$url/graphql" node --test --test-concurrency=1 --test-timeout=120000 "$@" test/*.test.mjs

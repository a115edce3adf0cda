#!/bin/sh
# Tests the pages in a browser, on a temporary server with demo data: signs in, runs the whole journey in GraphiQL's tabs, and writes
# screenshots to target/screenshots. Fails if a step fails or a page loads anything from another host. Needs Chromium and Node.js.
set -eu

cd "$(dirname "$0")/.."
PATH="$PATH:$HOME/.cargo/bin"
. scripts/debian.sh

chromium=$(command -v chromium || command -v chromium-browser || command -v google-chrome) || fail "Chromium is missing"
has node && has npm || fail "Node.js is missing (20 or newer, with npm). On Debian: apt-get install nodejs npm"
out=target/screenshots
work=$(mktemp -d)
server=""

clean() {
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    [ -z "$server" ] || wait "$server" 2>/dev/null || true
    rm -rf "$work" 2>/dev/null || { sleep 2 && rm -rf "$work"; }
}
trap clean EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

say "npm ci (in scripts/pages/)"
npm --prefix scripts/pages ci --ignore-scripts --no-audit --no-fund --loglevel=error
say "cargo build --locked"
cargo build --locked
mkdir -p "$out"
rm -f "$out"/*.png
env -u DATABASE_URL -u DATABASE_URL_FILE target/debug/staygate serve --listen 127.0.0.1:0 --data-dir "$work/data" --demo on \
    --log-level info >"$work/server.log" 2>&1 &
server=$!
until url=$(sed -n 's/.*ready: open \(http:[^ ]*\).*/\1/p' "$work/server.log") && [ -n "$url" ]; do
    kill -0 "$server" 2>/dev/null || {
        tail -n 20 "$work/server.log" >&2
        fail "the server did not start"
    }
    sleep 0.5
done
say "node scripts/pages/journey.mjs, against $url"
STAYGATE_URL="$url" CHROMIUM="$chromium" OUT="$out" node scripts/pages/journey.mjs
echo "screenshots: $(ls "$out" | wc -l) screenshots in $out, nothing loaded from another host"

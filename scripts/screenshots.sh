#!/bin/sh
# Pictures of the pages, light and dark, on a wide screen and on a phone's, from a server of its own with demo data, in
# target/screenshots. Fails if a page asks any other host for anything, or stays empty. Needs Chromium.
set -eu

cd "$(dirname "$0")/.."
PATH="$PATH:$HOME/.cargo/bin"
. scripts/debian.sh

chromium=$(command -v chromium || command -v chromium-browser || command -v google-chrome) || fail "Chromium is missing"
port=${PORT:-18081}
url=http://127.0.0.1:$port
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

# picture NAME PATH SCHEME SIZE, where the scheme is 0 for dark and 1 for light.
picture() {
    timeout 120 "$chromium" --headless --no-sandbox --disable-gpu --no-first-run --hide-scrollbars --disable-background-networking \
        --host-resolver-rules="MAP * ~NOTFOUND, EXCLUDE 127.0.0.1" --user-data-dir="$work/profile" --virtual-time-budget=15000 \
        --blink-settings="preferredColorScheme=$3" --window-size="$4" --log-net-log="$work/log.json" \
        --screenshot="$out/$1.png" "$url$2" >"$work/chromium.log" 2>&1 || {
        tail -n 20 "$work/chromium.log" >&2
        fail "there is no picture of $2"
    }
    # What a page asks for names the page as its initiator; what the browser asks for itself names none.
    asked=$(grep -F "\"initiator\":\"$url\"" "$work/log.json" | sed -n 's/.*"url":"\([^"]*\)".*/\1/p' | sort -u)
    [ -n "$asked" ] || fail "$2 asked for nothing, not even its style"
    foreign=$(echo "$asked" | grep -v "^$url/" || true)
    [ -z "$foreign" ] || fail "$2 asks another host: $foreign"
    say "$out/$1.png: $(echo "$asked" | wc -l) files, all from here"
}

cargo build --locked
mkdir -p "$out"
target/debug/staygate serve --listen "127.0.0.1:$port" --data-dir "$work/data" --demo on >"$work/server.log" 2>&1 &
server=$!
until grep -q 'ready: open' "$work/server.log"; do
    kill -0 "$server" 2>/dev/null || {
        tail -n 20 "$work/server.log" >&2
        fail "the server did not start"
    }
    sleep 0.5
done
for scheme in dark light; do
    number=1
    [ "$scheme" = light ] || number=0
    picture "home-$scheme" / $number 1280,1400
    picture "home-$scheme-phone" / $number 390,2400
    picture "graphiql-$scheme" /graphql $number 1280,800
    picture "graphiql-$scheme-phone" /graphql $number 390,1400
done
echo "screenshots: 8 pictures in $out, nothing asked of another host"

#!/bin/sh
# Makes the first inputs of the fuzz targets, and dictionaries, out of the repository's own files: sh fuzz/seeds.sh FOLDER
set -eu

cd "$(dirname "$0")/.."
out=$1
mkdir -p "$out/documents" "$out/cursors_and_ids" "$out/websocket" "$out/import_rows"

# With backslashes before backslashes and quotes.
escaped() {
    sed 's/\\/\\\\/g; s/"/\\"/g'
}

# A file as a string of JSON.
quoted() {
    escaped <"$1" | awk 'BEGIN { printf "\"" } { printf "%s%s", sep, $0; sep = "\\n" } END { printf "\"" }'
}

# One byte, by its number.
byte() {
    printf "\\$(printf %03o "$1")"
}

# The file as a masked frame of text, whose mask is zero.
frame() {
    length=$(wc -c <"$1")
    byte 129
    if [ "$length" -lt 126 ]; then
        byte $((128 + length))
    else
        byte 254 && byte $((length / 256 % 256)) && byte $((length % 256))
    fi
    printf '\0\0\0\0'
    cat "$1"
}

operations() {
    for file in tests/operations/*.graphql tests/operations/screens/*.graphql; do
        name=$(basename "$file" .graphql)
        variables="${file%.graphql}.json"
        [ -f "$variables" ] || variables=/dev/null
        { cat "$file" && printf '\0\0' && cat "$variables"; } >"$out/documents/$name"
        { printf '{"query":' && quoted "$file" && printf ',"variables":' && { cat "$variables" | grep . || printf null; } && printf '}'; } >"$out/payload"
        { printf 'b' && cat "$out/payload"; } >"$out/websocket/$name.body"
        { printf '{"id":"1","type":"subscribe","payload":' && cat "$out/payload" && printf '}'; } >"$out/message"
        { printf 't' && cat "$out/message"; } >"$out/websocket/$name.message"
        { printf 'f' && frame "$out/message"; } >"$out/websocket/$name.frames"
    done
}

# Documents at the limits of what is read.
large() {
    repeat() { awk -v n="$1" -v text="$2" 'BEGIN { for (i = 0; i < n; i++) { piece = text; gsub(/#/, i, piece); gsub(/@/, i + 1, piece); printf "%s", piece } }'; }
    { printf '{' && repeat 999 ' __typename' && printf '}\0\0'; } >"$out/documents/fields"
    { printf '{' && repeat 49 ' a#: __typename' && printf '}\0\0'; } >"$out/documents/aliases"
    { repeat 46 '{ a ' && repeat 46 '}' && printf '\0\0'; } >"$out/documents/deep"
    { printf '{ ...F0 }' && repeat 99 ' fragment F# on Query { __typename ...F@ }' && printf '\0\0'; } >"$out/documents/fragments"
    { printf '{ node(id: "' && repeat 8000 'abcdefg\\' && printf '") { id } }\0\0'; } >"$out/documents/text"
    { printf '{ nodes(ids: [' && repeat 2900 '"a",' && printf ']) { id } }\0\0'; } >"$out/documents/list"
    { printf 'query Q(' && repeat 99 '$v#: ID, ' && printf ') { __typename }\0Q\0{' && repeat 99 '"v#": "a",' && printf '"v": 1}'; } >"$out/documents/variables"
    { printf 'query Q($i: [ID!]!) { nodes(ids: $i) { id } }\0Q\0{"i":' && repeat 120 '[' && repeat 120 ']' && printf '}'; } >"$out/documents/nested"
    { printf '{ __schema { types { fields { type {' && repeat 15 ' ofType { name' && repeat 15 ' }' && printf '} } } } }\0\0'; } >"$out/documents/introspection"
}

messages() {
    n=0
    while read -r message; do
        n=$((n + 1))
        printf '%s' "$message" >"$out/message"
        { printf 't' && cat "$out/message"; } >"$out/websocket/$n.message"
        { printf 'f' && frame "$out/message" && frame "$out/message"; } >"$out/websocket/$n.frames"
    done <<'END'
{"type":"connection_init","payload":{"authorization":"Bearer abc"}}
{"type":"ping","payload":null}
{"type":"pong"}
{"type":"complete","id":"é\"\\\u0000"}
{"type":"subscribe","id":"1","payload":{"query":"{ a }","operationName":null,"extensions":{"cost":true}}}
END
    printf 'f\211\200\0\0\0\0\210\202\0\0\0\0\003\350' >"$out/websocket/ping-and-close.frames"
    printf 'f\001\202\1\2\3\4cc\200\202\1\2\3\4cc' >"$out/websocket/pieces.frames"
    printf 'qquery={ a }&operationName=A&variables={"a":1}&extensions={"persistedQuery":{}}' >"$out/websocket/query"
}

texts() {
    {
        cat tests/operations/*.json | grep -o '"[^"]*"' | tr -d '"'
        printf '%s\n' me_00000000000000000000000007 usr_00000000000000000000000007 ses_00000000000000000000000007 \
            qt_00000000000000000000000007 pay_00000000000000000000000007 rf_00000000000000000000000007 rev_00000000000000000000000007 \
            guest.18446744073709551615 host.7 bk_00000000000000000000000007.4294967295 1782910800123456.lst_00000000000000000000000007 \
            1782910800123456.rev_00000000000000000000000007 2026-07-01.bk_00000000000000000000000007 12.wi-fi 2026-07-01 15:00 15:00:00.000 \
            2026-07-01T13:00:00+02:00 9999-12-31T23:59:59.999999999Z 2016-12-31T23:59:60Z Asia/Singapore SGD JPY EUR742 KWD-5 9007199254740991 \
            -9007199254740991 1e15 10000.0 -1.50 '$1,000.00' 'https://österreich.example:443/a b?c#d' 'http://[::1]/' ada@example.org \
            0123-abc_ 'Saint-Denis d’Été' 'Gießen 飘柔 body soap' 'e\u0301 👩‍👩‍👧 שלום'
    } | sort -u >"$out/texts"
    split -l 1 -a 4 "$out/texts" "$out/cursors_and_ids/"
}

# Short files: the header and two lines of a fixture, as they are, packed, or damaged.
rows() {
    for part in listings reviews calendar; do
        file=fixtures/$part.csv
        letter=$(printf '%.1s' "$part")
        capital=$(printf '%s' "$letter" | tr lrc LRC)
        line=2
        while [ "$line" -lt 60 ]; do
            { head -n 1 "$file" && sed -n "$line,$((line + 1))p" "$file"; } >"$out/rows"
            { printf '%s' "$letter" && cat "$out/rows"; } >"$out/import_rows/$part-$line"
            { printf '%s\200\0' "$capital" && cat "$out/rows"; } >"$out/import_rows/$part-$line-packed"
            { printf '%s\100\300' "$capital" && cat "$out/rows"; } >"$out/import_rows/$part-$line-damaged"
            line=$((line + 6))
        done
        { printf '%s' "$letter" && gzip -c "$out/rows"; } >"$out/import_rows/$part.gz"
    done
    for head in 'PK\003\004' '\377\376a\0' '<?xml version="1.0"?><Error><Code>NoSuchKey</Code>' '[{"id":1}]' 'id;name;price\n1;a;2\n' 'version https://git-lfs.github.com/spec/v1\n'; do
        printf "l$head" >"$out/import_rows/foreign-$(printf %s "$head" | cksum | cut -d ' ' -f 1)"
    done
}

# A dictionary: each word of standard input that is ASCII, as libFuzzer wants it.
dictionary() {
    LC_ALL=C grep '^[ -~]*$' | awk 'length($0) < 60' | sort -u | escaped | sed 's/.*/"&"/'
}

operations
large
messages
texts
rows
{ grep -v '"""' schema.graphql | grep -oE '[A-Za-z_]{3,}' && printf '%s\n' '...' 'on' '@skip(if: $a)' '@include(if: true)' '"""' '$a: ' '\u{1f600}' '{"a":'; } |
    dictionary >"$out/documents.dict"
cat "$out/texts" | dictionary >"$out/cursors_and_ids.dict"
printf '%s\n' connection_init connection_ack ping pong subscribe complete next error type id payload query operationName variables \
    extensions cost persistedQuery authorization | dictionary >"$out/websocket.dict"
{ for part in listings reviews calendar; do head -n 1 "fixtures/$part.csv" | tr ',' '\n'; done && printf '%s\n' '""' '<br />' '&nbsp;' '&#x1f600;' 't' 'f' '$1,000.00' \
    'Entire home/apt' 'Private room' 'Hotel room' 'Shared room' '{TV,' '["Wifi"]' strict_14_with_grace_period; } | dictionary >"$out/import_rows.dict"
rm -f "$out/payload" "$out/message" "$out/texts" "$out/rows"

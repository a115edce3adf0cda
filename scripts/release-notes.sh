#!/bin/sh
# Prints the section of CHANGELOG.md for a release, without its heading. Fails unless TAG is `v` and the version of Cargo.toml, and the
# section exists and is not empty.
#
#   sh scripts/release-notes.sh TAG
set -eu

cd "$(dirname "$0")/.."

fail() {
    echo "error: $*" >&2
    exit 1
}

tag=${1:?usage: sh scripts/release-notes.sh TAG}
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
[ "$tag" = "v$version" ] || fail "the tag is $tag, but Cargo.toml has version $version"

# From the heading to the next one of its level or the links at the end, without surrounding empty lines.
notes=$(awk -v heading="## [$version]" '
    index($0, heading) == 1 { inside = 1; next }
    inside && (/^## / || /^\[[^]]*\]: /) { exit }
    inside { print }
' CHANGELOG.md | sed '/./,$!d')
[ -n "$notes" ] || fail "CHANGELOG.md has no section \"## [$version] - DATE\", or an empty one"
printf '%s\n' "$notes"

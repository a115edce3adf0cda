#!/bin/sh
# Builds the release program and prints how long it took. Arguments replace cargo's "build --release".
set -eu

cd "$(dirname "$0")/.."
PATH="$PATH:$HOME/.cargo/bin"
[ $# -gt 0 ] || set -- build --release
started=$(date +%s)
echo "==> cargo $* --locked"
cargo "$@" --locked
echo "==> done in $(($(date +%s) - started)) s"

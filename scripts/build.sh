#!/bin/sh
# Builds the program as it is run and installed, and says how long that took. Arguments go to cargo, in place of "build".
set -eu

cd "$(dirname "$0")/.."
PATH="$PATH:$HOME/.cargo/bin"
[ $# -gt 0 ] || set -- build --release
started=$(date +%s)
echo "==> cargo $* --locked"
cargo "$@" --locked
echo "==> done in $(($(date +%s) - started)) s"

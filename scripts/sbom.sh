#!/bin/sh
# Writes a bill of materials (SBOM) in CycloneDX 1.5 format: every crate with its version, checksum and license. It is generated from
# Cargo.lock, so it is the same on every machine.
#
#   OUT=target/sbom  the output folder
set -eu

cd "$(dirname "$0")/.."
PATH="$PATH:$HOME/.cargo/bin"
out=${OUT:-target/sbom}

if ! command -v cargo-cyclonedx >/dev/null 2>&1; then
    echo "==> cargo install --locked cargo-cyclonedx"
    cargo install --locked cargo-cyclonedx
fi
echo "==> cargo cyclonedx"
cargo cyclonedx --format json --spec-version 1.5 --target x86_64-unknown-linux-gnu --override-filename staygate.cdx
mkdir -p "$out"
mv staygate.cdx.json "$out/"
echo "wrote $out/staygate.cdx.json"

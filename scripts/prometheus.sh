#!/bin/sh
# Prints the path of a Prometheus program for the tests: that of the machine, or Debian's, unpacked to target/prometheus.
# Nothing is installed and no service is set up. Prints nothing if neither is available.
set -eu

cd "$(dirname "$0")/.."
if command -v prometheus; then exit 0; fi
folder=target/prometheus
if [ ! -x "$folder/usr/bin/prometheus" ]; then
    if ! command -v apt-get >/dev/null 2>&1; then
        echo "==> No Prometheus and no apt-get found: tests that need Prometheus are skipped." >&2
        exit 0
    fi
    mkdir -p "$folder"
    echo "==> apt-get download prometheus" >&2
    (cd "$folder" && apt-get download -qq prometheus >&2 && dpkg -x prometheus_*.deb . && rm prometheus_*.deb)
fi
echo "$PWD/$folder/usr/bin/prometheus"

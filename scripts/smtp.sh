#!/bin/sh
# Prints the path of a Python with aiosmtpd, a mail server, for the tests: that of STAYGATE_AIOSMTPD, or one in target/aiosmtpd.
# Nothing is installed on the machine. Prints nothing if there is no Python, or if it cannot be installed.
set -eu

cd "$(dirname "$0")/.."
if [ -n "${STAYGATE_AIOSMTPD:-}" ]; then echo "$STAYGATE_AIOSMTPD"; exit 0; fi
folder=target/aiosmtpd
python="$folder/bin/python"
if ! "$python" -c 'import aiosmtpd' 2>/dev/null; then
    echo "==> python3 -m venv $folder; pip install aiosmtpd" >&2
    mkdir -p target
    if ! { python3 -m venv "$folder" && "$python" -m pip install --quiet aiosmtpd==1.4.6; } >&2; then
        echo "==> No Python 3 with venv, or no package aiosmtpd: tests that need a mail server are skipped." >&2
        exit 0
    fi
fi
echo "$PWD/$python"

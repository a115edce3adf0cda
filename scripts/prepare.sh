#!/bin/sh
# Checks that there is a Rust toolchain and a database server. Installs a server package if there is none and DATABASE_URL is not
# set; no system service is set up or started.
set -eu

PATH="$PATH:$HOME/.cargo/bin:/usr/sbin:/usr/libexec:/usr/local/sbin:/usr/local/libexec:/opt/homebrew/bin"

fail() {
    echo "error: $1" >&2
    exit 1
}

has() { command -v "$1" >/dev/null 2>&1; }

has cargo || fail "Rust is missing. Install it as https://rustup.rs says, open a new shell, and run this again."
has cc || has gcc || has clang || fail "Rust needs a C linker, which is missing. On Debian: apt-get install gcc libc6-dev"

if [ -n "${DATABASE_URL:-}" ]; then exit 0; fi
if [ -n "${DATABASE_URL_FILE:-}" ]; then exit 0; fi
if has mariadbd || has mysqld; then exit 0; fi

echo "==> No database server found (neither mariadbd nor mysqld, and DATABASE_URL is not set): installing MariaDB."

if [ "$(id -u)" = 0 ]; then
    sudo=""
elif has sudo; then
    sudo="sudo"
    has brew || echo "==> sudo may ask for your password."
else
    has brew || fail "installing needs root or sudo. Install MariaDB yourself, or set DATABASE_URL."
    sudo=""
fi

run() {
    echo "==> $*"
    "$@"
}

install_with_apt() {
    run $sudo env DEBIAN_FRONTEND=noninteractive apt-get update -q
    # Newer releases have the plain name, older ones include a version.
    for package in mariadb-server-core mariadb-server-core-10.6 mysql-server-core-8.0; do
        if apt-cache show "$package" >/dev/null 2>&1; then
            run $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends "$package"
            return
        fi
    done
    fail "apt has no MariaDB or MySQL server package. Install one yourself, or set DATABASE_URL."
}

if has apt-get; then
    install_with_apt
elif has dnf; then
    run $sudo dnf install -y mariadb-server
elif has pacman; then
    run $sudo pacman -S --needed --noconfirm mariadb
elif has zypper; then
    run $sudo zypper --non-interactive install mariadb
elif has apk; then
    run $sudo apk add mariadb
elif has brew; then
    run brew install mariadb
else
    fail "no supported package manager found. Install MariaDB yourself, or set DATABASE_URL."
fi

has mariadbd || has mysqld || fail "the package was installed, but there is still no mariadbd or mysqld in $PATH"

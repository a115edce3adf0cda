#!/bin/sh
# Runs all tests (or those that the arguments name) on a MySQL server that it starts, and stops afterwards.
#
#   MYSQLD      the server's program; MariaDB's does as well. Otherwise a `mysqld` in PATH that is MySQL's.
#   MYSQL_ROOT  where neither is: a Debian sid with MySQL in this folder, made at the first time (needs root, debootstrap)
#               and kept for the next; /var/tmp/staygate-mysql
set -eu

cd "$(dirname "$0")/.."
PATH="$PATH:$HOME/.cargo/bin:/usr/sbin:/usr/libexec:/usr/local/sbin:/usr/local/libexec"
. scripts/debian.sh

root="" # of the system that the server runs in: the machine's own
server=""
data=""

# Whatever happens, no server, mount or folder is left.
clean() {
    trap - EXIT
    if [ -n "$server" ]; then
        kill "$server" 2>/dev/null || true
        wait "$server" 2>/dev/null || true
    fi
    [ -z "$data" ] || ! mountpoint -q "$data" || umount "$data"
    [ -z "$data" ] || rm -rf "$data"
}
trap clean EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

program=${MYSQLD:-$(command -v mysqld || true)}
if [ -z "${MYSQLD:-}" ] && { [ -z "$program" ] || "$program" --no-defaults --version | grep -q MariaDB; }; then
    root=${MYSQL_ROOT:-/var/tmp/staygate-mysql}
    program=/usr/sbin/mysqld
    [ -e "$root$program" ] || debian sid "$root" mysql-server-core
    [ "$(id -u)" = 0 ] || fail "the MySQL in $root needs root. MYSQLD=PATH names one that does not"
fi

has "$root$program" || fail "there is no program $root$program"

# In the server's system, which may be another than the machine's.
there() {
    if [ -n "$root" ]; then chroot "$root" "$@"; else "$@"; fi
}

version=$(there "$program" --no-defaults --version) || fail "$root$program does not tell its version"
say "$version"

# On a memory disk, as the tests' private server is: nothing here is worth keeping.
if [ -n "$root" ]; then
    data=$(mktemp -d "$root/tmp/staygate-mysql.XXXXXX")
    mount -t tmpfs staygate-mysql "$data"
elif [ -w /dev/shm ]; then
    data=$(mktemp -d /dev/shm/staygate-mysql.XXXXXX)
else
    data=$(mktemp -d)
fi
within=${data#"$root"}
mkdir "$data/tmp"
echo "CREATE DATABASE staygate;" >"$data/init.sql"

user=""
[ "$(id -u)" != 0 ] || user="--user=root"
mariadb=false
case $version in *MariaDB*) mariadb=true ;; esac

make_data() {
    if $mariadb; then
        mariadb-install-db --no-defaults $user --datadir="$data/d" --auth-root-authentication-method=normal --skip-test-db
    else
        there "$program" --no-defaults $user --initialize-insecure --datadir="$within/d"
    fi
}

make_data >"$data/log" 2>&1 || {
    tail -n 20 "$data/log" >&2
    fail "the server could not make its data folder"
}

# `exec`, so that a signal reaches the server itself.
(
    set -- "$program" --no-defaults $user --datadir="$within/d" --socket="$within/s" --pid-file="$within/pid" --tmpdir="$within/tmp" \
        --init-file="$within/init.sql" --skip-networking --skip-log-bin --secure-file-priv= --innodb-flush-log-at-trx-commit=0
    $mariadb || set -- "$@" --mysqlx=0
    [ -z "$root" ] || set -- chroot "$root" "$@"
    exec "$@"
) >>"$data/log" 2>&1 &
server=$!
until grep -q ': ready for connections' "$data/log"; do
    kill -0 "$server" 2>/dev/null || {
        tail -n 20 "$data/log" >&2
        fail "the server did not start"
    }
    sleep 0.2
done

export TEST_DATABASE_URL="mysql://root@localhost/staygate?socket=$data/s"
say "TEST_DATABASE_URL=$TEST_DATABASE_URL"
say "Only the tests of the private database itself use the machine's own server all the same."
sh scripts/test.sh "$@"

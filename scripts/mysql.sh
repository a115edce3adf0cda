#!/bin/sh
# Runs all tests (or those that the arguments name) on a MySQL server that it starts and stops.
#
#   MYSQLD      the server program (MariaDB works too). Default: a `mysqld` in PATH that is MySQL.
#   MYSQL_ROOT  if neither exists: a Debian sid with MySQL in this folder, created on the first run (needs root, debootstrap)
#               and kept for later runs; default /var/tmp/staygate-mysql
set -eu

cd "$(dirname "$0")/.."
PATH="$PATH:$HOME/.cargo/bin:/usr/sbin:/usr/libexec:/usr/local/sbin:/usr/local/libexec"
. scripts/debian.sh
. scripts/database.sh

trap stop_database EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

root=""
program=${MYSQLD:-$(command -v mysqld || true)}
if [ -z "${MYSQLD:-}" ] && { [ -z "$program" ] || "$program" --no-defaults --version | grep -q MariaDB; }; then
    root=${MYSQL_ROOT:-/var/tmp/staygate-mysql}
    program=/usr/sbin/mysqld
    [ -e "$root$program" ] || debian sid "$root" mysql-server-core
    [ "$(id -u)" = 0 ] || fail "the MySQL in $root needs root. MYSQLD=PATH uses one that does not"
fi

start_database
export TEST_DATABASE_URL="mysql://root@localhost/staygate?socket=$data/s"
say "TEST_DATABASE_URL=$TEST_DATABASE_URL"
say "Only the tests of the private database still use the server program of this machine."
sh scripts/test.sh "$@"

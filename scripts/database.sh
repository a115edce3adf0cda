# Sourced, after debian.sh, by the scripts that start a temporary database server. `start_database` needs
#   program   the server program, mysqld or mariadbd
#   root      the root folder of the system that it runs in; empty: this machine
# and sets
#   data      a folder on a memory disk, with the server's socket, data/s
# `stop_database` removes everything.

data=""
server=""

# Runs a command in the server's root folder, with chroot if that is not this machine's.
in_root() {
    if [ -n "$root" ]; then chroot "$root" "$@"; else "$@"; fi
}

database_failed() {
    tail -n 20 "$data/log" >&2
    fail "$1"
}

make_data_folder() {
    if [ -n "$root" ]; then
        data=$(mktemp -d "$root/tmp/staygate-database.XXXXXX")
        mount -t tmpfs staygate-database "$data"
    elif [ -w /dev/shm ]; then
        data=$(mktemp -d /dev/shm/staygate-database.XXXXXX)
    else
        data=$(mktemp -d)
    fi
    # A server in a container has another user, who needs access to the socket.
    chmod 711 "$data"
    mkdir "$data/tmp"
    echo "CREATE DATABASE staygate;" >"$data/init.sql"
}

# Creates the data folder of an empty server, with a user `root` without a password.
fill_data_folder() {
    if $mariadb; then
        mariadb-install-db --no-defaults $user --datadir="$data/d" --auth-root-authentication-method=normal --skip-test-db
    else
        in_root "$program" --no-defaults $user --initialize-insecure --datadir="$within/d"
    fi
}

start_database() {
    has "$root$program" || fail "program not found: $root$program"
    version=$(in_root "$program" --no-defaults --version) || fail "$root$program does not print its version"
    say "$version"
    mariadb=false
    case $version in *MariaDB*) mariadb=true ;; esac
    user=""
    [ "$(id -u)" != 0 ] || user="--user=root"

    make_data_folder
    within=${data#"$root"}
    fill_data_folder >"$data/log" 2>&1 || database_failed "the server could not create its data folder"
    # `exec`, so that a signal reaches the server itself.
    (
        set -- "$program" --no-defaults $user --datadir="$within/d" --socket="$within/s" --pid-file="$within/pid" \
            --tmpdir="$within/tmp" --init-file="$within/init.sql" --skip-networking --skip-log-bin --secure-file-priv= \
            --innodb-flush-log-at-trx-commit=0
        $mariadb || set -- "$@" --mysqlx=0
        [ -z "$root" ] || set -- chroot "$root" "$@"
        exec "$@"
    ) >>"$data/log" 2>&1 &
    server=$!
    until grep -q ': ready for connections' "$data/log"; do
        kill -0 "$server" 2>/dev/null || database_failed "the server did not start"
        sleep 0.2
    done
}

stop_database() {
    if [ -n "$server" ]; then
        kill "$server" 2>/dev/null || true
        wait "$server" 2>/dev/null || true
    fi
    if [ -n "$data" ]; then
        ! mountpoint -q "$data" || umount "$data"
        rm -rf "$data"
    fi
}

#!/bin/sh
# Builds the container image and tests it, as its own user, with demo data, on a temporary database.
#
#   Uses docker or podman, whichever works, else buildah, which needs root and MariaDB on this machine, but no daemon.
#   ENGINE=buildah   selects one
#   BASE=debootstrap  creates the base images of the Dockerfile when no image registry is reachable; needs root,
#                     debootstrap, buildah and the machine's Rust. Everything is kept in WORK, default /var/tmp/staygate-image.
#   PORT             the port on 127.0.0.1 for the test; default 18080
set -eu

cd "$(dirname "$0")/.."
PATH="$PATH:$HOME/.cargo/bin:/usr/sbin:/usr/libexec"
. scripts/debian.sh
. scripts/database.sh

port=${PORT:-18080}
url=http://127.0.0.1:$port
secret=image:$(od -An -N32 -tx1 /dev/urandom | tr -d ' \n')
work=${WORK:-/var/tmp/staygate-image}
containers="" # the containers of this run
server_pid="" # with buildah: the process that runs the server
log=$(mktemp)

clean() {
    [ -z "$server_pid" ] || kill "$server_pid" 2>/dev/null || true
    [ -z "$server_pid" ] || wait "$server_pid" 2>/dev/null || true
    for container in $containers; do
        case $engine in
        buildah) buildah rm "$container" ;;
        *) $engine rm --force --volumes "$container" ;;
        esac >/dev/null 2>&1 || true
    done
    stop_database
    rm -f "$log" "$log.tour"
}
trap clean EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

server_failed() {
    tail -n 20 "$log" >&2
    fail "$1"
}

choose_engine() {
    if [ -n "${ENGINE:-}" ]; then
        echo "$ENGINE"
    elif [ -n "${BASE:-}" ]; then
        echo buildah
    elif has docker && docker info >/dev/null 2>&1; then
        echo docker
    elif has podman && podman info >/dev/null 2>&1; then
        echo podman
    elif has buildah; then
        echo buildah
    fi
}

# ---- With buildah

# commit_tree FOLDER NAME SETTINGS: creates an image from a folder.
commit_tree() {
    tree=$1 name=$2
    shift 2
    container=$(buildah from scratch)
    containers="$containers $container"
    buildah add --quiet "$container" "$tree" / >/dev/null
    buildah config "$@" --env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$container"
    buildah commit --quiet --rm "$container" "$name" >/dev/null
}

# Creates the base images of the Dockerfile, under the names that it uses.
make_base_images() {
    set -- $(sed -n 's/^FROM \([^ ]*\).*/\1/p' Dockerfile)
    if buildah inspect --type image "$1" >/dev/null 2>&1 && buildah inspect --type image "$2" >/dev/null 2>&1; then
        say "using $1 and $2 from the last run, in $work"
        return
    fi
    tree=$work/bookworm
    [ -e "$tree" ] || debian bookworm "$tree" gcc,libc6-dev,ca-certificates
    copy_network_settings "$tree"
    say "creating $2"
    commit_tree "$tree" "docker.io/library/$2" --cmd bash
    copy_rust "$tree" /usr/local/share/cargo
    say "creating $1"
    commit_tree "$tree" "docker.io/library/$1" --cmd bash --env CARGO_HOME=/usr/local/share/cargo
    rm -rf "$tree"
}

build_with_buildah() {
    pull=--pull
    export STORAGE_DRIVER="${STORAGE_DRIVER:-vfs}" BUILDAH_ISOLATION="${BUILDAH_ISOLATION:-chroot}"
    if [ -n "${BASE:-}" ]; then
        [ "$BASE" = debootstrap ] || fail "BASE=$BASE is not known; it may be debootstrap"
        # A separate image store, because these images have the names of official ones.
        mkdir -p "$work"
        printf '[storage]\ndriver = "%s"\ngraphroot = "%s"\nrunroot = "%s"\n' \
            "$STORAGE_DRIVER" "$work/storage" "$work/run" >"$work/storage.conf"
        export CONTAINERS_STORAGE_CONF="$work/storage.conf"
        make_base_images
        pull=--pull=never
    fi
    say "buildah bud $pull --layers --format docker --tag staygate ."
    buildah bud "$pull" --layers --format docker --tag staygate .
}

# Processes and network are those of this machine, so the server is found by its command line.
server_of_buildah() {
    for process in /proc/[0-9]*; do
        if [ "$(cat "$process/comm" 2>/dev/null)" = staygate ] &&
            tr '\0' '\n' 2>/dev/null <"$process/environ" | grep -qx "STAYGATE_LISTEN=127.0.0.1:$port"; then
            basename "$process"
        fi
    done
}

serve_with_buildah() {
    root=""
    program=$(command -v mariadbd || command -v mysqld) || fail "MariaDB is missing. On Debian: apt-get install mariadb-server-core"
    start_database
    container=$(buildah from --pull=never localhost/staygate)
    containers=$container
    entry='{{range .Docker.Config.Entrypoint}}{{.}} {{end}}{{range .Docker.Config.Cmd}}{{.}} {{end}}'
    command=$(buildah inspect --format "$entry" "$container")
    say "buildah run $container -- $command"
    buildah run --volume "$data:/database" --env DATABASE_URL='mysql://root@localhost/staygate?socket=/database/s' \
        --env "STAYGATE_LISTEN=127.0.0.1:$port" --env STAYGATE_DEMO=on --env "STAYGATE_JWT_SECRET=$secret" "$container" -- $command >"$log" 2>&1 &
    server_pid=$!
    inside="buildah run $container --"
}

stop_with_buildah() {
    kill "$(server_of_buildah)"
    wait "$server_pid" || server_failed "the server did not stop cleanly"
    server_pid=""
}

# ---- With docker or podman

build_with_daemon() {
    say "$engine build --tag staygate ."
    $engine build --tag staygate .
}

serve_with_daemon() {
    containers="staygate-image-database-$$ staygate-image-$$"
    say "$engine run mariadb:11 and staygate"
    $engine run --detach --name "staygate-image-database-$$" --env MARIADB_ROOT_PASSWORD=image --env MARIADB_DATABASE=staygate \
        --publish "127.0.0.1:$port:8080" docker.io/library/mariadb:11 >/dev/null
    tries=0
    until $engine exec "staygate-image-database-$$" healthcheck.sh --connect --innodb_initialized >/dev/null 2>&1; do
        tries=$((tries + 1))
        [ "$tries" -lt 120 ] || fail "the database does not become ready"
        sleep 1
    done
    # As in compose.yaml: read-only, without privileges.
    $engine run --detach --name "staygate-image-$$" --network "container:staygate-image-database-$$" --read-only --cap-drop ALL \
        --env DATABASE_URL=mysql://root:image@127.0.0.1:3306/staygate --env STAYGATE_DEMO=on \
        --env "STAYGATE_JWT_SECRET=$secret" staygate >/dev/null
    inside="$engine exec staygate-image-$$"
}

stop_with_daemon() {
    $engine stop --time 30 "staygate-image-$$" >/dev/null
    status=$($engine inspect --format '{{.State.ExitCode}}' "staygate-image-$$")
    [ "$status" = 0 ] || fail "the server exited with $status"
}

# ---- With any engine

wait_until_ready() {
    tries=0
    until curl --fail --silent --output /dev/null "$url/readyz"; do
        tries=$((tries + 1))
        [ -z "$server_pid" ] || kill -0 "$server_pid" 2>/dev/null || server_failed "the server ended before it was ready"
        [ "$tries" -lt 120 ] || server_failed "the server does not become ready"
        sleep 1
    done
}

check_server() {
    say "GET $url/healthz, /readyz: $(curl --fail --silent "$url/healthz") $(curl --fail --silent "$url/readyz")"
    query='{"query":"{ searchListings(first: 1) { totalCount } }"}'
    answer=$(curl --fail --silent --header 'content-type: application/json' --data "$query" "$url/graphql")
    say "POST $url/graphql: $answer"
    case $answer in *'"totalCount":'[1-9]*) ;; *) fail "the demo listings are missing" ;; esac
    case $engine in
    buildah) status=$(cat "/proc/$(server_of_buildah)/status") within=$url ;;
    *) status=$($inside cat /proc/1/status) within=http://127.0.0.1:8080 ;;
    esac
    user=$(echo "$status" | awk '/^Uid:/ { print $3 }')
    say "it runs as the user $user"
    [ "$user" = 10001 ] || fail "that is not the image's user"
    say "staygate health, and a tour, in the container"
    $inside staygate health --url "$within"
    $inside staygate tour --url "$within" >"$log.tour" || { cat "$log.tour" >&2; fail "the tour failed"; }
    tail -n 1 "$log.tour"
}

engine=$(choose_engine)
[ -n "$engine" ] || fail "found no working docker or podman, and no buildah. On Debian: apt-get install buildah"
has curl || fail "curl is missing"
if curl --silent --output /dev/null "$url"; then fail "$url is already in use; choose another port with PORT"; fi

case $engine in
buildah)
    build_with_buildah
    serve_with_buildah
    ;;
*)
    build_with_daemon
    serve_with_daemon
    ;;
esac
wait_until_ready
check_server
case $engine in buildah) stop_with_buildah ;; *) stop_with_daemon ;; esac
echo "image: built and tested"

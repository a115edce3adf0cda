#!/bin/sh
# Runs the commands of the README in a new minimal Debian, with the last commit and an empty environment:
# `make install`, `make run` and the tour, then `make test`. Needs root, debootstrap, and the machine's Rust, which is copied.
#
#   NEWCOMER  which parts to run: "run test" (the default), "run" or "test"
#   PORT      the port on 127.0.0.1; default: 8080
#   MIRROR    the Debian archive; default: that of this machine
#   TMPDIR    a folder with 10 GB of free space; default: /var/tmp
set -eu

cd "$(dirname "$0")/.."
PATH="$PATH:$HOME/.cargo/bin:/usr/sbin:/sbin"
. scripts/debian.sh

parts=${NEWCOMER:-run test}
port=${PORT:-8080}

# ---- Inside: a mount and a process namespace, so that all mounts and processes end with it

# Runs a shell line in the new system, as root, with an empty environment (`env -i`) and rustup's folder in PATH.
run_inside() {
    chroot "$tree" /usr/bin/env -i HOME=/root TERM=dumb PATH=/root/.cargo/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
        /bin/sh -c "cd /root/staygate && $1"
}

run_and_tour() {
    say "make install"
    run_inside "make install"
    command="make run"
    [ "$port" = 8080 ] || command="make run ARGS='--listen 127.0.0.1:$port'"
    say "$command"
    run_inside "exec $command" &
    make_pid=$!
    # `make` ends when the build fails or the server does.
    until run_inside "staygate health --url http://127.0.0.1:$port" >/dev/null 2>&1; do
        kill -0 "$make_pid" 2>/dev/null || fail "$command ended before the server was ready"
        sleep 1
    done
    tour="staygate tour"
    [ "$port" = 8080 ] || tour="$tour --url http://127.0.0.1:$port"
    say "$tour"
    run_inside "$tour"
    say "stopping the server"
    for process in "$tree"/proc/[0-9]*; do
        [ "$(cat "$process/comm" 2>/dev/null)" != staygate ] || kill -INT "$(basename "$process")"
    done
    wait "$make_pid" || fail "the server did not stop cleanly"
}

if [ "${1:-}" = --inside ]; then
    tree=$2
    mount --rbind /dev "$tree/dev"
    mount -t proc proc "$tree/proc"
    for part in $parts; do
        case $part in
        run) run_and_tour ;;
        test)
            say "make test"
            run_inside "make test"
            ;;
        esac
    done
    exit 0
fi

# ---- Outside

passed=""
for part in $parts; do
    case $part in
    run | test) passed="${passed:+$passed and }make $part" ;;
    *) fail "NEWCOMER=\"$parts\": must be run, test or both" ;;
    esac
done
[ -n "$passed" ] || fail "NEWCOMER is empty"
[ "$(id -u)" = 0 ] || fail "creating the system needs root: sudo env PATH=\"\$PATH\" HOME=\"\$HOME\" make newcomer"
case $parts in *run*)
    if has curl && curl --silent --output /dev/null "http://127.0.0.1:$port"; then
        fail "127.0.0.1:$port is in use; choose another with PORT"
    fi
    ;;
esac

work=$(mktemp -d "${TMPDIR:-/var/tmp}/staygate-newcomer.XXXXXX")
inside=""
# The mounts are not visible here, so only the folder's own files can be deleted.
clean() {
    if [ -n "$inside" ]; then
        kill -KILL "$inside" 2>/dev/null || true
        wait "$inside" 2>/dev/null || true
    fi
    # Killed processes may take a moment to exit.
    rm -rf "$work" 2>/dev/null || { sleep 2 && rm -rf "$work"; }
}
trap clean EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

tree=$work/debian
debian bookworm "$tree" gcc,libc6-dev,make,ca-certificates
copy_network_settings "$tree"
copy_rust "$tree" /root/.cargo
say "the last commit: $(git -c safe.directory="$PWD" log -1 --format='%h %s')"
mkdir "$tree/root/staygate"
git -c safe.directory="$PWD" archive HEAD | tar -x -C "$tree/root/staygate"

unshare --mount --pid --fork --kill-child sh scripts/newcomer.sh --inside "$tree" &
inside=$!
wait "$inside" || fail "the commands of the README failed"
inside=""
echo "newcomer: $passed passed"

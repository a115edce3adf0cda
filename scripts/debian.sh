# Sourced by the scripts that make a small Debian of their own with debootstrap. They set PATH and have `set -eu`.

say() { echo "==> $*"; }

fail() {
    echo "error: $*" >&2
    exit 1
}

has() { command -v "$1" >/dev/null 2>&1; }

# The archive that the machine's own apt uses, or nothing: then debootstrap takes its own. MIRROR chooses another.
debian_mirror() {
    if [ -n "${MIRROR:-}" ]; then
        echo "$MIRROR"
    else
        cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources 2>/dev/null |
            grep -E '^(deb |URIs:)' | grep -oE 'https?://[^ ]+/debian/?( |$)' | head -n 1 | tr -d ' '
    fi
}

# debian SUITE FOLDER PACKAGES: a minimal system with those packages. An unfinished one of an earlier try is thrown away.
debian() {
    [ "$(id -u)" = 0 ] || fail "making a Debian in $2 needs root"
    has debootstrap || fail "debootstrap is missing. On Debian: apt-get install debootstrap"
    rm -rf "$2.new"
    mkdir -p "$(dirname "$2")"
    say "debootstrap --variant=minbase --include=$3 $1 $2 $(debian_mirror)"
    # shellcheck disable=SC2046 # no mirror is no argument
    debootstrap --variant=minbase --include="$3" "$1" "$2.new" $(debian_mirror) >"$2.log" 2>&1 || {
        tail -n 20 "$2.log" >&2
        fail "debootstrap did not work; all it said is in $2.log"
    }
    mv "$2.new" "$2"
    rm -f "$2.log"
}

# What the machine needs to reach the network holds in FOLDER too: names, trusted certificates, apt's archives and proxies.
lend_network() {
    for file in /etc/resolv.conf /etc/hosts /etc/ssl/certs/ca-certificates.crt; do
        if [ -e "$file" ]; then
            mkdir -p "$1$(dirname "$file")"
            cp -L "$file" "$1$file"
        fi
    done
    cp -RL /usr/local/share/ca-certificates "$1/usr/local/share/" 2>/dev/null || true
    grep -lE '^ *Acquire::(https?|Check|Retries)' /etc/apt/apt.conf /etc/apt/apt.conf.d/* 2>/dev/null |
        while read -r file; do cp -L "$file" "$1/etc/apt/apt.conf.d/"; done
}

# lend_rust FOLDER CARGO_HOME: the machine's Rust, as it is on its disk, to /usr/local there; with its registry, so that nothing
# need be downloaded twice.
lend_rust() {
    has cargo || fail "Rust is missing. Install it as https://rustup.rs says."
    sysroot=$(rustc --print sysroot)
    from=${CARGO_HOME:-$HOME/.cargo}
    say "copying Rust from $sysroot"
    for part in bin lib libexec; do
        [ ! -e "$sysroot/$part" ] || cp -a "$sysroot/$part" "$1/usr/local/"
    done
    # A distribution's cargo may be elsewhere than its compiler.
    [ -e "$1/usr/local/bin/cargo" ] || cp -L "$(command -v cargo)" "$1/usr/local/bin/"
    mkdir -p "$1$2"
    for part in config.toml registry; do
        [ ! -e "$from/$part" ] || cp -a "$from/$part" "$1$2/"
    done
}

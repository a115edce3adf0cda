# Sourced by the scripts that create a minimal Debian with debootstrap, which set PATH and use `set -eu`.

say() { echo "==> $*"; }

fail() {
    echo "error: $*" >&2
    exit 1
}

has() { command -v "$1" >/dev/null 2>&1; }

# The archive that this machine's apt uses, or nothing: then debootstrap uses its default. MIRROR overrides it.
debian_mirror() {
    if [ -n "${MIRROR:-}" ]; then
        echo "$MIRROR"
    else
        cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources 2>/dev/null |
            grep -E '^(deb |URIs:)' | grep -oE 'https?://[^ ]+/debian/?( |$)' | head -n 1 | tr -d ' '
    fi
}

# debian SUITE FOLDER PACKAGES: creates a minimal system with those packages. What a failed attempt left behind is deleted.
debian() {
    [ "$(id -u)" = 0 ] || fail "creating a Debian in $2 needs root"
    has debootstrap || fail "debootstrap is missing. On Debian: apt-get install debootstrap"
    rm -rf "$2.new"
    mkdir -p "$(dirname "$2")"
    say "debootstrap --variant=minbase --include=$3 $1 $2 $(debian_mirror)"
    # shellcheck disable=SC2046 # without a mirror there is no argument
    debootstrap --variant=minbase --include="$3" "$1" "$2.new" $(debian_mirror) >"$2.log" 2>&1 || {
        tail -n 20 "$2.log" >&2
        fail "debootstrap failed; its output is in $2.log"
    }
    mv "$2.new" "$2"
    rm -f "$2.log"
}

# Copies this machine's network settings to FOLDER: name resolution, trusted certificates, apt's archives and proxies.
copy_network_settings() {
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

# copy_rust FOLDER CARGO_HOME: copies this machine's Rust to /usr/local in FOLDER, and its crate registry to CARGO_HOME there, so
# that nothing is downloaded twice.
copy_rust() {
    has cargo || fail "Rust is missing. Install it as https://rustup.rs says."
    sysroot=$(rustc --print sysroot)
    from=${CARGO_HOME:-$HOME/.cargo}
    say "copying Rust from $sysroot"
    for part in bin lib libexec; do
        [ ! -e "$sysroot/$part" ] || cp -a "$sysroot/$part" "$1/usr/local/"
    done
    # A distribution's cargo may be in another folder than its compiler.
    [ -e "$1/usr/local/bin/cargo" ] || cp -L "$(command -v cargo)" "$1/usr/local/bin/"
    mkdir -p "$1$2"
    for part in config.toml registry; do
        [ ! -e "$from/$part" ] || cp -a "$from/$part" "$1$2/"
    done
}

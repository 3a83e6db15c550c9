# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# An https server with a certificate authority made on the spot, and keys that sign.

# certify: a certificate for localhost, and what trusts it
certify() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 \
        -subj /CN=localhost -addext subjectAltName=DNS:localhost \
        -keyout "$TMPDIR/server.key" -out "$TMPDIR/server.crt" 2>/dev/null || return 1
    cat "$TMPDIR/server.key" "$TMPDIR/server.crt" >"$TMPDIR/server.pem"
    export CURL_CA_BUNDLE=$TMPDIR/server.crt
    unset http_proxy https_proxy all_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY no_proxy NO_PROXY
}

# Start it on $SERVED, with its ports in $port_a, $port_b and $port_plain, and its address in $a, $b and $plain.
serve_images() {
    SERVED=$TMPDIR/served
    mkdir -p "$SERVED/a" "$SERVED/b"
    certify || return 1
    mkfifo "$TMPDIR/ports"
    python3 "$SRCDIR/tests/support/image_server.py" "$SERVED" "$TMPDIR/server.pem" \
        >"$TMPDIR/ports" 2>"$TMPDIR/server.log" </dev/null &
    server=$!
    read -r port_a port_b port_plain <"$TMPDIR/ports"
    a=https://localhost:$port_a b=https://localhost:$port_b plain=http://localhost:$port_plain
    [ -n "$port_plain" ]
}

# keys_begin: a home for gpg, as short as its sockets' names have to be
keys_begin() {
    GNUPGHOME=$(mktemp -d /tmp/keys.XXXXXX)
    export GNUPGHOME
    trap 'gpgconf --kill all >/dev/null 2>&1; rm -rf "$GNUPGHOME"' EXIT
}

# gpg without questions
sign_with() {
    gpg -q --batch --no-tty --yes --pinentry-mode loopback --passphrase '' "$@" 2>>"$TMPDIR/gpg.log"
}

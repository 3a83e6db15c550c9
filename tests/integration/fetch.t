#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What servers do to a download: the file that results is the right one, or there is an error that says why.
. "${SRCDIR:?run this by make check}/tests/integration/lib.sh"
. "$SRCDIR/tests/support/image_server.sh"
fetcher=$BUILDDIR/tests/support/fetcher
[ -x "$fetcher" ] || skip_all "this was built without libcurl"
serve_images || skip_all "cannot serve https here: $(tail -n 1 "$TMPDIR/server.log")"

python3 - "$SERVED" <<'P'
import hashlib, sys
body = b"".join(hashlib.sha256(str(i).encode()).digest() for i in range(10000))
for directory in "ab":
    with open(f"{sys.argv[1]}/{directory}/f.bin", "wb") as file:
        file.write(body)
P
sum=$(sha256sum <"$SERVED/a/f.bin")
sum=${sum%% *}
file=$TMPDIR/file

# fetched NAME URL [ARGUMENT...]: the right file
fetched() {
    run "$fetcher" get "$2" "$file" "${@:3}"
    is "$status ${out##*$'\n'}" "0 $sum" "$1"
    cmp -s "$file" "$SERVED/a/f.bin" || ok 1 "the file is right: $1"
    [ -z "$err" ] || echo "# $err"
}

rm -f "$file"
fetched "a file is fetched" "$a/f.bin"
like "$(stat -c %a "$file")" 600 "the file is for its owner only"
for variant in no-length cut gzip x-gzip; do
    rm -f "$file"
    fetched "a file is fetched: $variant" "$a/how/$variant/f.bin"
done
is "$(grep -c Accept-Encoding=identity "$SERVED/requests")" "$(grep -c GET "$SERVED/requests")" \
    "each request asks for the bytes as they are stored"
like "$(grep -m1 Range= "$SERVED/requests")" "a GET /how/cut/f.bin Range=bytes=100000- If-Range=\"*\"*" \
    "a cut download goes on where it ended, if the file is the same"
for variant in ignores-range from-0 from-before short-part other-total other-etag no-content-range not-satisfiable changed; do
    rm -f "$file"
    fetched "a download continues or starts again: $variant" "$a/how/$variant/f.bin"
done

# A disk: zeros are holes, also at its beginning, its end, and where it is cut.
python3 - "$SERVED" <<'P'
import sys
data = bytes(range(1, 251)) * 33
with open(sys.argv[1] + "/a/disk", "wb") as file:
    file.write(bytes(130000) + data + bytes(1000000) + data + bytes(99001))
P
for variant in '' how/cut/; do
    for size in 0 130001 2000000; do
        head -c $size /dev/urandom >"$file"
        run "$fetcher" get "$a/${variant}disk" "$file"
        is "$status|$(cmp "$SERVED/a/disk" "$file")" "0|" "a file with zeros is fetched over $size bytes: '$variant'"
        ok "$([ "$(stat -c %b "$file")" -le 72 ]; echo $?)" "it has holes: '$variant'"
    done
done
for size in 40000 135000 500000 "$(stat -c %s "$SERVED/a/disk")"; do
    etag=\"$(sha256sum <"$SERVED/a/disk" | head -c 16)\"
    head -c "$size" "$SERVED/a/disk" >"$file"
    run "$fetcher" get "$a/disk" "$file" "$etag" "$(stat -c %s "$SERVED/a/disk")"
    is "$status|$(cmp "$SERVED/a/disk" "$file")" "0|" "a file with zeros is fetched behind $size bytes that were there"
done

# Over the bytes of an earlier run.
etag=\"${sum:0:16}\"
head -c 150000 "$SERVED/a/f.bin" >"$file"
fetched "bytes of an earlier run are kept" "$a/f.bin" "$etag" 320000
like "$out" "*resumed=150000*" "only the rest is fetched"
head -c 150000 /dev/zero >"$file"
fetched "bytes of an earlier file are not kept" "$a/f.bin" '"other"' 320000
head -c 150000 /dev/zero >"$file"
fetched "bytes of a file of another size are not kept" "$a/f.bin" "$etag" 310000
cp "$SERVED/a/f.bin" "$file"
fetched "a file that is whole is fetched again by its last byte" "$a/f.bin" "$etag" 320000
like "$out" "*resumed=319999*" "all but the last byte is kept"
head -c 400000 /dev/zero >"$file"
fetched "what is behind the end goes" "$a/f.bin"

for variant in cut-weak cut-no-etag; do
    rm -f "$file"
    fails "https://*: the connection ended after 100.0 kB of 320.0 kB" \
        "what can't be taken up again is an error: $variant" "$fetcher" get "$a/how/$variant/f.bin" "$file"
done
fails "*206*" "a part that nobody asked for is refused" "$fetcher" get "$a/how/unasked-part/f.bin" "$file"
FETCH_STALL=2 fails "*next to nothing*" "a server that stalls is left" "$fetcher" get "$a/how/stalls/f.bin" "$file"
FETCH_MAX=100000 fails "*320.0 kB, and 100.0 kB are the limit" "a file that is too large is refused" \
    "$fetcher" get "$a/f.bin" "$file"
FETCH_MAX=1000000 fails "*more than 1.0 MB, which is the limit" "a file without an end is left at the limit" \
    "$fetcher" get "$a/how/endless/f.bin" "$file"
[ "$(stat -c %s "$file")" -le 1000000 ]
ok $? "no more than the limit is written"
FETCH_HEAD=1 fails "text/html is not an image" "a page in the place of a file is noticed" \
    "$fetcher" get "$a/how/page/f.bin" "$file"
FETCH_HEAD=1 fails "application/gzip is not an image" "an empty file is noticed" \
    "$fetcher" get "$a/how/empty/f.bin" "$file"
fails "*$a/none: the server has no such file (404)" "a missing file is an error" "$fetcher" get "$a/none" "$file"
CURL_CA_BUNDLE=/dev/null fails "cannot fetch *" "a server of an unknown authority is refused" \
    "$fetcher" get "$a/f.bin" "$file"

# Redirects.
fetched "a redirect to another host is followed" "$a/how/to-b/f.bin"
fails "*https to http*a signature or a given sum decides" "a redirect from https to http is not followed" \
    "$fetcher" get "$a/how/to-plain/f.bin" "$file"
fails "*only http and https*" "a redirect to a file is not followed" "$fetcher" get "$a/how/to-file/f.bin" "$file"
fails "*redirects more than 10 times" "redirects in a circle end" "$fetcher" get "$a/how/to-itself/f.bin" "$file"
: >"$SERVED/requests"
export FETCH_TOKEN='Bearer secret'
for way in to-b to-login to-same; do
    fetched "a file that needs a token is fetched: $way" "$a/how/$way/f.bin"
    fetched "a file that needs a password is fetched: $way" "https://you:hidden@localhost:$port_a/how/$way/f.bin"
done
fetched "a file of http is fetched" "$plain/how/to-same/f.bin"
is "$(grep -c '^b .*Authorization' "$SERVED/requests")" 0 "no other server sees a token or a password"
is "$(grep -c '^b GET' "$SERVED/requests")" 4 "the other server was asked"
is "$(grep '^a' "$SERVED/requests" | grep -vc Authorization)" 0 "the server that they are for sees them each time"
unset FETCH_TOKEN
run "$fetcher" get "https://you:hidden@localhost:$port_a/none" "$file"
like "$err" "https://localhost:$port_a/none: *" "an error doesn't show a password"

# Proxies.
: >"$SERVED/requests"
http_proxy=$plain run "$fetcher" get "http://elsewhere.invalid/f.bin" "$file"
like "$(cat "$SERVED/requests")" "plain GET http://elsewhere.invalid/f.bin *" "a proxy is asked"

# A full file system.
mkdir "$TMPDIR/small"
if mount -t tmpfs -o size=200k tmpfs "$TMPDIR/small" 2>/dev/null; then
    fails "no space is left on the file system of $TMPDIR/small/f: * more are needed" "a full file system is named" \
        "$fetcher" get "$a/f.bin" "$TMPDIR/small/f"
    fails "no space is left on the file system of $TMPDIR/small/f" "and where the size isn't known" \
        "$fetcher" get "$a/how/no-length/f.bin" "$TMPDIR/small/f"
    umount "$TMPDIR/small"
else
    skip "cannot mount here" "a full file system is named"
fi

kill "$server"
done_testing

#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Sums and signatures: what a publisher vouched for passes, and nothing else does.
. "${SRCDIR:?run this by make check}/tests/integration/lib.sh"
. "$SRCDIR/tests/support/image_server.sh"
fetcher=$BUILDDIR/tests/support/fetcher
[ -x "$fetcher" ] || skip_all "this was built without libcurl"
command -v gpgv >/dev/null && command -v gpg >/dev/null || skip_all "gpg or gpgv isn't installed"
keys_begin
cd "$TMPDIR" || exit 1
echo data >data

# make_key NAME TIME EXPIRY [USAGE]; sign NAME TIME FILE [OPTION...]; keyring NAME
make_key() {
    sign_with --faked-system-time "$2" --quick-gen-key "$1 <$1@example.org>" ed25519 "${4-sign}" "$3"
}
sign() {
    rm -f "$3"
    sign_with --faked-system-time "$2!" -u "$1@example.org" "${@:4}" -o "$3" --detach-sign data
}
keyring() {
    gpg -q --export "$1@example.org" >"$1.gpg"
}
fingerprint() {
    gpg --batch --with-colons --list-keys "$1@example.org" | awk -F: '$1 ~ "^fp" { print $10; exit }'
}

# passes NAME KEYRING SIGNATURE [FILE]
passes() {
    run "$fetcher" signature "$2" "$3" "${4-data}"
    is "$status ${err}" "0 " "$1"
}
# refused PATTERN NAME KEYRING SIGNATURE [FILE]
refused() {
    fails "$1" "$2" "$fetcher" signature "$3" "$4" "${5-data}"
}

make_key good 20240101T000000 never
sign good 20240201T000000 good.sig
sign good 20240201T000000 good.asc --armor
keyring good
gpg -q --armor --export good@example.org >good.armoured
passes "a signature of a known key passes" good.gpg good.sig
passes "an armoured signature passes" good.gpg good.asc
passes "an armoured keyring does" good.armoured good.sig
echo other >other
refused "the signature of key * does not fit*" "other data is refused" good.gpg good.sig other
like "$err" "*$(fingerprint good | tail -c 17)*" "the key is named"
: >empty
refused "it has no OpenPGP key*" "an empty keyring is refused" empty good.sig

make_key stranger 20240101T000000 never
sign stranger 20240201T000000 stranger.sig
refused "it is signed by key $(fingerprint stranger), *gpg --export $(fingerprint stranger) >*/mymachines/keyring.d/*" \
    "an unknown key is named, with how to add it" good.gpg stranger.sig
cat good.sig stranger.sig >both.sig
passes "a signature beside that of an unknown key passes" good.gpg both.sig

# Two publishers, each with a keyring of its own.
keyring stranger
for rings in good.gpg:stranger.gpg stranger.gpg:good.gpg; do
    for name in good stranger; do
        passes "a signature by $name passes with the keyrings $rings" "$rings" "$name.sig"
    done
done

# Of all that is not a detached signature.
sign_with -u good@example.org -o message --sign data
refused "it is not an OpenPGP signature*" "a signed message in place of a signature is refused" \
    good.gpg message other
sign_with -u good@example.org -o clear --clear-sign data
refused "it is not an OpenPGP signature*" "a clear-signed text in place of a signature is refused" good.gpg data
sign_with -u good@example.org -a -o message.asc --sign data
refused "it is not an OpenPGP signature*" "and an armoured message" good.gpg message.asc other
head -c 40 good.sig >cut.sig
refused "it is not an OpenPGP signature*" "a signature that was cut is refused" good.gpg cut.sig

printf '\xa8\x01\x00' | cat - good.sig >marker.sig
refused "it has something else than signatures in it" "other packets beside a signature are refused" good.gpg marker.sig

# Clear-signed texts.
run "$fetcher" signature good.gpg clear -
is "$status $out" "0 data" "a clear-signed text passes, and is what is signed"
sed s/data/dato/ clear >changed
refused "*does not fit*" "a clear-signed text that was changed is refused" good.gpg changed -
cat clear clear >twice
refused "it has several signed texts" "two clear-signed texts are refused" good.gpg twice -
{ echo before; cat clear; } >before
refused "not clear-signed" "a text before the signed one is refused" good.gpg before -
{ cat clear; echo "evil"; } >after
run "$fetcher" signature good.gpg after -
is "$out" "data" "a text behind the signed one doesn't count"

# Expiry: the time of the signature counts.
make_key old 20200101T000000 30d
sign old 20200110T000000 old.sig
keyring old
passes "a signature made before its key expired passes" old.gpg old.sig
sign old 20200301T000000 late.sig --ignore-time-conflict --ignore-valid-from
if [ -s late.sig ]; then
    refused "the key $(fingerprint old) expired on 2020-01-31, before it signed this on 2020-03-01*" \
        "a signature made after its key expired is refused" old.gpg late.sig
else
    # gpg doesn't sign by an expired key: by one that expires later, whose former self is in the keyring.
    sign_with --faked-system-time 20200301T000000 --quick-set-expire "$(fingerprint old)" 10y
    sign old 20200302T000000 late.sig
    refused "the key $(fingerprint old) expired on 2020-01-31, before it signed this on 2020-03-02*" \
        "a signature made after its key expired is refused" old.gpg late.sig
    keyring old
    passes "the same passes with the key that was extended" old.gpg late.sig
fi
make_key early 20240101T000000 never
sign early 20240201T000000 early.sig
keyring early
sign_with -u early@example.org --faked-system-time 20240201T000000! -o short.sig \
    --default-sig-expire 1d --detach-sign data
refused "the signature of key * has expired" "a signature that expired is refused" early.gpg short.sig
sign_with -u early@example.org --faked-system-time "$(($(date +%Y) + 3))0101T000000!" -o future.sig --detach-sign data
refused "the signature of key * is in the future*" "a signature of the future is refused" early.gpg future.sig

# Revocation: for good, or from then on. revoke NAME REASON TIME
revoke() {
    printf 'y\n%s\n\ny\n' "$2" |
        gpg -q --no-tty --command-fd 0 --status-fd 2 --pinentry-mode loopback --passphrase '' \
            --faked-system-time "$3!" --gen-revoke "$1@example.org" >"$1.revocation" 2>>"$TMPDIR/gpg.log"
    sign_with --import "$1.revocation"
    keyring "$1"
}
n=0
for reason in "0 hard no-reason" "1 hard compromised" "2 soft superseded" "3 soft retired"; do
    read -r number kind word <<<"$reason"
    n=$((n + 1))
    make_key "r$n" 20240101T000000 never
    sign "r$n" 20240201T000000 before.sig
    sign "r$n" 20240401T000000 after.sig
    revoke "r$n" "$number" 20240301T000000
    if [ "$kind" = hard ]; then
        refused "the key $(fingerprint r$n) is revoked, as compromised or without a reason" \
            "nothing of a revoked key passes: $word" "r$n.gpg" before.sig
    else
        passes "what was signed before a key was $word passes" "r$n.gpg" before.sig
        refused "the key $(fingerprint r$n) was revoked on 2024-03-01, before it signed this on 2024-04-01" \
            "what was signed after a key was $word is refused" "r$n.gpg" after.sig
    fi
done

# Subkeys.
make_key sub 20240101T000000 never cert
primary=$(fingerprint sub)
sign_with --faked-system-time 20240102T000000 --quick-add-key "$primary" ed25519 sign 90d
keyring sub
sign sub 20240201T000000 sub.sig
passes "a signature of a subkey passes" sub.gpg sub.sig
sign_with --faked-system-time 20240301T000000! --quick-set-expire "$primary" 10y '*'
sign sub 20240602T000000 sublate.sig
refused "the subkey * expired on 2024-04-01, before it signed this on 2024-06-02*" \
    "a signature made after its subkey expired is refused" sub.gpg sublate.sig
printf 'key 1\nrevkey\ny\n1\n\ny\nsave\n' |
    gpg -q --no-tty --command-fd 0 --status-fd 2 --pinentry-mode loopback --passphrase '' \
        --faked-system-time 20240701T000000! --edit-key "$primary" >>"$TMPDIR/gpg.log" 2>&1
keyring sub
refused "the subkey * is revoked, as compromised*" "a signature of a revoked subkey is refused" sub.gpg sub.sig

# Usage: gpg doesn't sign by a key that isn't meant for it, so the key's usage changes afterwards.
make_key use 20240101T000000 never sign,cert
sign use 20240201T000000 use.sig
printf 'change-usage\nS\nQ\nsave\n' |
    gpg -q --no-tty --expert --command-fd 0 --status-fd 2 --pinentry-mode loopback --passphrase '' \
        --faked-system-time 20240301T000000! --edit-key "$(fingerprint use)" >>"$TMPDIR/gpg.log" 2>&1
keyring use
refused "the key * is not meant for signing" "a signature of a key that isn't meant for signing is refused" use.gpg use.sig

# A weak hash.
sign good 20240301T000000 sha1.sig --digest-algo SHA1 --allow-weak-digest-algos
if gpg --list-packets sha1.sig 2>/dev/null | grep -q 'digest algo 2'; then
    refused "*can be forged*" "a signature by SHA-1 is refused" good.gpg sha1.sig
else
    skip "this gpg makes no SHA-1 signatures" "a signature by SHA-1 is refused"
fi

# Lists beside a file, from a server.
serve_images || skip_all "cannot serve https here"
for directory in a b; do
    cp /bin/true "$SERVED/$directory/disk.raw"
done
d=$SERVED/a
verified() {
    run "$fetcher" check "$2" "$a/${4-disk.raw}" fetched "$3"
    is "$status $err" "0 " "$1"
}
unverified() {
    fails "$1" "$2" "$fetcher" check "$3" "$a/disk.raw" fetched "$4"
}
publish() {
    (cd "$d" && "$1" disk.raw >"$2")
}
detach() {
    rm -f "$d/$2"
    sign_with -u good@example.org "${@:3}" -o "$d/$2" --detach-sign "$d/$1"
}
sum=$(sha256sum <"$d/disk.raw")
sum=${sum%% *}
unverified "*neither a list with its SHA-256 or SHA-512 sum nor a signature*--verify=sha256:SUM*" \
    "without anything beside it, it is an error" signature good.gpg
unverified "*neither a list*" "for checksum, too" checksum good.gpg
verified "no takes it as it is" no good.gpg
verified "a sum that is given is enough" "sha256:$sum" good.gpg
unverified "*isn't the expected file*" "another sum is refused" "sha256:${sum//[0-9]/a}" good.gpg
for form in "sha256sum SHA256SUMS" "sha512sum SHA512SUMS" "sha256sum disk.raw.sha256" "sha512sum disk.raw.sha512" \
    "sha256sum disk.raw.SHA256" "sha512sum disk.raw-SHA512SUMS" "sha256sum CHECKSUMS" "sha512sum CHECKSUM.SHA512" \
    "sha256sum sha256sums.txt" "sha512sum sha512sum.txt"; do
    read -r program list <<<"$form"
    publish "$program" "$list"
    unverified "*$list has the sum of 'disk.raw', but no signature; *--verify=checksum" \
        "a list without a signature isn't enough: $list" signature good.gpg
    verified "a list is enough for checksum: $list" checksum good.gpg
    for suffix in gpg asc sig sign; do
        detach "$list" "$list.$suffix"
        verified "a signed list passes: $list.$suffix" signature good.gpg
        like "$out" "*signed by $(fingerprint good) (good <good@example.org>)*" "it tells who signed: $list.$suffix"
        rm "$d/$list.$suffix"
    done
    sign_with -u good@example.org -o "$d/clear" --clear-sign "$d/$list"
    mv "$d/clear" "$d/$list"
    verified "a clear-signed list passes: $list" signature good.gpg
    rm "$d/$list"
done
detach disk.raw disk.raw.sig
verified "a signature of the file itself passes" signature good.gpg
cp "$d/disk.raw" "$d/saved"
echo more >>"$d/disk.raw"
unverified "*disk.raw.sig: the signature of key * does not fit*" "a file that was changed is refused" signature good.gpg
rm "$d/disk.raw.sig"
cp "$d/saved" "$d/disk.raw"
publish sha256sum SHA256SUMS
detach SHA256SUMS SHA256SUMS.gpg
echo more >>"$d/disk.raw"
unverified "*doesn't have its publisher's sum: the file's is *SHA256SUMS it is $sum*" \
    "a file that isn't in the signed list is refused, with both sums" signature good.gpg
publish sha256sum SHA256SUMS
unverified "*SHA256SUMS: the signature of key * does not fit*" "a list that was changed is refused" signature good.gpg
unverified "*SHA256SUMS: it is signed by key *" "a list of an unknown key is refused" signature old.gpg
cp "$d/saved" "$d/disk.raw"
printf '%s  disk.raw\n%s  disk.raw\n' "$sum" "${sum//[0-9]/a}" >"$d/SHA256SUMS"
unverified "*two different SHA-256 sums*" "a list that contradicts itself is refused" checksum good.gpg

# A redirector sent the list from one mirror and the file from another, newer one.
publish sha256sum SHA256SUMS
detach SHA256SUMS SHA256SUMS.gpg
echo newer >>"$SERVED/b/disk.raw"
fails "*doesn't have its publisher's sum*" "a mirror of another age without a list is an error" \
    "$fetcher" check signature "$a/how/to-b/disk.raw" fetched good.gpg
d=$SERVED/b
publish sha256sum SHA256SUMS
detach SHA256SUMS SHA256SUMS.gpg
verified "a mirror of another age is asked for its own list" signature good.gpg how/to-b/disk.raw
cmp -s fetched "$SERVED/b/disk.raw"
ok $? "the newer file is there"
rm "$SERVED/b/SHA256SUMS.gpg"
fails "*doesn't have its publisher's sum*" "the mirror's own list has to be signed, too" \
    "$fetcher" check signature "$a/how/to-b/disk.raw" fetched good.gpg
# http at the end, where the signature decides.
verified "a redirect to http is followed where a signature decides" signature good.gpg how/to-plain/disk.raw
fails "*https to http*" "and isn't where only a list does" \
    "$fetcher" check checksum "$a/how/to-plain/disk.raw" fetched good.gpg

# Without gpgv.
mkdir bin
ln -s "$(command -v sha256sum)" bin
run env PATH="$TMPDIR/bin" "$fetcher" check signature "$a/disk.raw" fetched good.gpg
like "$err" "*gpgv isn't installed*" "a missing gpgv is named"
kill "$server"
done_testing

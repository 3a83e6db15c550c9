#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Images of container registries and engines: layers become a directory, and what is wrong becomes none.
. "${SRCDIR:?run this by make check}/tests/integration/lib.sh"
need_root
. "$SRCDIR/tests/support/image_server.sh"
. "$SRCDIR/tests/support/kill_steps.sh"
[ -x "$BUILDDIR/mymachines-import" ] || skip_all "this was configured without libarchive"
[ -x "$BUILDDIR/tests/support/fetcher" ] || skip_all "this was configured without libcurl"
pool=/var/lib/machines
mkdir -p "$pool" && mount -t tmpfs -o mode=700,size=64m tmpfs "$pool" ||
    skip_all "cannot mount a file system over $pool"
cd "$TMPDIR" || exit 1
served=$TMPDIR/registry
mkdir -p "$served"
certify || skip_all "cannot make a certificate"
mkfifo ports
python3 "$SRCDIR/tests/support/registry.py" "$served" "$TMPDIR/server.pem" >ports 2>server.log </dev/null &
server=$!
read -r port port_storage port_plain <ports
[ -n "$port_plain" ] || skip_all "cannot serve https here"
r=localhost:$port
digest=$(python3 "$SRCDIR/tests/support/oci_images.py" "$served" "https://localhost:$port_storage") || exit 1
names() {
    (cd "$pool" && find . -mindepth 1 -maxdepth 1 ! -name '*.lck' -printf '%f ' | tr ' ' '\n' | sort | tr '\n' ' ')
}
clear_pool() {
    rm -rf "${pool:?}"/* "${pool:?}"/.#*
    : >"$served/requests"
}
listing() {
    (cd "$pool/$1" && find . -mindepth 1 -type l -printf '%P->%l ' -o -type d -printf '%P/ ' -o -printf '%P ' |
        tr ' ' '\n' | sort | tr '\n' ' ')
}

# pulled NAME: the last command has made the image i of both layers
pulled() {
    is "$status|$(listing i)" "0|$flat" "$1"
    [ "$status" = 0 ] || sed 's/^/# /' <<<"$err"
}

# --- what is unpacked ---
run mymachines pull-oci "$r/open/app:1.0"
like "$status|$err" "0|*app: pull-oci done: *$r/open/app:1.0: not signed: only https and the registry $r vouch for it; it is pinned by $r/open/app@$digest" \
    "an image becomes a directory, and the digest that pins it is told"
flat=$(listing app)
is "$flat" "data/ data/new data/sub/ data/sub/new etc/ etc/hard etc/new etc/os-release keep/ keep/added keep/below keep/below2 lib->usr/lib tmp-of-the-host up->/../../.. usr/ usr/lib/ usr/lib/added " \
    "layers lie one over the other, whiteouts hide what is below their own layer, and links on the way lead nowhere out"
is "$(stat -c %h "$pool/app/etc/hard" "$pool/app/keep/below2" | paste -sd' ') $(cat "$pool/app/usr/lib/added")" "2 2 added" \
    "a hard link can lead to a file of a lower layer"
is "$(stat -c '%a %u %n' "$pool/app" "$pool/app.nspawn")" "755 0 $pool/app
644 0 $pool/app.nspawn" "the settings are beside the image"
is "$(names)" "app app.nspawn " "nothing else is left"
is "$(cat "$pool/app.nspawn")" '# What the image asks for itself. systemd-nspawn does not trust it.
[Exec]
ProcessTwo=yes
Parameters="/bin/program" "two words" "quo"'"'"'"'"'"'"te" "back\slash\" "$x %i"
Environment="PATH=/bin:/usr/bin"
Environment="GREETING=hello world"
User=1000
WorkingDirectory=/srv/my data
KillSignal=SIGINT' "only what gives no right is taken from the configuration"
like "$err" "*variable 'BAD' is left out: it has a control byte*variable '1X'*variable 'no-equals'*group is left out*" \
    "what is left out is reported"
[ ! -e /etc/systemd/nspawn/app.nspawn ]
ok $? "nothing is written where systemd-nspawn trusts settings"
mymachines clone app copy && mymachines rename copy moved
is "$(cmp "$pool/app.nspawn" "$pool/moved.nspawn")" "" "clone and rename take the settings along"
mymachines remove moved
clear_pool

for name in docker packed-none packed-gzip packed-bzip2 packed-zstd docker-zstd index list nested; do
    if [ ! -e "$served/repositories/open/$name" ]; then
        skip "zstd isn't installed" "an image is unpacked: $name"
        continue
    fi
    run mymachines pull-oci -q "$r/open/$name" i
    is "$status|$(listing i)|$(grep -c Entry "$pool/i.nspawn")" "0|$flat|0" "an image is unpacked: $name"
    mymachines remove i
done
run mymachines pull-oci -q "$r/open/app@$digest" pinned
is "$status|$err|$(listing pinned)" "0|$(grep '' <<<"$err")|$flat" "an image is pulled by its digest"
run mymachines pull-oci --force "$r/open/app:nonsense@$digest" pinned
like "$status|$err" "0|*: has the digest that was given" "with a digest, the tag is only a word"
run mymachines pull-oci "$r/open/app@sha256:${digest//[0-9a-f]/0}" x
like "$status|$err" "1|*" "another digest isn't there"
run mymachines pull-oci -q "$r/open/link-replaced" link
is "$status|$(listing link | tr ' ' '\n' | grep lib | tr '\n' ' ')" "0|lib/ lib/own usr/lib/ usr/lib/libc " \
    "a directory that replaces a link hides nothing where the link led"
run mymachines pull-oci -q "$r/open/twice" twice
is "$status|$(cat "$pool/twice/keep/below" "$pool/twice/keep/below2")" "0|newbelow" \
    "a file that is replaced keeps its contents under another name; a layer can come twice"
run mymachines pull-oci -q "$r/open/init" init
is "$status|$(grep -E 'Boot|Two|Param' "$pool/init.nspawn" | paste -sd' ')" '0|Boot=yes Parameters="x"' "an image with an init boots"
run mymachines pull-oci "$r/open/control" control
like "$status|$err|$(grep -v '^#' "$pool/control.nspawn")" \
    "0|*command is left out: it has a control byte*user is left out*directory is left out*signal for stopping is left out*|\\[Exec\\]" \
    "no setting with a control byte is taken"
run mymachines pull-oci "$r/open/control-utf8" control8
like "$status|$err|$(grep -v '^#' "$pool/control8.nspawn")" \
    "0|*command is left out: it has a control byte*variable 'A' is left out: it has a control byte*directory is left out*|\[Exec\]
Environment=\"B=hé\"" "nor with a control character of two bytes"
run mymachines pull-oci "$r/open/variables" variables
like "$status|$err|$(grep -v '^#' "$pool/variables.nspawn")" "0|*environment is left out: it has too many variables*|\[Exec\]
User=5" "of too many variables, none is taken"
clear_pool

# --- platforms ---
run mymachines pull-oci "$r/open/foreign-platform" p
like "$status|$err" "1|*there is no image for linux/*There is: linux/s390x, linux/arm/v5" "without an image for this host, those that there are are listed"
run mymachines pull-oci -q --platform=s390x "$r/open/foreign-platform" p
is "$status|$(names)" "0|p p.nspawn " "--platform chooses another"
for pair in v7:v7 v6:v6 v8:v8 v5:v5; do
    run mymachines pull-oci -q --force --platform=linux/arm/${pair%:*} "$r/open/arms" p
    is "$status|$(listing p)" "0|${pair#*:} " "--platform=linux/arm/${pair%:*} takes the newest that it can run"
done
run mymachines pull-oci -q --force --platform=arm "$r/open/arms" p
is "$status|$(listing p)" "0|v7 " "arm without a variant is v7"
[ "$(uname -m)" = aarch64 ] || {
    run mymachines pull-oci "$r/open/arm64" q
    like "$status|$err" "1|*the image is for linux/arm64, and not for *--platform=linux/arm64 takes it*" "a lone image for another platform is refused"
}
run mymachines pull-oci -q --platform=linux/arm64/v8 "$r/open/arm64" q
is "$status" 0 "arm64 is arm64/v8"
run mymachines pull-oci --platform=a/b/c/d "$r/open/app" x
like "$status|$err" "1|*'a/b/c/d' is not a platform*" "an invalid platform is an error"
clear_pool

# --- registries ---
for how in token access placeholder no-scope two-scopes quoted schemes elsewhere plain-realm once other-realm cut; do
    clear_pool
    run mymachines pull-oci -q "$r/$how/app" i
    pulled "a registry is asked as it wants: $how"
    is "$(grep -vE "^registry /v2/$how/" "$served/requests" | grep -c Authorization)" 0 "nobody else is told a token or a password: $how"
    is "$(grep ' /token' "$served/requests" | grep -vc "scope=repository%3A$how%2Fapp%3Apull ")" 0 "the scope is to read this one: $how"
done
clear_pool
like "$(mymachines pull-oci -q "$r/elsewhere/app" i; cat "$served/requests")" "*storage /sha256:*" "layers can be on another server"
for row in 'neither|neither a valid .token. nor an .access_token.' 'control|neither a valid .token.' \
    'basic|wants a user and a password' 'other-digest|has the digest sha256:.* and sha256:0000' \
    'altered|has the digest' 'to-plain|redirects from https to http'; do
    clear_pool
    run mymachines pull-oci "$r/${row%%|*}/app" i
    grep -qE "${row#*|}" <<<"$err"
    is "$?|$status|$(names)" "0|1|" "a registry that can't be trusted gives no image: ${row%%|*}"
done
run mymachines pull-oci -q "$r/to-plain/app@$digest" i
pulled "with a digest, layers may come by http"
clear_pool
run mymachines pull-oci "$r/open/nothing"
like "$status|$err" "1|*the server has no such file (404)" "an image that isn't there"
run mymachines pull-oci "$r/open/urls" i
like "$status|$err" "1|*may not be passed on; addresses that the image names elsewhere are never fetched" "addresses in a manifest are never fetched"
is "$(grep -c outside "$served/requests")" 0 "and nobody else is asked"

# --- documents and layers that are wrong ---
while IFS='|' read -r name words; do
    clear_pool
    run mymachines pull-oci --size-max=16M "$r/open/$name" i
    [[ $status = 1 && $err = *"pull-oci: "*$words* ]]
    is "$?|$(names)" "0|" "an image is refused: $name"
    [[ $err = *$words* ]] || sed 's/^/# /' <<<"$err"
done <<'E2'
both-kinds|neither an index of images nor a manifest
wrong-type|its contents are another's
version-1|isn't a manifest of version 2
helm|not an image of a system: its configuration is of the type 'application/vnd.cncf.helm.config.v1+json'
encrypted|its layer 1 is of the type
no-layers|it has no layers
other-diff-id|layer 2 of 2: its archive has the digest
one-diff-id|the image has 2 layers, and its configuration 1
huge|its layers are too large
longer|and * are the limit
wh-none|names that begin with .wh. hide others
wh-dot|names that begin with .wh. hide others
wh-wh|names that begin with .wh. hide others
wh-way|names that begin with .wh. hide others
wh-out|the name has '..' in it
no-target|which isn't there
link-out|a link on the way leads nowhere
bomb|larger than 16.0 MiB; --size-max= sets the limit
E2
[ ! -e /tmp-of-the-host ] && [ -e /etc ]
ok $? "no layer reaches the host"

# --- files ---
for kind in app two nested saved; do
    clear_pool
    tag=$([ $kind = two ] && echo --tag=1.0)
    # shellcheck disable=SC2086
    run mymachines import-oci -q $tag "$served/layouts/$kind/" i
    is "$status|$(listing i)|$(names)" "0|$flat|i i.nspawn " "an image in a directory: $kind"
    tar -C "$served/layouts/$kind" -czf $kind.tar.gz .
    # shellcheck disable=SC2086
    run mymachines import-oci -q $tag $kind.tar.gz
    is "$status|$(listing $kind)|$([ -e "$pool/$kind.nspawn" ]; echo $?)" "0|$flat|0" "an image in an archive: $kind"
    # shellcheck disable=SC2086
    run sh -c "mymachines import-oci -q --force $tag - i <$kind.tar.gz"
    pulled "an image from standard input: $kind"
done
clear_pool
while IFS='|' read -r name words; do
    run mymachines import-oci "$served/layouts/$name" i
    [[ $status = 1 && $err = *"import-oci: "*$words* ]]
    is "$?|$(names)" "0|" "files are refused: $name"
    [[ $err = *$words* ]] || sed 's/^/# /' <<<"$err"
done <<'E2'
two|there are several images; choose one with --tag=. There is: 
damaged|a file of the image has the digest
escaping|cannot open 'blobs/sha256/
saved-wrong|layer 1 of 2: its archive has the digest
../repositories|neither oci-layout and index.json, nor the manifest.json
E2
run mymachines import-oci --tag=2.0 "$served/layouts/saved" i
like "$status|$err" "1|*no image with the tag 2.0. There is: example.org/app:1.0" "the tags that there are are listed"
run mymachines import-oci "$served/server.log" i
is "$status" 1 "a file that isn't there"
echo x >no-archive
run mymachines import-oci no-archive i
like "$status|$err|$(names)" "1|*not a tar archive*|" "a file that is not an archive"

# --- an image that is there ---
run mymachines pull-oci -q "$r/open/app"
: >"$served/requests"
run mymachines pull-oci -q "$r/open/app"
like "$status|$err|$(cat "$served/requests")" "1|*there is an image 'app' already*|" "an image that is there isn't replaced, and nothing is fetched"
run mymachines pull-oci -q --force "$r/open/init" app
is "$status|$(grep -c Boot=yes "$pool/app.nspawn")|$(ls "$pool/app")|$(names)" "0|1|$(ls "$pool/app")|app app.nspawn " \
    "with --force, the image and its settings are replaced"
run mymachines pull-oci --force "$r/open/wh-dot" app
is "$status|$(grep -c Boot=yes "$pool/app.nspawn")|$(cat "$pool/app/etc/gone")|$(names)" "1|1|x|app app.nspawn " \
    "after a failure, what was there is as it was"
mymachines remove app
is "$(names)" "" "remove takes the settings, too"

# --- no space left ---
head -c 64M /dev/zero >"$pool/.filler" 2>/dev/null
for words in "import-oci $served/layouts/app" "pull-oci $r/open/app"; do
    # shellcheck disable=SC2086
    run mymachines $words i
    like "$status|$err|$(names)" "1|*no space is left on the file system of *$pool*|.filler " "${words%% *} on a full disk says so, and leaves nothing"
done
rm "$pool/.filler"

# --- documents that never end ---
asked() {
    grep -q "^registry $path" "$served/requests"
}
while read -r how path; do
    clear_pool
    mymachines pull-oci "$r/$how/app:1.0" i >/dev/null 2>drip.err </dev/null &
    pid=$!
    wait_until asked
    kill -TERM $pid
    wait_until has_ended "$pid" || kill -KILL $pid
    wait $pid 2>/dev/null
    is "$?|$(names)" "143|" "a registry that drips can't keep a transfer from being cancelled: $how"
done <<'I'
drip /v2/drip/app/manifests/
drip-token /token
I
clear_pool

# --- killed at each step that changes something ---
if can_trace; then
    # No part of an image is ever seen, nor one without its settings.
    judge() {
        if [ -e "$pool/i" ] && { [ "$(listing i)" != "$flat" ] || ! cmp -s "$pool/i.nspawn" good.nspawn; }; then
            bad=$((bad + 1))
            echo "# step $1: $(ls -A "$pool" | tr '\n' ' ')"
        fi
        [ ! -e "$pool/i" ] || mymachines remove i
    }
    # killed_at STRIDE VERB WORD...
    killed_at() {
        bad=0
        kill_at_each "$1" judge "${@:2}"
        mymachines clean >/dev/null 2>&1
        is "$bad|$(names | tr ' ' '\n' | grep -v '^i.nspawn$' | grep .)" "0|" "$2, killed at any of $killed steps: an image is whole, or isn't there"
        is "$placed|$([ "$killed" -gt 20 ]; echo $?)" "1|0" "$2 has more than 20 steps, and gets its name in one"
    }
    mymachines import-oci -q "$served/layouts/app" i
    cp "$pool/i.nspawn" good.nspawn
    clear_pool
    killed_at 9 import-oci --quiet -- "$served/layouts/app" i
    clear_pool
    killed_at 9 pull-oci --quiet -- "$r/open/app" i
else
    skip "strace can't be used here" "killed at any step, an image is whole, or isn't there"
fi
kill "$server"
done_testing

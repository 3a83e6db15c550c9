# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Verbs about images, for machinectl(1) and for mymachines under its name: what they print, and how they exit.
export SYSTEMD_PAGER=cat SYSTEMD_COLORS=0
pool=/var/lib/machines
fresh() {
    rm -rf $pool
    mkdir -m 700 $pool
    mkdir -p $pool/dir/etc $pool/bare $pool/.hidden
    printf '%s\n' 'PRETTY_NAME="Some System"' >$pool/dir/etc/os-release
    echo host >$pool/dir/etc/hostname
    echo 0123456789abcdef0123456789abcdef >$pool/dir/etc/machine-id
    truncate -s 1M $pool/disk.raw
    truncate -s 4096 "$pool/two words.raw" $pool/fixed.raw
    chmod 400 $pool/fixed.raw
}
# say COMMAND...: with times, blanks in tables, and of directories when they were changed, left out; later versions write 1M
say() {
    echo "\$ $*"
    machinectl "$@" 2>/dev/null </dev/null >/tmp/x/said
    echo "= $?"
    sed -E 's/[A-Z][a-z]{2} 20[0-9-]+ [0-9:]+ UTC.*$/TIME/; s/([0-9])\.0([KMG])/\1\2/g; /Modifi/d' /tmp/x/said
}
# ends COMMAND...: only how it exits
ends() {
    machinectl "$@" >/dev/null 2>&1 </dev/null
    echo "\$ $* = $?"
}
fresh
say image-status
say image-status dir disk fixed
say image-status .host
say show-image
say show-image dir
say show-image disk fixed
say show-image 'two words' -p Path -p Type --value
say show-image dir -p Limit -p LimitExclusive -p Usage
say show-image dir -p Nosuch
say show-image --all .host
say list-images -o json --all | grep -oE '"(name|type|ro)":[^,]*'
say list-images --no-legend | awk '{ print $1, $2 }'
say list-transfers
say list-transfers --no-legend
for words in 'image-status nosuch' 'show-image nosuch' 'show-image ../x' 'list-images x' 'list-images -o nosuch' 'clone dir' \
    'clone nosuch a' 'clone dir bare' 'clone dir a/b' 'clone dir a b' 'clone dir copy' 'clone --read-only disk copied' \
    'show-image copied' 'rename copy moved' 'rename copy moved' 'rename moved disk' 'rename moved' 'read-only moved' \
    'read-only moved no' 'read-only moved perhaps' 'read-only nosuch' 'read-only' 'read-only moved yes no' \
    'set-limit dir 1.5G' 'set-limit dir 10' 'set-limit dir -' 'set-limit dir x' 'set-limit 1G' 'set-limit' 'set-limit nosuch 1G' \
    'remove moved' 'remove moved' 'remove' 'clean x' 'clean' 'list-transfers x' 'cancel-transfer' 'cancel-transfer x' \
    'cancel-transfer 77' 'start' 'start nosuch' 'start a/b' 'enable' 'enable nosuch' 'enable dir' 'disable dir' 'disable nosuch' \
    'import-tar' 'import-tar /nosuch.tar' 'import-tar -' 'import-raw' 'import-fs /nosuch' 'import-fs /etc/hostname x' 'export-tar' \
    'export-tar nosuch /tmp/x/out' 'export-tar disk /tmp/x/out' 'export-raw dir /tmp/x/out' 'export-tar dir --format=zip /tmp/x/out' \
    'pull-tar' 'pull-tar ftp://h/x.tar' 'pull-tar http://127.0.0.1:1/' 'pull-tar --verify=perhaps http://127.0.0.1:1/x.tar' \
    'pull-raw words'; do
    # shellcheck disable=SC2086
    ends $words
done
find $pool -mindepth 1 -maxdepth 1 ! -name '.#*' -printf '%f\n' | LC_ALL=C sort
rm -rf $pool
mkdir -m 700 $pool
echo end

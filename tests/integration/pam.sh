# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# For the tests of the PAM module: accounts, services and a syslog of the test's own, and two
# containers. Needs lib.sh.

need_pam() {
    need_root
    [ -e "$PAM_MODULE" ] || skip_all "configured with --disable-pam"
    local program
    for program in python3 "$@"; do
        command -v "$program" >/dev/null || skip_all "$program isn't installed"
    done
}

# add_user NAME UID
add_user() {
    echo "$1:x:$2:$2::/:/bin/sh" >>"$TMPDIR/etc/passwd"
    echo "$1:$password:19000:0:99999:7:::" >>"$TMPDIR/etc/shadow"
}

# In a file's place, another one.
set_up_accounts() {
    local file i
    # "secret"
    password=$(perl -e 'print crypt("secret", q($6$salt$))')
    mkdir "$TMPDIR/etc"
    for file in passwd shadow group; do
        cp -p "/etc/$file" "$TMPDIR/etc/$file"
    done
    add_user tess 4242
    add_user eve 4243
    add_user inside 100033
    add_user vu-local-7 4244
    add_user vu-guest 4245
    # At both ends of web1's map, and of what may be a machine's at all: low's is from 65530.
    add_user before 99999
    add_user first 100000
    add_user last 165535
    add_user after 165536
    add_user hosts 65535
    add_user lowest 65536
    add_user lent 90001
    # Longer than what a look-up begins with.
    echo "long:x:100001:100001:$(printf 'x%.0s' {1..3000}):/:/bin/sh" >>"$TMPDIR/etc/passwd"
    echo "many:x:4251:$(printf 'member%s,' {1..500})eve" >>"$TMPDIR/etc/group"
    # More groups than what a look-up begins with.
    for ((i = 1; i <= 80; i++)); do
        echo "eves$i:x:$((4300 + i)):eve" >>"$TMPDIR/etc/group"
    done
    echo 'operators:x:4250:eve' >>"$TMPDIR/etc/group"
    echo 'tess:x:4242:' >>"$TMPDIR/etc/group"
    for file in passwd shadow group; do
        mount --bind "$TMPDIR/etc/$file" "/etc/$file"
    done
}

# The stock services, for stock programs, and ours beside them.
set_up_services() {
    chmod 755 "$TMPDIR"
    mkdir -p /etc/pam.d
    cp -r /etc/pam.d "$TMPDIR/pam.d"
    # What this machine has no right to isn't what is tested.
    sed -i '/pam_limits\|pam_selinux\|pam_loginuid\|pam_keyinit\|pam_motd\|pam_mail/d' "$TMPDIR"/pam.d/*
    mount --bind "$TMPDIR/pam.d" /etc/pam.d
    # Where a line says no more than its name, PAM looks for it in a directory of its own.
    mkdir "$TMPDIR/module"
    cp "$PAM_MODULE" "$TMPDIR/module/pam_mymachines.so"
    chmod 755 "$TMPDIR/module"
    module=$TMPDIR/module/pam_mymachines.so
}

# By an uplink to all others. web1 at 10.99.1.2, fd99:1::2 and by ve-web1; db1 at 10.99.2.2; vm1 at 10.99.9.9
start_machines() {
    ip link add uplink type bridge
    ip link set uplink up
    ip addr add 192.0.2.1/24 dev uplink
    ip addr add 2001:db8::1/64 dev uplink nodad
    ip route add default via 192.0.2.254
    ip route add default via 2001:db8::fe
    start web1
    own_subnets web1 1
    start db1 --map=0:200000:65536
    own_subnets db1 2
    start low --map=0:65530:10
    mymachines register low --leader="$low" 2>/dev/null
    start lender
    mymachines register lender --leader="$lender" --uid-map=0:400000:1000 --uid-map=1000:90001:1 2>/dev/null
    start vm1 --share=user --share=net
    mymachines register web1 --leader="$web1" --alias=www --alias=az 2>/dev/null
    mymachines register Db1 --leader="$db1" 2>/dev/null
    mymachines register vm1 --leader="$vm1" --class=vm --address=10.99.9.9 2>/dev/null
}

set_up_pam() {
    own_dev
    mount -t tmpfs -o mode=755 tmpfs /var/log
    syslog_to "$TMPDIR/log"
    set_up_accounts
    set_up_services
}

# said_since N: what our module has told syslog, but for the first N lines; nothing of debug
said_since() {
    grep 'pam_mymachines\|(.*:\(account\|session\|auth\|password\|setcred\))' "$TMPDIR/log" |
        sed -n "$(($1 + 1)),\$p" | sed 's/^<[0-9]*>[A-Z][a-z]* *[0-9]* [0-9:]* //; s/\[[0-9]*\]//'
}

# How many lines that is.
said() {
    said_since 0 | wc -l
}

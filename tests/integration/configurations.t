#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Files as distributions and programs have them, in configurations/: setup and remove give the bytes
# back, setup twice is setup once, and doctor says of nsswitch.conf what glibc does with it.
. "${SRCDIR:?run this by make check}/tests/integration/lib.sh"
need_root

use_module
umount /etc/nsswitch.conf
cp -a /etc "$TMPDIR/etc" && mount --bind "$TMPDIR/etc" /etc
rm -f /etc/nsswitch.conf.before-mymachines
start web1
mymachines register web1 --leader="$web1" --address=192.0.2.1 --no-monitor 2>/dev/null
hide_runtimes
corpus=$SRCDIR/tests/integration/configurations
mkdir "$TMPDIR/bundle"
# A container's configuration is edited with the common one in place.
mkdir -p "$TMPDIR/lxc"

# check FILE COPY TARGET [OPTION...]: the copy is edited and restored
check() {
    local file=$1 copy=$2 what first
    what="${file#"$corpus"/}"
    shift 2
    cp "$file" "$copy"
    run mymachines setup --quiet "$@"
    is "$status:$err" "0:" "$what: is set up"
    first=$(md5sum <"$copy")
    run mymachines setup "$@"
    is "$status:$out" "0:$1: nothing to do" "$what: setup twice is setup once"
    is "$(md5sum <"$copy")" "$first" "$what: setup twice gives the same bytes"
    run mymachines setup --quiet "$@" --remove
    is "$status:$err" "0:" "$what: is removed"
    ok "$(cmp "$file" "$copy" | sed 's/^/# /' >&2; cmp -s "$file" "$copy"; echo $?)" "$what: removing gives the bytes back"
    run mymachines setup --quiet "$@" --remove --check
    is "$status" 0 "$what: removing twice is removing once"
}

# never FILE: what setup hasn't written, the vendor's mymachines, isn't removed; nor is it after a change of others
never() {
    local what=${1#"$corpus"/}
    rm -f /etc/nsswitch.conf.before-mymachines
    cp "$1" /etc/nsswitch.conf
    run mymachines setup --remove nss
    is "$status:$out:$err" "0:nss: nothing to do:" "$what: without setup, there is nothing to remove"
    ok "$(cmp -s "$1" /etc/nsswitch.conf; echo $?)" "$what: without setup, removing leaves the bytes"
    mymachines setup --quiet nss
    sed -i '1i# mine' /etc/nsswitch.conf
    mymachines setup --quiet --remove nss
    is "$(head -n 1 /etc/nsswitch.conf): $(having /etc/nsswitch.conf)" "# mine: $(having "$1")" \
        "$what: after a change of others, mymachines stays where it was before setup"
    rm -f /etc/nsswitch.conf.before-mymachines
}
# having FILE: the databases with mymachines
having() {
    grep -oE '^(passwd|group|hosts):.*\<mymachines\>' "$1" | cut -d: -f1 | xargs
}

# verdicts: of passwd, group and hosts in doctor's words: 1 where mymachines is asked
verdicts() {
    mymachines doctor --json=short | jq -r '.[] | select(.check == "nsswitch") |
        "\(.message | split(":")[0])=\(if .status == "error" then 0 else 1 end)"' | tr '\n' ' '
}

# asked: the same, as glibc has it
asked() {
    getent passwd vu-web1-0 >/dev/null
    echo -n "passwd=$((!$?)) "
    getent group vg-web1-0 >/dev/null
    echo -n "group=$((!$?)) "
    getent hosts web1 >/dev/null && getent ahosts web1 >/dev/null
    echo "hosts=$((!$?)) "
}

# accounts: which of the host's own glibc finds
accounts() {
    getent passwd root
    getent group root
    getent ahosts localhost | head -n 1
}

# refused FILE: what authselect generates stays as it is; from its own profile, mymachines is removed
refused() {
    local what=${1#"$corpus"/}
    rm -f /etc/nsswitch.conf.before-mymachines
    mkdir -p /etc/authselect
    echo custom/test >/etc/authselect/authselect.conf
    cp "$1" /etc/nsswitch.conf
    run mymachines setup --quiet nss
    like "$status:$out:$err" "1::mymachines: setup: /etc/nsswitch.conf: authselect generates this file, *
passwd: * mymachines *
group: * mymachines *
hosts: * mymachines *" "$what: setup refuses what authselect generates, and shows the lines for a profile"
    ok "$(cmp -s "$1" /etc/nsswitch.conf; echo $?)" "$what: what authselect generates stays as it is"
    is "$(ls /etc/nsswitch.conf*)" /etc/nsswitch.conf "$what: there is no backup of a file that isn't changed"
    is "$(verdicts)" "$(asked)" "$what: doctor says what glibc does"
    # With these lines in the profile, it is set up.
    { grep -vE '^(passwd|group|hosts):' "$1"; printf '%s\n' "$err" | tail -n 3; } >/etc/nsswitch.conf
    is "$(mymachines setup --check nss)" "nss: is set up" "$what: with the lines in the profile, it is set up"
    is "$(verdicts)" "passwd=1 group=1 hosts=1 " "$what: with the lines in the profile, doctor finds it set up"
    is "$(asked)" "passwd=1 group=1 hosts=1 " "$what: with the lines in the profile, glibc asks mymachines"
    cp /etc/nsswitch.conf "$TMPDIR/generated"
    run mymachines setup --remove nss
    is "$status:$out:$err" "0:nss: nothing to do:" "$what: what authselect generates has nothing that setup has written"
    # As before authselect was used.
    printf '%s\n' 'passwd: files' 'group: files' 'hosts: files dns' >/etc/nsswitch.conf.before-mymachines
    run mymachines setup --remove nss
    like "$status:$out:$err" "0:nss: nothing to do:mymachines: setup: nss: /etc/nsswitch.conf: authselect generates this file, *" \
        "$what: setup says in which file of authselect's to remove mymachines"
    ok "$(cmp -s "$TMPDIR/generated" /etc/nsswitch.conf; echo $?)" "$what: mymachines isn't removed from what authselect generates"
    rm -rf /etc/authselect /etc/nsswitch.conf.before-mymachines
    check "$1" /etc/nsswitch.conf nss # as after "authselect opt-out"
}

for file in "$corpus"/nsswitch/*; do
    if grep -q '^# Generated by authselect' "$file"; then
        refused "$file"
        continue
    fi
    rm -f /etc/nsswitch.conf.before-mymachines
    check "$file" /etc/nsswitch.conf nss
    never "$file"
    rm -f /etc/nsswitch.conf.before-mymachines
    cp "$file" /etc/nsswitch.conf
    mymachines setup --quiet nss
    is "$(verdicts)" "passwd=1 group=1 hosts=1 " "${file#"$corpus"/}: doctor finds it set up"
    is "$(asked)" "passwd=1 group=1 hosts=1 " "${file#"$corpus"/}: glibc asks mymachines once it is set up"
    is "$(mymachines setup --dry-run nss)" "nss: nothing to do" "${file#"$corpus"/}: what doctor finds right, setup leaves"
done
rm -f /etc/nsswitch.conf.before-mymachines
for file in "$corpus"/lxc/*; do
    check "$file" "$TMPDIR/lxc/config" lxc --config="$TMPDIR/lxc/config"
done
for file in "$corpus"/oci/*; do
    check "$file" "$TMPDIR/bundle/config.json" runc --bundle="$TMPDIR/bundle"
    check "$file" "$TMPDIR/bundle/config.json" crun --annotations --bundle="$TMPDIR/bundle"
done

# Of lines that only ask services that every system has, glibc and doctor think the same; and where
# setup takes the line, glibc asks mymachines afterwards, and finds what it found before.
# A sanitizer looks at how a line is read, which is the same for each database.
databases='passwd group hosts'
[ -z "$SANITIZERS" ] || databases=passwd
n=0 wrong=0 broken=0
for services in 'files' 'files mymachines' 'mymachines' 'mymachines files' 'files [NOTFOUND=return] mymachines' \
    'files [NOTFOUND=continue]mymachines' 'files [!SUCCESS=return] mymachines' 'files [SUCCESS=merge] mymachines' \
    'files mymachines [NOTFOUND=return] files' 'files [success=continue] mymachines' 'files [UNAVAIL=return] mymachines' \
    'files [NOTFOUND=Return NOTFOUND=continue] mymachines' 'files[NOTFOUND=return]mymachines' 'files	mymachines # comment' \
    'files # mymachines' 'files [NOTFOUND] mymachines' 'files [] mymachines' '[NOTFOUND=continue] files mymachines' 'files mymachines]' \
    'FILES mymachines' 'mymachines [NOTFOUND=return] files' 'compat mymachines' ' mymachines  files' '' \
    'files mymachines#x' 'files#x' 'files#x mymachines' 'files [SUCCESS=merge]' 'files [SUCCESS=merge]#x' 'files [SUCCESS=merge] nonesuch' \
    'files mymachines [SUCCESS=merge]' 'files mymachines [SUCCESS=merge] files' 'files mymachines [SUCCESS=continue]' \
    'files mymachines [SUCCESS=continue] files' 'files mymachines [SUCCESS=continue] # x' 'files [SUCCESS=continue]' \
    'files # [' 'files mymachines # x [y' 'files [NOTFOUND=continue#] mymachines' '[x] files' 'files [NOTFOUND=return]#x' $'files\r' $'files # x\r'; do
    for database in $databases; do
        for form in "%s: %s" "%s:%s" " %s	: %s" "%s %s"; do
            # Odd services, and other databases, in the usual form.
            [ "$form" = "%s: %s" ] || [[ $database = passwd && $services != *[\#=]* ]] || continue
            # shellcheck disable=SC2059
            printf -v line "$form" "$database" "$services"
            printf '%s\n' 'passwd: files mymachines' 'group: files mymachines' 'hosts: files mymachines' |
                grep -v "^$database" >/etc/nsswitch.conf
            printf '%s\n' "$line" >>/etc/nsswitch.conf
            n=$((n + 1))
            said=$(verdicts) does=$(asked) found=$(accounts)
            [ "$said" = "$does" ] || { wrong=$((wrong + 1)); echo "# $line: doctor $said, glibc $does"; }
            mymachines setup --quiet nss 2>/dev/null || continue
            does=$(asked) found_now=$(accounts)
            [ "$does:$(comm -23 <(sort <<<"$found") <(sort <<<"$found_now"))" = "passwd=1 group=1 hosts=1 :" ] ||
                { broken=$((broken + 1)); echo "# $line: after setup, $(tail -n 1 /etc/nsswitch.conf): $does"; }
        done
    done
done
rm -f /etc/nsswitch.conf.before-mymachines
is "$wrong of $n" "0 of $n" "doctor's verdict on a line is what glibc does with it"
is "$broken of $n" "0 of $n" "after setup, glibc asks mymachines, and finds what it found before"

# A line that glibc can't read may cost it all lines.
wrong=0
for database in aliases automount ethers group_compat gshadow initgroups netgroup networks passwd_compat protocols publickey rpc services \
    shadow shadow_compat subid sudoers; do
    printf '%s\n' 'passwd: files mymachines' "$database: files [X=Y]" 'group: files mymachines' 'hosts: files mymachines' >/etc/nsswitch.conf
    said=$(verdicts) does=$(asked)
    [ "$said" = "$does" ] || { wrong=$((wrong + 1)); echo "# $database: doctor $said, glibc $does"; }
done
is "$wrong" 0 "doctor's verdict on a line of another database is what glibc does with it"
printf '%s\n' 'passwd: files' 'shadow: files [X=Y]' >/etc/nsswitch.conf
[[ $(asked) == *1* ]] ||
    fails "mymachines: setup: /etc/nsswitch.conf: shadow: glibc doesn't understand this line; put it right first" \
        "setup refuses a file that glibc doesn't read" mymachines setup nss

# Removing mymachines leaves no action of its to the service before it.
for line in 'files mymachines [SUCCESS=merge]' 'files mymachines [SUCCESS=continue] nonesuch' 'files mymachines [SUCCESS=merge] mymachines'; do
    printf '%s\n' "passwd: $line" "group: $line" "hosts: $line" >/etc/nsswitch.conf
    printf '%s\n' 'passwd: files' 'group: files' 'hosts: files' | tee "$TMPDIR/plain" >/etc/nsswitch.conf.before-mymachines
    mymachines setup --quiet --remove nss
    is "$(sed 's/ nonesuch//' /etc/nsswitch.conf)" "$(cat "$TMPDIR/plain")" "removed from '$line', mymachines takes its action with it"
done

done_testing

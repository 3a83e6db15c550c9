#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The PAM module: what each call returns, through real PAM. pam_wrapper(1) gives it services of its
# own, so that an ordinary user can run it, too.
. "${SRCDIR:?run this by make check}/tests/integration/lib.sh"
. "$SRCDIR/tests/integration/pam.sh"
need_pam setpriv pamtester logger
wrapper=$(ldconfig -p | awk '$1 == "libpam_wrapper.so" { print $NF; exit }')
[ -x "$BUILDDIR/tests/support/pamtest" ] && [ -n "$wrapper" ] ||
    skip_all "libpamtest or pam_wrapper isn't installed"
set_items=$(dirname "$wrapper")/pam_wrapper/pam_set_items.so

set_up_pam
start_machines
# It puts what it makes into /tmp.
mkdir "$TMPDIR/tmp" "$TMPDIR/work"
chmod 1777 "$TMPDIR/tmp"
mount -t overlay -o "lowerdir=/tmp,upperdir=$TMPDIR/tmp,workdir=$TMPDIR/work" overlay /tmp
# Where an ordinary user can run it, wherever the build is.
cp "$BUILDDIR/tests/support/pamtest" "$TMPDIR/pamtest"

# What the module returns, PAM doesn't always: where nothing but IGNORE came, it makes an error of it.
# So after IGNORE another module has its say.
#
# service FACILITY [ARGUMENT...]
service() {
    local facility=$1 marked
    shift
    case $facility in
    account) marked=acct=authinfo_unavail ;;
    auth) marked="auth=authinfo_unavail cred=authinfo_unavail" ;;
    password) marked=prechauthtok=authinfo_unavail ;;
    session) marked="open_session=authinfo_unavail close_session=authinfo_unavail" ;;
    esac
    printf '%s\n' "$facility required $set_items" \
        "$facility [success=done ignore=ignore default=die] $module $*" \
        "$facility requisite pam_debug.so $marked"
}

rows=0
labels=()
mkdir "$TMPDIR/services"
echo 'auth required pam_deny.so' >"$TMPDIR/services/other"

# row LABEL USER HOST CALLS [ARGUMENT...]: what judge() is to try
row() {
    local label=$1 user=$2 host=$3 calls=$4 facility
    shift 4
    case $calls in
    account=*) facility=account ;;
    authenticate=* | setcred=*) facility=auth ;;
    password=*) facility=password ;;
    *) facility=session ;;
    esac
    service "$facility" "$@" >"$TMPDIR/services/row$rows"
    echo "row$rows $user $host $calls" >>"$TMPDIR/rows"
    labels[rows]=$label
    rows=$((rows + 1))
}

# judge WHO [COMMAND...]: try all rows, as who the command makes it
judge() {
    local who=$1 name got i=0
    shift
    "$@" env LD_PRELOAD="${preloaded:+$preloaded:}$wrapper" PAM_WRAPPER=1 \
        PAM_WRAPPER_SERVICE_DIR="$TMPDIR/services" "$TMPDIR/pamtest" "$TMPDIR/rows" \
        >"$TMPDIR/judged" 2>"$TMPDIR/stderr"
    while read -r name got; do
        [ "$name" = "row$i" ] || break
        is "$got" ok "$who: ${labels[i]}"
        i=$((i + 1))
    done <"$TMPDIR/judged"
    [ "$i" = "$rows" ] || is "$i rows: $(tail -n 5 "$TMPDIR/stderr")" "$rows rows" "$who: all of it"
}

# by_both: as root and as an ordinary user; then the rows are gone
by_both() {
    judge root
    judge tess setpriv --reuid 4242 --regid 4242 --clear-groups
    forget_rows
}

forget_rows() {
    rows=0
    rm "$TMPDIR/rows" "$TMPDIR"/services/row*
}

# Programs that weren't built with a sanitizer need it before the module does.
preloaded=
case ${SANITIZERS-} in
*address*)
    preloaded=$($CC -print-file-name=libasan.so)
    export ASAN_OPTIONS=detect_leaks=0
    ;;
esac

row "account ignores an ordinary user" tess - account=IGNORE
row "account ignores root" root - account=IGNORE
row "account ignores a user that doesn't exist" nobodyatall - account=IGNORE
row "account denies a user named like a machine's" vu-web1-33 - account=PERM_DENIED
row "account denies a user named like a machine's that isn't registered, also in passwd" vu-local-7 - account=PERM_DENIED
row "account ignores a user whose name only begins like a machine's" vu-guest - account=IGNORE
row "account denies a uid of a machine, whatever the name" inside - account=PERM_DENIED
row "account ignores a name with bytes that no machine has" 'vu-!"$-7' - account=IGNORE
row "account denies the first uid of a machine" first - account=PERM_DENIED
row "account denies the last uid of a machine" last - account=PERM_DENIED
row "account ignores the uid before a machine's" before - account=IGNORE
row "account ignores the uid after a machine's" after - account=IGNORE
row "account denies the lowest uid that a machine can have" lowest - account=PERM_DENIED
row "account ignores a uid below a machine's lowest, whatever a map says" hosts - account=IGNORE
row "account ignores a uid that the host has lent to a machine" lent - account=IGNORE
row "a user whose uid is lent to a machine logs in from a machine" lent 10.99.1.2 account=SUCCESS from=web1
row "account denies a machine's uid with a passwd entry of 3 KiB" long - account=PERM_DENIED
row "permit= admits a machine's user" inside - account=IGNORE permit=tess,inside
row "permit= admits nobody by a similar name" inside - account=PERM_DENIED permit=tess,insider
row "permit= admits a user named like a machine's" vu-local-7 - account=IGNORE permit=vu-local-7
row "permit= decides nothing about where the login comes from" inside 10.99.1.2 account=PERM_DENIED permit=inside from=db1
row "a login from a machine is ignored without a rule" tess 10.99.1.2 account=IGNORE
row "a machine's user is denied from an admitted machine" inside 10.99.1.2 account=PERM_DENIED from=web1

row "from= matches the machine's name" tess 10.99.1.2 account=SUCCESS from=web1
row "from= matches an alias" tess 10.99.1.2 account=SUCCESS from=www
row "from= matches by a glob" tess 10.99.1.2 account=SUCCESS 'from=x*,w?b[0-9]'
row "from= matches in another case" tess 10.99.2.2 account=SUCCESS from=dB1
row "from= another machine denies" tess 10.99.1.2 account=PERM_DENIED 'from=web,eb1,db*'
row "not-from= the machine's name denies" tess 10.99.1.2 account=PERM_DENIED not-from=db1,web1
row "not-from= folds the first and the last letter" tess 10.99.1.2 account=PERM_DENIED not-from=AZ
row "not-from= an alias denies" tess 10.99.1.2 account=PERM_DENIED 'not-from=ww*'
row "not-from= another machine admits" tess 10.99.1.2 account=SUCCESS not-from=db1
row "from= matches by brackets" tess 10.99.1.2 account=SUCCESS 'from=[!x-z]eb[1-3]'
row "from= matches by brackets that begin with ^" tess 10.99.1.2 account=SUCCESS 'from=[^x-z]eb[1-3]'
row "from= matches by brackets with a dot in them" tess 10.99.1.2 account=SUCCESS 'from=[.w]eb1'
row "from= does not match by brackets that exclude" tess 10.99.1.2 account=PERM_DENIED 'from=[^v-x]eb1'
row "not-from= denies what from= admits" tess 10.99.1.2 account=PERM_DENIED 'from=*' not-from=www
row "the machine is found by an IPv6 address" tess fd99:1::2 account=SUCCESS from=web1
row "the machine is found by an IPv6 address with all zeros" tess fd99:0001:0:0:0:0:0:0002 account=SUCCESS from=web1
row "the machine is found by an IPv4-mapped address" tess ::ffff:10.99.1.2 account=SUCCESS from=web1
row "the machine is found by a link-local address and its interface" tess fe80::ff:fe00:265%ve-web1 account=SUCCESS from=web1
row "the machine is found by a link-local address and the interface's number" tess fe80::ff:fe00:265%101 account=SUCCESS from=web1
row "a link-local address is the machine's that its interface leads to" tess fe80::ff:fe00:265%ve-db1 account=PERM_DENIED from=web1
row "from= admits by a link-local address the machine that its interface leads to" tess fe80::ff:fe00:265%ve-db1 account=SUCCESS from=db1
row "a link-local address with an interface that doesn't exist is denied" tess fe80::ff:fe00:265%nosuch account=PERM_DENIED from=web1
row "a link-local address without an interface is denied under from=" tess fe80::ff:fe00:265 account=PERM_DENIED from=web1
row "a link-local address without an interface is denied under not-from=" tess fe80::ff:fe00:265 account=PERM_DENIED not-from=db1
row "a link-local address with an empty interface is denied" tess fe80::ff:fe00:265% account=PERM_DENIED from=web1
row "an IPv4-mapped address may have an interface" tess ::ffff:10.99.1.2%ve-web1 account=SUCCESS from=web1
row "an IPv4 address with an interface is denied" tess 10.99.1.2%ve-web1 account=PERM_DENIED from=web1
row "a global IPv6 address may have an interface" tess fd99:1::2%ve-web1 account=SUCCESS from=web1
row "the machine is found by its name" tess web1 account=SUCCESS from=web1
row "the machine is found by its name in capitals with a dot" tess WEB1. account=SUCCESS from=web1
row "the machine is found by an alias" tess www account=SUCCESS from=web1
row "a name that isn't registered is not a machine's" tess web2 account=IGNORE 'from=*' 
row "a name of this host is not a machine's" tess localhost account=IGNORE from=web1
row "a name of this host is denied under a rule about a machine that has its network" tess localhost account=PERM_DENIED 'from=vm*'
# getaddrinfo(3) takes these for addresses, or for nothing; none is clearly another host.
for odd in 010.99.1.2 10.99.258 0x0a630102 174260482 10.99.1.2. 10.99.1.2.. evil.. .evil evil..com \
    0x10.99.1.2 1.2.3.4.5 web.0x7f 0.0.0.0 255.255.255.255 224.0.0.1 :: ff02::1 \
    0X10.99.1.2 web.0 web.0X7f 10.99.1.2% ::ffff:10.99.1.2%a-name-of-no-interface fe80::1%0 fe80::1%a-name-of-no-interface \
    fe80::1%9999999999 fe80::1%77 fd99:1::2%nosuch ::ffff:10.99.1.2%nosuch \
    fd99:1::2%lo fd99:1::2%ve-db1 ::ffff:10.99.1.2%lo ::ffff:10.99.1.2%ve-db1 "$(printf 'x%.0s' {1..64}).example" \
    "$(printf '1%.0s' {1..200})%lo" "$(printf '1%.0s' {1..63})%lo" ::ffff:10.99.1.2%sixteen-letters-; do
    row "$odd, not clearly elsewhere" tess "$odd" account=PERM_DENIED not-from=db1
    row "$odd, not clearly elsewhere, where any rule asks" tess "$odd" account=PERM_DENIED elsewhere=ignore
done
row "a name that is longer than any host's is denied" tess "$(printf 'x.%.0s' {1..130})x" account=PERM_DENIED 'not-from=web1'
row "a remote host that is neither a name nor an address is denied" tess 'a/b' account=PERM_DENIED 'not-from=web1'
row "a name that is too long for a machine is not a machine's" tess "$(printf 'x%.0s' {1..60}).example" account=IGNORE from=web1
for here in 127.0.0.1 127.9.9.9 ::1 ::ffff:127.0.0.1 10.99.1.1 fd99:1::1 192.0.2.1 LocalHost. \
    web1.localhost localhost.localdomain ip6-localhost ip6-loopback "$(hostname)" "$(hostname).example.com." \
    "$(hostname).$(printf 'x%.0s' {1..60}).example.com" "x.$(hostname)"; do
    row "$here, this host" tess "$here" account=IGNORE from=web1
    row "$here, whose network a machine has" tess "$here" account=PERM_DENIED not-from=vm1
    row "$here, under a rule about another machine" tess "$here" account=IGNORE not-from=db1
    row "$here, under a rule without names" tess "$here" account=IGNORE class=vm
done
row "class= admits a machine of the class" tess 10.99.1.2 account=SUCCESS class=container
row "class= denies a machine of another class" tess 10.99.1.2 account=PERM_DENIED class=vm
row "class=vm admits a VM" tess 10.99.9.9 account=SUCCESS class=vm
row "class= admits machines of several classes" tess 10.99.9.9 account=SUCCESS class=container,vm
row "user= admits a listed user" tess 10.99.1.2 account=SUCCESS user=eve,tess
row "user= denies others" tess 10.99.1.2 account=PERM_DENIED user=eve
row "group= admits a member" eve 10.99.1.2 account=SUCCESS group=nosuch,operators
row "group= admits a user by the own group" tess 10.99.1.2 account=SUCCESS group=tess
row "group= admits a member of a group of 500" eve 10.99.1.2 account=SUCCESS group=many
row "group= admits a member by the last of many groups" eve 10.99.1.2 account=SUCCESS group=eves80
row "group= that doesn't exist admits nobody, nor whom group 0 has" root 10.99.1.2 account=PERM_DENIED group=nosuch
row "group= denies others" tess 10.99.1.2 account=PERM_DENIED group=operators
row "user= and group= admit whoever is in one of them" eve 10.99.1.2 account=SUCCESS user=tess group=operators
row "user= and group= deny whoever is in neither" root 10.99.1.2 account=PERM_DENIED user=tess group=operators
row "a login from a machine can satisfy all arguments" eve 10.99.1.2 account=SUCCESS from=web1 not-from=db1 class=container group=operators elsewhere=deny
row "user= says nothing about logins from elsewhere" tess 10.99.1.1 account=IGNORE user=eve
row "elsewhere=deny" tess 10.99.1.1 account=PERM_DENIED elsewhere=deny
row "elsewhere=deny denies a local login" tess - account=PERM_DENIED elsewhere=deny
row "elsewhere=deny denies a login from a loopback address" tess 127.0.0.1 account=PERM_DENIED elsewhere=deny
row "elsewhere=deny admits a login from a machine" tess 10.99.1.2 account=SUCCESS elsewhere=deny
row "elsewhere=ignore ignores a login from elsewhere" tess 10.99.1.1 account=IGNORE elsewhere=ignore
row "elsewhere=ignore ignores a local login" tess - account=IGNORE elsewhere=ignore from=web1

row "authenticate is ignored" tess - authenticate=IGNORE
row "setcred succeeds" tess - setcred=SUCCESS
row "password is ignored" tess - password=IGNORE
row "a session from a machine has the machine's name and class in its environment" tess 10.99.1.2 \
    "open=SUCCESS,MYMACHINES_ORIGIN=web1,MYMACHINES_ORIGIN_CLASS=container close=SUCCESS"
row "a session from an alias has the machine's name in its environment" tess www open=SUCCESS,MYMACHINES_ORIGIN=web1
row "a session from a VM has its name and class in its environment" tess 10.99.9.9 \
    open=SUCCESS,MYMACHINES_ORIGIN=vm1,MYMACHINES_ORIGIN_CLASS=vm
row "the environment has the machine's name in its registered case" tess 10.99.2.2 open=SUCCESS,MYMACHINES_ORIGIN=Db1
row "a session from elsewhere has no machine in its environment" tess 10.99.1.1 \
    "open=IGNORE,MYMACHINES_ORIGIN=,MYMACHINES_ORIGIN_CLASS= close=IGNORE"
row "a local session has no machine in its environment" tess - "open=IGNORE,MYMACHINES_ORIGIN= close=IGNORE"
row "a session of a machine's user is opened" inside 10.99.1.2 open=SUCCESS,MYMACHINES_ORIGIN=web1
row "network= of a machine that isn't registered refuses the session" tess - open=SESSION_ERR network=web2
row "optional-network ignores a machine that isn't registered" tess - open=IGNORE network=web2 optional-network
row "optional-network still reports the machine that the session is from" tess 10.99.1.2 open=SUCCESS,MYMACHINES_ORIGIN=web1 network=web2 optional-network
row "network= of a VM refuses the session" tess - open=SESSION_ERR network=vm1

# Arguments that there aren't, or not so, or not there.
for wrong in from from= from=,web1 'from=web1,' From=web1 fom=web1 debug=1 DEBUG 'from=web1 from=db1' \
    'from=[web1' 'from=[]' 'not-from=web[1,2]' 'not-from=web1.' 'not-from=web1\*' 'from=[[:alpha:]]*' 'not-from=web/1' \
    not-from= class= class=lxc class=container,lxc user= group= group=a,,b elsewhere= elsewhere=no permit= \
    'elsewhere=deny elsewhere=ignore' network=web1 optional-network use_first_pass nullok -- \
    "from=$(printf 'x%.0s' {1..256})" "not-from=$(printf 'x%.0s' {1..256}),web1"; do
    # shellcheck disable=SC2086
    row "account: ${wrong:0:40}" tess 10.99.1.2 account=PERM_DENIED $wrong
done
for wrong in from=web1 user=tess permit=tess elsewhere=deny network= network=a/b network=10.0.0.1.2.3% \
    'network=web1 network=db1' optional-network optional-network=yes nosuch; do
    # shellcheck disable=SC2086
    row "session: $wrong" tess 10.99.1.2 open=SESSION_ERR $wrong
    # shellcheck disable=SC2086
    row "close: $wrong" tess 10.99.1.2 close=SESSION_ERR $wrong
done
for wrong in from=web1 network=web1 nosuch; do
    row "auth: $wrong" tess - authenticate=AUTH_ERR "$wrong"
    row "setcred: $wrong" tess - setcred=CRED_ERR "$wrong"
    row "password: $wrong" tess - password=AUTHTOK_ERR "$wrong"
done
by_both

# A group whose entry is longer than what the module reads, so that nobody can tell who is in it. It
# is the last one: glibc finds nothing behind a line that doesn't fit.
cp "$TMPDIR/etc/group" "$TMPDIR/group"
{
    printf 'endless:x:4252:'
    head -c 20000000 /dev/zero | tr '\0' m
    echo
} >>"$TMPDIR/etc/group"
row "a group that can't be read admits nobody" tess 10.99.1.2 account=PERM_DENIED group=endless
row "a group that can be read admits a member, whatever the others are" eve 10.99.1.2 account=SUCCESS group=operators,endless
by_both
cat "$TMPDIR/group" >"$TMPDIR/etc/group"
# And a user whose uid can't be read, so that it may be a machine's.
cp "$TMPDIR/etc/passwd" "$TMPDIR/passwd"
{
    printf 'endless:x:4253:4253:'
    head -c 20000000 /dev/zero | tr '\0' m
    echo ':/:/bin/sh'
} >>"$TMPDIR/etc/passwd"
row "a user whose entry can't be read is denied" endless - account=PERM_DENIED
row "permit= admits a user whose entry can't be read" endless - account=IGNORE permit=endless
by_both
cat "$TMPDIR/passwd" >"$TMPDIR/etc/passwd"

# Another machine in the network of web1, whose name comes after that: both may be where the login is from.
nsenter --net="/proc/$web1/ns/net" unshare --mount --pid --fork --kill-child sleep 1000 >/dev/null 2>&1 </dev/null &
wait_until pgrep -P $! -x sleep
web9=$(pgrep -P $! -x sleep)
mymachines register web9 --leader="$web9" 2>/dev/null
row "from= denies a login from a network that another machine shares" tess 10.99.1.2 account=PERM_DENIED from=web1
row "from= admits a login from a network if it admits all machines there" tess 10.99.1.2 account=SUCCESS from=web1,web9
row "not-from= denies a login from a network if it denies one of the machines there" tess 10.99.1.2 account=PERM_DENIED not-from=web9
row "from= denies where only the second of the machines is admitted" tess 10.99.1.2 account=PERM_DENIED from=web9
row "not-from= denies where only the first of the machines is denied" tess 10.99.1.2 account=PERM_DENIED not-from=web1
row "a name is one machine's, whoever shares the network" tess web1 account=SUCCESS from=web1
by_both
mymachines unregister web9
kill -9 "$web9"

# What a rule about the origin needs, and nothing else does.
cp -a "$REGISTRY_DIRECTORY/registry.mdb" "$TMPDIR/good.mdb"
# rows_without_registry LABEL [WHAT]: and what a rule does about logins from this host
rows_without_registry() {
    local this_host=${2-PERM_DENIED}

    row "$1: an ordinary user" tess 10.99.1.2 account=IGNORE
    row "$1: a local user" tess - account=IGNORE
    row "$1: a machine's user by its name" vu-web1-33 - account=PERM_DENIED
    row "$1: a machine's user by its uid, which is anybody's now" inside - account=IGNORE
    row "$1: from=" tess 10.99.1.2 account=PERM_DENIED from=web1
    row "$1: not-from=" tess 10.99.1.2 account=PERM_DENIED not-from=db1
    row "$1: a rule, and a name" tess web1 account=PERM_DENIED user=tess
    row "$1: elsewhere=ignore" tess 10.1.2.3 account=PERM_DENIED elsewhere=ignore
    row "$1: a rule, and a local login" tess - account=IGNORE from=web1
    row "$1: a rule, and a loopback address" tess 127.0.0.1 account="$this_host" from=web1
    row "$1: a rule, and a name of this host" tess localhost account="$this_host" not-from=web1
    row "$1: a rule without names, and a loopback address" tess 127.0.0.1 account=IGNORE class=vm
    row "$1: a rule, and a local login that it denies" tess - account=PERM_DENIED elsewhere=deny
    row "$1: a session" tess 10.99.1.2 "open=IGNORE,MYMACHINES_ORIGIN= close=IGNORE"
    row "$1: network=" tess - open=SESSION_ERR network=web1
    row "$1: network=, optional" tess - open=IGNORE network=web1 optional-network
    by_both
}
rm -r "$REGISTRY_DIRECTORY"
rows_without_registry "no directory" IGNORE
mkdir "$REGISTRY_DIRECTORY"
rows_without_registry "no registry" IGNORE
head -c 5000 "$TMPDIR/good.mdb" >"$REGISTRY_DIRECTORY/registry.mdb"
rows_without_registry "a registry that is cut off"
cp "$TMPDIR/good.mdb" "$REGISTRY_DIRECTORY/registry.mdb"
printf x | dd of="$REGISTRY_DIRECTORY/registry.mdb" bs=1 seek=100 conv=notrunc status=none
rows_without_registry "a registry that was written to"
restore() {
    rm -f "$REGISTRY_DIRECTORY/registry.mdb"
    cp -a "$TMPDIR/good.mdb" "$REGISTRY_DIRECTORY/registry.mdb"
}
restore
chmod 666 "$REGISTRY_DIRECTORY/registry.mdb"
rows_without_registry "a registry that anybody may write"
restore
chown 4242 "$REGISTRY_DIRECTORY/registry.mdb"
rows_without_registry "a registry of somebody's"
rm "$REGISTRY_DIRECTORY/registry.mdb"
ln -s "$TMPDIR/good.mdb" "$REGISTRY_DIRECTORY/registry.mdb"
rows_without_registry "a link"
rm "$REGISTRY_DIRECTORY/registry.mdb"
mymachines refresh
row "an empty registry: no address is a machine's" tess 10.99.1.2 account=IGNORE from=web1
row "an empty registry: elsewhere=deny" tess 10.99.1.2 account=PERM_DENIED elsewhere=deny
row "an empty registry: network=" tess - open=SESSION_ERR network=web1
by_both
restore
row "a restored registry is read again" tess 10.99.1.2 account=SUCCESS from=web1
by_both

# In and out of a machine's network.
row "network= enters the network of the machine" tess - "open=SUCCESS,MYMACHINES_ORIGIN= close=SUCCESS" network=web1
row "network= enters the network of an alias" tess - "open=SUCCESS close=SUCCESS" network=WWW.
row "network= enters the network also from another machine" tess 10.99.2.2 "open=SUCCESS,MYMACHINES_ORIGIN=Db1 close=SUCCESS" network=web1
row "two sessions in a row on one handle enter the network" tess - "open=SUCCESS close=SUCCESS open=SUCCESS close=SUCCESS" network=web1
row "network= works twice in one session" tess - "open=SUCCESS open=SUCCESS close=SUCCESS" network=web1
judge root
forget_rows
row "network= without privilege refuses the session" tess - open=SESSION_ERR network=web1
row "optional-network without privilege stays in the network" tess - open=IGNORE network=web1 optional-network
judge tess setpriv --reuid 4242 --regid 4242 --clear-groups
forget_rows

# What it tells syslog: one line, of the right priority, and more only where it is asked to.
#
# tells EXPECTED LABEL CALLS USER HOST LINE...: the lines that calls of pamtester lead to, by what is in `through`
through=()
tells() {
    local expected=$1 label=$2 call=$3 user=$4 host=$5
    shift 5
    printf '%s\n' "$@" >/etc/pam.d/told
    : >"$TMPDIR/log"
    # shellcheck disable=SC2086
    "${through[@]}" env LD_PRELOAD="$preloaded" pamtester -I rhost="$host" told "$user" $call >/dev/null 2>&1
    # It writes in the order that it was told in.
    logger -t end "$label"
    wait_until grep -q ' end: ' "$TMPDIR/log"
    is "$(sed -n 's/^<\([0-9]*\)>.*pam_mymachines(told:[a-z]*): /\1 /p' "$TMPDIR/log")" "$expected" "$label"
}
tells "" "an ignored login isn't logged" acct_mgmt tess 10.1.2.3 "account required $module from=web1"
tells "" "an admitted login isn't logged" acct_mgmt tess 10.99.1.2 "account required $module from=web1"
tells "85 user tess from machine web1 (container) at 10.99.1.2: refused by from=db*" "the log names user, machine and argument of a denial" \
    acct_mgmt tess 10.99.1.2 "account required $module from=db*"
tells "85 user tess from machine web1 (container) at web1: refused by user=eve" "the log names user= of a denial" \
    acct_mgmt tess web1 "account required $module user=eve group=operators"
tells "85 user tess from 10.1.2.3, no machine's: refused by elsewhere=deny" "the log names elsewhere= of a denial" \
    acct_mgmt tess 10.1.2.3 "account required $module elsewhere=deny"
tells "85 user tess from this host, no machine's: refused by elsewhere=deny" "the log names this host for a local login" \
    acct_mgmt tess "" "account required $module elsewhere=deny"
tells "85 user vu-web1-33 is one of machine web1: refused on this host" "the log names the machine of a denied user name" \
    acct_mgmt vu-web1-33 "" "account required $module"
tells "85 user inside has uid 100033 of machine web1: refused on this host" "the log names the machine of a denied uid" \
    acct_mgmt inside "" "account required $module"
tells "83 refused: argument 'fom=web1' is not an argument of this module; see pam_mymachines(8)" \
    "an unknown argument" acct_mgmt tess "" "account required $module fom=web1"
tells "83 refused: argument 'from=web1' doesn't belong on a line of this kind; see pam_mymachines(8)" \
    "an argument in the wrong place" open_session tess "" "session required $module from=web1"
tells "83 refused: argument 'class=lxc' names a class other than container and vm; see pam_mymachines(8)" \
    "a wrong value" acct_mgmt tess "" "account required $module class=lxc"
tells "85 user tess from a\\x0ab: refused, because it can't be determined whether that is a machine: it is not clearly a name or a complete address" \
    "control bytes" acct_mgmt tess $'a\nb' "account required $module elsewhere=deny"
tells "" "a user with control bytes is not a machine's" acct_mgmt $'vu-x\n<86>y-7' "" "account required $module"
tells "86 session opened for user tess from machine web1 (container) at fd99:1::2" "a session" \
    open_session tess fd99:1::2 "session required $module"
tells "86 session of user tess is in the network of machine web1
86 session opened for user tess from machine Db1 (container) at 10.99.2.2" "a session with network=" \
    open_session tess 10.99.2.2 "session required $module network=web1"
tells "85 session of user tess refused: network namespace of machine web2: it isn't running" \
    "a session without it" open_session tess 10.99.2.2 "session required $module network=web2"
tells "85 session of user tess stays in the network that it is in: network namespace of machine vm1: it has no network namespace of its own" \
    "one that does without" open_session tess "" "session required $module network=vm1 optional-network"
# Where nothing can be seen of leaders and namespaces.
through=(unshare --mount sh -c 'mount -t tmpfs tmpfs /proc && exec "$@"' sh)
for from in 127.0.0.1 10.99.1.2 localhost; do
    tells "85 user tess from $from: refused, because it can't be determined whether that is a machine: /proc doesn't show this process's namespaces" \
        "$from, without /proc" acct_mgmt tess "$from" "account required $module not-from=vm1"
done
through=()
tells "84 session of user tess from a/b: it can't be determined whether that is a machine: it is not clearly a name or a complete address" \
    "a session from what isn't clearly a host" open_session tess a/b "session required $module"
# Of a network that neither process 1 nor the parent is in.
through=(unshare --net)
tells "86 session of user tess is in the network of machine web1
84 the process of user tess's session stays in a machine's network: the network namespace that it came from isn't found again" \
    "a session that can't return to its network" "open_session close_session" tess "" "session required $module network=web1"
through=()
tells "87 user tess: others decide" "debug: auth" \
    authenticate tess "" "auth required $module debug" "auth required pam_permit.so"
tells "87 session opened for user tess from this host, no machine's" "debug: a session" \
    open_session tess "" "session required $module debug"
tells "87 user tess from machine web1 (container) at 10.99.1.2: accepted" "debug: accepted" \
    acct_mgmt tess 10.99.1.2 "account required $module from=web1 debug"
tells "87 user tess from 10.1.2.3, no machine's: ignored" "debug: elsewhere" \
    acct_mgmt tess 10.1.2.3 "account required $module from=web1 debug"
tells "87 user tess belongs to no machine: ignored" "debug: without a rule" \
    acct_mgmt tess 10.1.2.3 "account required $module debug"
tells "87 user inside is permitted by permit=
87 user inside belongs to no machine: ignored" "debug: permit=" \
    acct_mgmt inside "" "account required $module permit=inside debug"
rm "$REGISTRY_DIRECTORY/registry.mdb"
tells "" "a missing registry that isn't needed isn't logged" acct_mgmt tess "" "account required $module"
tells "85 user tess from 10.99.1.2: refused, because it can't be determined whether that is a machine: $REGISTRY_DIRECTORY/registry.mdb: No such file or directory" \
    "but where it was needed" \
    acct_mgmt tess 10.99.1.2 "account required $module from=web1"
head -c 5000 "$TMPDIR/good.mdb" >"$REGISTRY_DIRECTORY/registry.mdb"
tells "84 $REGISTRY_DIRECTORY/registry.mdb: it is damaged" "a damaged registry that isn't needed is a warning" \
    acct_mgmt tess 10.1.2.3 "account required $module"
tells "85 user tess from 10.99.1.2: refused, because it can't be determined whether that is a machine: $REGISTRY_DIRECTORY/registry.mdb: it is damaged" \
    "or one more only" acct_mgmt tess 10.99.1.2 "account required $module from=web1"
tells "85 session of user tess refused: network namespace of machine web1: it is damaged" "network= logs a damaged registry" \
    open_session tess "" "session required $module network=web1"
tells "84 $REGISTRY_DIRECTORY/registry.mdb: it is damaged" "a session logs a damaged registry" \
    open_session tess 10.1.2.3 "session required $module"
restore

# The manual's lines, as they are pasted.
man=$BUILDDIR/pam_mymachines.8
for kind in account session; do
    while read -r line; do
        : >"$TMPDIR/log"
        echo "${line//pam_mymachines.so/$module}" >/etc/pam.d/told
        LD_PRELOAD=$preloaded pamtester told root "$([ "$kind" = account ] && echo acct_mgmt || echo open_session)" >/dev/null 2>&1
        logger -t end "$line"
        wait_until grep -q ' end: ' "$TMPDIR/log"
        is "$(grep -c 'refused: argument' "$TMPDIR/log")" 0 "the manual's: $line"
    done < <(sed -n "s/\\\\-/-/g; s/\\\\f[BIR]//g; s/^\\($kind  .*pam_mymachines.so.*\\)/\\1/p" "$man")
done

# Nothing becomes more.
printf '%s\n' "account required $module from=db*" "session required $module network=web1" >/etc/pam.d/many
# A sanitizer needs no number to find a leak.
many=10000
[ -z "$SANITIZERS" ] || many=1000
ASAN_OPTIONS=detect_leaks=1 run pamsessions many tess 10.99.2.2 $many
is "$status|$err" "0|" "$many sessions, each in a machine's network and back"
while read -r descriptors bytes mappings; do
    is "$descriptors" "descriptors=0" "$many sessions leave no descriptor"
    if [ -n "$SANITIZERS" ]; then
        skip "the sanitizer's allocator has its own, and looks for leaks at the end" "$many sessions leave no mapping and no memory"
    else
        is "$mappings" "mappings=0" "$many sessions leave no mapping"
        # What the linker and libpam do to the heap comes and goes.
        ok "$([ "${bytes#bytes=}" -lt 2500 ]; echo $?)" "$many sessions leave no memory"
        echo "# $bytes"
    fi
done <<<"$out"
is "$(wc -l <<<"$out")" 2 "both halves of the sessions are counted"

# Several lines in one session: the first finds out whence it comes, the last one's network counts.
printf '%s\n' "session optional pam_env.so readenv=1 envfile=$TMPDIR/preset" "session required $module network=db1" \
    "session required $module network=web1" \
    "session required pam_exec.so log=$TMPDIR/session $TMPDIR/look" "account required pam_permit.so" >/etc/pam.d/lines
printf '#!/bin/sh\nenv\nreadlink /proc/self/ns/net\n' >"$TMPDIR/look"
chmod 755 "$TMPDIR/look"
printf 'MYMACHINES_ORIGIN=forged\nMYMACHINES_ORIGIN_CLASS=forged\n' >"$TMPDIR/preset"
# in_session HOST: what such a session sees
in_session() {
    : >"$TMPDIR/session"
    LD_PRELOAD=$preloaded pamtester -I rhost="$1" lines tess open_session >/dev/null 2>&1
    sed -n '/^MYMACHINES\|^net:/p' "$TMPDIR/session" | sort
}
is "$(in_session fe80::ff:fe00:265%ve-web1)" "MYMACHINES_ORIGIN=web1
MYMACHINES_ORIGIN_CLASS=container
$(readlink "/proc/$web1/ns/net")" "two lines: the origin of the host's interface, the network of the second"
is "$(in_session 10.1.2.3)" "$(readlink "/proc/$web1/ns/net")" "a session from elsewhere loses a variable that an earlier module has set"
run pamsessions lines tess fe80::ff:fe00:265%ve-web1 4
is "$status|$err" "0|" "closing the second of two networks returns to before the first"
tells "86 session of user tess is in the network of machine Db1
86 session opened for user tess from machine Db1 (container) at 10.99.2.2
85 session of user tess refused: network namespace of machine web2: it isn't running" "a second line that fails refuses the session" \
    open_session tess 10.99.2.2 "session required $module network=Db1" "session required $module network=web2"

printf '%s\n' "account required pam_permit.so" "session required $module network=Db1" "session optional $module network=web2" \
    "session required pam_exec.so log=$TMPDIR/session $TMPDIR/look" >/etc/pam.d/lines
is "$(in_session 10.1.2.3)" "$(readlink "/proc/$db1/ns/net")" "a line that fails, and may, leaves the network that a line before it has entered"
run pamsessions lines tess "" 4
is "$status|$err" "0|" "which is left when the session is closed"
tells "86 session opened for user tess from machine Db1 (container) at 10.99.2.2
86 session opened for user tess from machine Db1 (container) at 10.99.2.2" "another session on the same handle" \
    "open_session close_session open_session" tess 10.99.2.2 "session required $module"

# No network of its own, where process 1 can't be looked at.
# without_ptrace NAMESPACE: a leader without capabilities, which root can look at without CAP_SYS_PTRACE
without_ptrace() {
    unshare "$1" setpriv --bounding-set=-all --inh-caps=-all sleep 1000 >/dev/null 2>&1 </dev/null &
    wait_until grep -q '^CapEff:.*000$' "/proc/$!/status"
}
through=(setpriv --bounding-set=-sys_ptrace --inh-caps=-sys_ptrace)
without_ptrace --uts
hostnet=$!
mymachines register hostnet --leader="$hostnet" 2>/dev/null
tells "85 session of user tess refused: network namespace of machine hostnet: it has no network namespace of its own" \
    "a container in the service's own network" open_session tess "" "session required $module network=hostnet"
without_ptrace --net
ownnet=$!
mymachines register ownnet --leader="$ownnet" 2>/dev/null
tells "86 session of user tess is in the network of machine ownnet" \
    "a container in another network than the service's" open_session tess "" "session required $module network=ownnet"
tells "86 session of user tess is in the network of machine ownnet
86 session of user tess is in the network of machine ownnet" \
    "a container in the network that the service has just entered" open_session tess "" \
    "session required $module network=ownnet" "session required $module network=ownnet"
through=()
mymachines unregister hostnet ownnet
kill -9 "$hostnet" "$ownnet"

# Where process 1 can be looked at, and is whom to go home to.
cat >"$TMPDIR/as_init" <<'S'
. "$SRCDIR/tests/integration/lib.sh"
mount -t tmpfs -o mode=755 tmpfs "$REGISTRY_DIRECTORY"
start there
start hosts --share=net
for machine in there hosts; do
    mymachines register $machine --leader="${!machine}" 2>/dev/null
done
printf '%s\n' "account required pam_permit.so" "session required $1 network=there" >/etc/pam.d/there
printf '%s\n' "session required $1 network=hosts" >/etc/pam.d/hosts
inside "$there" sh -c 'nsenter --net=/proc/1/ns/net pamsessions there tess "" 4 2>&1; exit $?' | grep -c descriptors=0
LD_PRELOAD=$preloaded pamtester hosts tess open_session >/dev/null 2>&1 && echo entered
inside "$there" env LD_PRELOAD="$preloaded" pamtester hosts tess open_session >/dev/null 2>&1 && echo entered
echo end
S
export preloaded
mkdir -p "$REGISTRY_DIRECTORY"
is "$(unshare --mount --propagation private --pid --fork --mount-proc bash "$TMPDIR/as_init" "$module" 2>&1)" "2
end" "closing returns to the network of process 1, never to the parent's if that is another"

# Who can't be sure lets nobody in.
#
# elsewhere COMMAND...: where the leaders' pids mean nothing
elsewhere() {
    unshare --mount --propagation private --pid --fork --mount-proc env LD_PRELOAD="$preloaded" "$@"
}
printf '%s\n' "account required pam_permit.so" "account required $module from=web1" >/etc/pam.d/sure
printf '%s\n' "session required $module network=web1" >>/etc/pam.d/sure
LD_PRELOAD=$preloaded pamtester -I rhost=10.99.1.2 sure tess acct_mgmt open_session >/dev/null 2>&1
is "$?" 0 "a process in the registrar's pid namespace admits"
elsewhere pamtester -I rhost=10.99.1.2 sure tess acct_mgmt >/dev/null 2>&1
is "$?" 1 "a process in another pid namespace denies"
elsewhere pamtester sure tess open_session >/dev/null 2>&1
is "$?" 1 "a process in another pid namespace enters no network"
if [ -n "$SANITIZERS" ]; then
    skip "a sanitizer needs descriptors of its own" "nobody is admitted without descriptors"
else
    # The line before makes PAM open its descriptor for syslog, and keep it.
    for service in plain not; do
        printf '%s\n' "account optional pam_succeed_if.so uid >= 1" "account required pam_permit.so" >/etc/pam.d/$service
    done
    echo "account required $module" >>/etc/pam.d/plain
    echo "account required $module not-from=web1 permit=tess" >>/etc/pam.d/not
    let_in=
    for ((n = 3; n < 20; n++)); do
        for call in "plain inside" "not tess"; do
            # shellcheck disable=SC2086
            bash -c "ulimit -n $n; exec pamtester -I rhost=fe80::ff:fe00:265%ve-web1 $call acct_mgmt" >/dev/null 2>&1 &&
                let_in+=" $n:$call"
        done
    done
    is "$let_in" "" "nobody is admitted without descriptors"
fi

# A leader's pid that is another's now, in a network namespace of its own.
unshare --net sleep 1000 >/dev/null 2>&1 </dev/null &
reused=$!
wait_until sh -c "[ \$(readlink /proc/$reused/ns/net) != $(readlink /proc/self/ns/net) ]"
mymachines register reused --leader="$reused" --address=10.99.8.8 2>/dev/null
if reuse_pid "$reused" unshare --net sleep 1000; then
    wait_until sh -c "[ \$(readlink /proc/$reused/ns/net) != $(readlink /proc/self/ns/net) ]"
    row "network= of a reused pid" tess - open=SESSION_ERR network=reused
    row "from a reused pid" tess 10.99.8.8 account=IGNORE from=reused
    by_both
    kill -9 "$reused"
else
    skip "the pid couldn't be had again" "network= of a reused pid"
fi

# Some at one address: it is the oldest one's as long as that lives.
start twin1
start twin2
start twin0
for twin in twin1 twin2 twin0; do
    mymachines register $twin --leader="${!twin}" --address=10.99.7.7 2>/dev/null
done
row "of machines at one given address, the first registered counts" tess 10.99.7.7 account=SUCCESS from=twin1
by_both
kill -9 "$twin1"
wait_until test ! -e "/proc/$twin1"
row "of machines at one given address, the first living one counts" tess 10.99.7.7 account=SUCCESS from=twin2
by_both

# The dead are nobody, whether or not anyone has unregistered them.
kill -9 "$web1"
wait_until test ! -e "/proc/$web1"
# Its network goes a while after it.
wait_until sh -c '! ip link show ve-web1'
row "an address of a dead machine is not a machine's" tess 10.99.1.2 account=IGNORE from=web1
row "the name of a dead machine is not a machine's" tess web1 account=IGNORE from=web1
row "elsewhere=deny" tess 10.99.1.2 account=PERM_DENIED elsewhere=deny
row "users of a dead machine are still denied" inside - account=PERM_DENIED
row "a session from a dead machine has no machine in its environment" tess 10.99.1.2 open=IGNORE,MYMACHINES_ORIGIN=
row "network= of a dead machine refuses the session" tess - open=SESSION_ERR network=web1
row "optional-network ignores a dead machine" tess - open=IGNORE network=web1 optional-network
by_both
done_testing

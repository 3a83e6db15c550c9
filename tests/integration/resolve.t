#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The main job: a real container, registered, is seen by unmodified programs.
. "${SRCDIR:?run this by make check}/tests/integration/lib.sh"
need_root
[ -z "$SANITIZERS" ] || skip_all "stock ps hangs under a preloaded sanitizer"
use_module

# web1: one extent of ids, IPv4, IPv6 and link-local on a pair of interfaces.
start web1
own_subnets web1 1

# db1: three extents; its pair is a port of a bridge; addresses of all kinds in it.
start db1 --map=0:200000:1000 --map=1000:1000:1 --map=1001:201001:64535
veth "$db1" vb-db1 102
ip link add br0 index 110 address 02:00:00:00:03:01 type bridge
ip link set vb-db1 master br0
ip link set br0 up
ip addr add 10.99.2.1/24 dev br0
ip addr add 169.254.3.1/16 dev br0 scope link
host_address6 fd99:2::1/64 br0
ip route add 10.250.0.0/16 via 10.99.2.2
ip route add 172.17.0.0/16 via 10.99.2.2
inside "$db1" ip addr add 10.99.2.2/24 dev host0
inside "$db1" ip addr add 10.250.0.7/32 dev lo
inside "$db1" ip addr add 169.254.3.3/16 dev host0 scope link
inside "$db1" ip addr add fd99:2::2/64 dev host0 nodad
inside "$db1" ip addr add fd99:2::3/64 dev host0 nodad preferred_lft 0
inside "$db1" ip link add docker0 type bridge
inside "$db1" ip addr add 172.17.0.1/16 dev docker0
inside "$db1" ip link set docker0 up
inside "$db1" ip addr add 172.18.0.1/16 dev docker0
inside "$db1" ip addr add 192.0.2.77/32 dev lo

run mymachines register web1 --leader="$web1" --alias=www --service=test
is "$status|$out|$err" "0||$(in_no_unit web1)" "a container is registered"
run mymachines register db1 --leader="$db1"
is "$status|$out|$err" "0||$(in_no_unit db1)" "and another one"

is "$(getent ahosts web1)" \
"fe80::ff:fe00:265%101 STREAM web1
fe80::ff:fe00:265%101 DGRAM  
fe80::ff:fe00:265%101 RAW    
fd99:1::2       STREAM 
fd99:1::2       DGRAM  
fd99:1::2       RAW    
10.99.1.2       STREAM 
10.99.1.2       DGRAM  
10.99.1.2       RAW    " "getent ahosts"
is "$(getent ahostsv4 web1)" \
"10.99.1.2       STREAM web1
10.99.1.2       DGRAM  
10.99.1.2       RAW    " "getent ahostsv4"
is "$(getent ahostsv6 web1)" \
"fd99:1::2       STREAM web1
fd99:1::2       DGRAM  
fd99:1::2       RAW    " "getent ahostsv6"
is "$(getent hosts web1)" "fd99:1::2       web1 www" "getent hosts by name"
is "$(getent hosts WWW.)" "fd99:1::2       web1 www" "by an alias, in capitals, with a dot"
is "$(getent hosts 10.99.1.2)" "10.99.1.2       web1 www" "by IPv4 address"
is "$(getent hosts fd99:1::2)" "fd99:1::2       web1 www" "by IPv6 address"
is "$(getent hosts web1 10.99.2.2)" \
"fd99:1::2       web1 www
10.99.2.2       db1" "two keys"
is "$(getent hosts)" \
"127.0.0.1       localhost
10.250.0.7      db1
10.99.2.2       db1
169.254.3.3     db1
172.17.0.1      db1
fd99:2::2       db1
10.99.1.2       web1 www
fd99:1::2       web1 www" "no key: all of them"
run getent hosts nosuch
is "$status|$out" "2|" "a name that isn't registered"
run getent hosts 10.99.1.3
is "$status|$out" "2|" "an address that isn't"

# glibc sorts what it gets by its own rules; libc's hosts entry point keeps our order.
is "$(python3 -c 'import socket; print(socket.gethostbyname_ex("db1"))')" \
    "('db1', [], ['10.250.0.7', '10.99.2.2', '169.254.3.3', '172.17.0.1'])" \
    "global first, then link-local, a bridge inside last; claims, the deprecated and 127.0.0.1 never"
is "$(python3 -c '
import socket
for i in sorted(socket.getaddrinfo("db1", 22, type=socket.SOCK_STREAM)): print(i[0].name, i[4])')" \
"AF_INET ('10.250.0.7', 22)
AF_INET ('10.99.2.2', 22)
AF_INET ('169.254.3.3', 22)
AF_INET ('172.17.0.1', 22)
AF_INET6 ('fd99:2::2', 22, 0, 0)
AF_INET6 ('fe80::ff:fe00:266', 22, 0, 110)" "a bridge port stands for its bridge"
is "$(python3 -c '
import socket
print(socket.getnameinfo(("10.99.2.2", 22), socket.NI_NUMERICSERV))
print(socket.getnameinfo(("::ffff:10.99.2.2", 22), socket.NI_NUMERICSERV))
print(socket.getnameinfo(("fe80::ff:fe00:265%ve-web1", 22), socket.NI_NUMERICSERV))
print(socket.gethostbyaddr("10.99.1.2"))')" \
"('db1', '22')
('db1', '22')
('web1', '22')
('web1', ['www'], ['10.99.1.2'])" "python's socket, back to names"

for name in web1 db1 www; do
    run ping -c 1 -W 5 "$name"
    is "$status" 0 "ping $name"
done
run ping -c 1 -W 5 web1
is "$(sed '/^$/,$d; s/ time=.*//' <<<"$out")" \
"PING web1(web1 (fe80::ff:fe00:265%ve-web1)) 56 data bytes
64 bytes from web1 (fe80::ff:fe00:265%ve-web1): icmp_seq=1 ttl=64" "ping says whom"
run ping -c 1 -W 5 -n fe80::ff:fe00:266%br0
is "$status" 0 "db1 is really there, behind the bridge"

is "$(getent passwd vu-web1-33 100000 vu-db1-1001 201001 vu-web1-0)" \
"vu-web1-33:!*:100033:65534:UID 33 of Container web1:/:/usr/sbin/nologin
vu-web1-0:!*:100000:65534:UID 0 of Container web1:/:/usr/sbin/nologin
vu-db1-1001:!*:201001:65534:UID 1001 of Container db1:/:/usr/sbin/nologin
vu-db1-1001:!*:201001:65534:UID 1001 of Container db1:/:/usr/sbin/nologin
vu-web1-0:!*:100000:65534:UID 0 of Container web1:/:/usr/sbin/nologin" "getent passwd"
is "$(getent group vg-web1-33 100000 vg-db1-65533 265533)" \
"vg-web1-33:!*:100033:
vg-web1-0:!*:100000:
vg-db1-65533:!*:265533:
vg-db1-65533:!*:265533:" "getent group"
for key in vu-db1-1000 201000 99999 165536 165534 vu-web1-65534 vu-web1-65535 vu-web1-007 \
    vu-WEB1-0 vu-www-0 vu-nosuch-0 4294967295 1000000; do
    run getent passwd "$key"
    is "$status|$out" "2|" "no user $key"
done
is "$(getent passwd 1000 | grep -c vu-)" 0 "the host's own uid 1000 stays the host's own"
is "$(getent passwd | grep -c vu-)" 0 "users aren't enumerated"
is "$(getent shadow vu-web1-33)" "vu-web1-33:!*::::::1:" "getent shadow: locked, expired"
if command -v passwd >/dev/null; then
    like "$(passwd -S vu-web1-33)" "vu-web1-33 L *" "passwd -S says locked"
fi
is "$(id vu-db1-7)" "uid=200007(vu-db1-7) gid=65534(nogroup) groups=65534(nogroup)" "id"

touch "$TMPDIR/a" "$TMPDIR/b" "$TMPDIR/c"
chown 100033:100033 "$TMPDIR/a"
chown 201001:200999 "$TMPDIR/b"
chown 99999:165536 "$TMPDIR/c"
# shellcheck disable=SC2012
is "$(cd "$TMPDIR" && ls -l a b c | awk '{print $3, $4, $NF}')" \
"vu-web1-33 vg-web1-33 a
vu-db1-1001 vg-db1-999 b
99999 165536 c" "ls -l"
is "$(cd "$TMPDIR" && stat -c '%U:%G' a)" "vu-web1-33:vg-web1-33" "stat"
is "$(cd "$TMPDIR" && find a b c -nouser)" "c" "find -nouser"
is "$(ps -o user:24= -p "$web1,$db1" | sort)" \
"vu-db1-0
vu-web1-0" "ps -o user:24"
nsenter -t "$db1" -U -p --setuid 33 --setgid 33 sleep 100 &
sleeper=$!
wait_until pgrep -P "$sleeper" -x sleep
is "$(ps -o user:24= -p "$(pgrep -P "$sleeper" -x sleep)")" "vu-db1-33" \
    "ps names the user of a process in it"
is "$(mymachines which "$web1" "$db1" "$(pgrep -P "$sleeper" -x sleep)" | cut -d' ' -f2)" \
"web1
db1
db1" "which: leaders, and a process inside"
pkill -P "$sleeper"

is "$(perl -e 'print join(".", unpack("C4", (gethostbyname("web1"))[4])), "\n"')" "10.99.1.2" \
    "another language"

# Gone at once, although the record is still there.
kill -9 "$web1"
wait_until test ! -e "/proc/$web1"
run getent hosts web1
is "$status|$out" "2|" "a dead machine doesn't resolve"
run getent hosts 10.99.1.2
is "$status|$out" "2|" "nor does its address"
is "$(getent hosts | grep -c web1)" 0 "nor is it among all hosts"
is "$(getent hosts db1)" "fd99:2::2       db1" "the other one does"
mymachines unregister web1
run getent passwd vu-web1-33
is "$status|$out" "2|" "an unregistered machine has no users"
is "$(stat -c '%U' "$TMPDIR/a")" "UNKNOWN" "nor names for its files"
done_testing

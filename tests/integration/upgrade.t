#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Machines run while mymachines is upgraded: the registry that an older program has left is read, and
# goes on. tests/support/registry-layout-0.mdb.xz is one as programs before the first layout wrote it:
# a container web1, a VM vm1. Its boot, namespaces and leaders are zeros and numbers that stand for them.
. "${SRCDIR:?run this by make check}/tests/integration/lib.sh"
need_root
[ "$(printf '\1\0' | od -An -td2 | tr -d ' ')" = 1 ] && [ "$(getconf LONG_BIT)" = 64 ] ||
    skip_all "the old registry is of another kind of machine"
command -v xz >/dev/null || skip_all "xz isn't installed"
use_module

registry=$REGISTRY_DIRECTORY/registry.mdb
start web1 --map=0:200000:65536
start web2 --map=0:300000:65536
sleep 1000 >/dev/null 2>&1 &
vm1=$!

# leave_old: the old registry is there, of this boot, with these leaders
leave_old() {
    mkdir -p "$REGISTRY_DIRECTORY"
    xz -dc "$SRCDIR/tests/support/registry-layout-0.mdb.xz" | python3 -c '
import os, struct, sys
path, leaders, file = sys.argv[1], sys.argv[2:], bytearray(sys.stdin.buffer.read())
for i, pid in enumerate(map(int, leaders)):
    with open(f"/proc/{pid}/stat") as stat:
        start = int(stat.read().rpartition(")")[2].split()[19])
    stands, token = 0x12345601 + i, struct.pack("<IQ", 0x12345601 + i, 0x1111111111111111)
    file = file.replace(token, struct.pack("<IQ", pid, start))
    file = file.replace(struct.pack(">I", stands), struct.pack(">I", pid))
with open("/proc/sys/kernel/random/boot_id") as boot:
    file[-96:-80] = bytes.fromhex(boot.read().strip().replace("-", ""))
for at, kind in (-80, "pid"), (-72, "time"):
    try:
        file[at : at + 8] = struct.pack("<Q", os.stat(f"/proc/self/ns/{kind}").st_ino)
    except FileNotFoundError:
        pass
generation = struct.unpack("<Q", file[-112:-104])[0]
with open(path + ".old", "wb") as to:
    to.write(file)
os.chmod(path + ".old", 0o644)
os.utime(path + ".old", ns=(generation, generation))
os.rename(path + ".old", path)' "$registry" "$web1" "$vm1"
}
# answers NAME: what the host's programs are told of the old machines
answers() {
    is "$(getent hosts www)" "10.99.1.2       web1 www" "$1: a container's alias resolves"
    is "$(getent hosts 192.0.2.9)" "192.0.2.9       vm1" "$1: a VM's address leads to it"
    is "$(getent hosts 2001:db8::9)" "2001:db8::9     vm1" "$1: a VM's IPv6 address leads to it"
    is "$(getent passwd 200033 | cut -d: -f1,3)" "vu-web1-33:200033" "$1: a container's user has a name"
    is "$(getent group vg-web1-0 | cut -d: -f3)" 200000 "$1: a container's group is found"
}
leave_old
is "$(mymachines list --no-legend | awk '{ print $1, $2, $3 }' | paste -sd,)" \
    "vm1 vm qemu,web1 container lxc" "list shows what an older program has registered"
answers "before anything is written"
is "$(mymachines which "$web1")" web1 "which knows the leader that an older program has registered"

run mymachines register web2 --leader="$web2" --service=lxc --address=10.99.1.3
is "$status" 0 "a machine is registered beside those of an older program"
is "$(mymachines list --no-legend | cut -d' ' -f1 | paste -sd,)" "vm1,web1,web2" \
    "registering a machine keeps those of an older program"
is "$(mymachines show web1 -p Id,Service,Unit,RootDirectory,Aliases,Addresses,UIDMap | paste -sd' ')" \
    "Id=00112233445566778899aabbccddeeff Service=lxc Unit=web1.scope RootDirectory=/srv/web1 Aliases=www Addresses=10.99.1.2 UIDMap=0:200000:65536" \
    "the facts of an older program stay"
answers "after a registration"
is "$(getent hosts 10.99.1.3)" "10.99.1.3       web2" "the new machine's address leads to it"

# Each kind of change as the first one.
leave_old
mymachines refresh
is "$?|$(mymachines list --no-legend | wc -l)" "0|2" "refresh is the first change"
answers "after a refresh"
leave_old
run mymachines unregister vm1
is "$status|$(mymachines list --no-legend | cut -d' ' -f1)" "0|web1" "unregister is the first change"
is "$(getent hosts 192.0.2.9; getent hosts 2001:db8::9)" "" "addresses of a machine that is unregistered lead nowhere"
leave_old
run mymachines register web1 --leader="$web1" --address=10.99.1.9 --alias=w3
is "$status|$(getent hosts 10.99.1.2; getent hosts www)|$(getent hosts 10.99.1.9)" "0||10.99.1.9       web1 w3" \
    "registering a machine again is the first change"
leave_old
kill "$vm1"
wait_until has_ended "$vm1"
mymachines refresh 2>/dev/null
is "$(mymachines list --all --no-legend | cut -d' ' -f1)" web1 "a machine that has died meanwhile is forgotten"

# What a newer program has left is left alone, in plain words.
leave_old
set_format "$registry" 2
sum=$(cksum <"$registry")
fails "mymachines: $registry: it has another format version; replace it by 'mymachines refresh --discard', and register the machines again" \
    "a registry of a newer format is refused" mymachines register web2 --leader="$web2"
fails "mymachines: $registry: it has another format version; *" "list says that the registry is of another format" mymachines list
run getent hosts www
is "$status|$out|$err" "2||" "look-ups find nothing in a registry of a newer format"
is "$(cksum <"$registry")" "$sum" "a registry of a newer format stays as it is"
done_testing

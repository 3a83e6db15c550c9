# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What callers of io.systemd.Machine, MachineImage, Import and UserDatabase get to hear, of whoever answers, and stock tools that
# call them. Run by newer.t in a Debian with systemd 257.
export LC_ALL=C TZ=UTC SYSTEMD_PAGER='' SYSTEMD_COLORS=0
cd /tmp/x || exit
MACHINE=/run/systemd/machine/io.systemd.Machine
IMAGE=/run/systemd/machine/io.systemd.MachineImage
IMPORT=/run/systemd/io.systemd.Import
USERS=/run/systemd/userdb/io.systemd.Machine

# leader NAME COMMAND...: sets the variable to the pid of the first process of a service
leader() {
    local i
    systemd-run -q --unit="$1.service" -- "${@:2}"
    printf -v "$1" %s "$(systemctl show -p MainPID --value "$1.service")"
    for ((i = 0; i < 200; i++)); do
        grep -qx sleep "/proc/${!1}/comm" && return
        sleep 0.05
    done
}
# same: standard input without what differs each time
same() {
    sed -E "s/\b($web1|$db1|$vm1|$other)\b/4711/g; s/\"(pidfdId|realtime|monotonic|[a-z]*Timestamp)\":[0-9]+/\"\1\":0/g"
}
# answer CALL STATUS: what is in the file out
answer() {
    { echo "\$ $1"; cat out; } | same
    echo "= $2"
}
say() {
    "$@" </dev/null >out 2>&1
    answer "$*" $?
}
# calls SOCKET INTERFACE: lines of METHOD PARAMETERS from standard input, where METHOD+ is a call with "more"
calls() {
    local method parameters options
    while read -r method parameters; do
        options=--json=short
        [ "${method%+}" = "$method" ] || options+=' --more'
        # shellcheck disable=SC2086
        timeout 20 varlinkctl call $options "$1" "$2.${method%+}" "$parameters" </dev/null >out 2>&1
        answer "${2#io.systemd.}.$method $parameters" $?
    done
}

leader web1 unshare --uts --net sleep 1000
leader db1 unshare --uts --net --user sleep 1000
echo 0 200000 65536 >"/proc/$db1/uid_map"
echo 0 200000 65536 >"/proc/$db1/gid_map"
leader vm1 sleep 1000
leader other unshare --uts sleep 1000
calls $MACHINE io.systemd.Machine <<T
Register {"name":"web1","class":"container","leader":$web1,"service":"test","rootDirectory":"/srv/web1","id":"0102030405060708090a0b0c0d0e0f10","ifIndices":[1]}
Register {"name":"db1","class":"container","leader":$db1}
Register {"name":"vm1","class":"vm","leader":$vm1,"vSockCid":7,"sshAddress":"vsock/7","sshPrivateKeyPath":"/root/key"}
List {"name":"web1"}
List {"name":"web1","acquireMetadata":"graceful"}
List {"name":"web1","acquireMetadata":"yes"}
List {"name":"db1"}
List {"name":"db1","acquireMetadata":"yes"}
List {"name":"vm1"}
List {"name":"vm1","acquireMetadata":"graceful"}
List {"name":"vm1","acquireMetadata":"yes"}
List {"name":".host"}
List {"name":".host","acquireMetadata":"yes"}
List+ {}
List+ {"acquireMetadata":"graceful"}
List {}
List {"name":"nosuch"}
List {"name":""}
List {"name":"a/b"}
List {"name":5}
List {"pid":{"pid":$web1}}
List {"pid":-1}
List {"name":"web1","acquireMetadata":"some"}
List {"name":"web1","nosuch":1}
List {"name":"web1","allowInteractiveAuthentication":true}
Register {"name":"web1","class":"container","leader":$other}
Register {"name":"web1","class":"container","leader":$web1}
Register {"name":"x-","class":"container","leader":$other}
Register {"name":"a b","class":"container","leader":$other}
Register {"name":".host","class":"container","leader":$other}
Register {"name":"","class":"container","leader":$other}
Register {"name":"new","class":"host","leader":$other}
Register {"name":"new","class":"","leader":$other}
Register {"name":"new","leader":$other}
Register {"class":"vm","leader":$other}
Register {"name":"new","class":"container","leader":1}
Register {"name":"new","class":"container","leader":-1}
Register {"name":"new","class":"container","leader":2147483646}
Register {"name":"new","class":"container","leader":99999999999}
Register {"name":"new","class":"container","leader":"x"}
Register {"name":"new","class":"container","leader":$other,"id":"xyz"}
Register {"name":"new","class":"container","leader":$other,"ifIndices":[0]}
Register {"name":"new","class":"container","leader":$other,"ifIndices":["x"]}
Register {"name":"new","class":"container","leader":$other,"ifIndices":5}
Register {"name":"new","class":"container","leader":$other,"rootDirectory":"rel"}
Register {"name":"new","class":"container","leader":$other,"vSockCid":0}
Register {"name":"new","class":"container","leader":$other,"vSockCid":1}
Register {"name":"new","class":"container","leader":$other,"vSockCid":2}
Register {"name":"new","class":"container","leader":$other,"vSockCid":4294967296}
Register {"name":"new","class":"container","leader":$other,"sshPrivateKeyPath":"rel"}
Register {"name":"new","class":"container","leader":$other,"nosuch":"rel"}
Unregister {"name":"new"}
Kill {"name":"nosuch","signal":18}
Kill {"name":"web1"}
Kill {"name":"web1","signal":0}
Kill {"name":"web1","signal":99}
Kill {"name":"web1","signal":-1}
Kill {"name":"web1","signal":18,"whom":"nobody"}
Kill {"name":"web1","signal":18,"whom":"leader"}
Kill {"name":"web1","signal":18,"whom":"all"}
Kill {"name":"web1","signal":18}
Kill {"name":"web1","signal":"x"}
Kill {"name":".host","signal":18}
Terminate {"name":"nosuch"}
Terminate {"name":""}
Terminate {"name":".host"}
Terminate {}
Unregister {"name":"nosuch"}
Unregister {"name":".host"}
Unregister {}
Open {"name":"web1"}
Open {"name":"web1","mode":"some"}
Open {"name":"nosuch","mode":"tty"}
Open {"name":"vm1","mode":"tty"}
Open {"name":"web1","mode":"shell","path":"rel"}
Open {"name":"web1","mode":"shell","environment":["x"]}
Open {"name":"web1","mode":"shell","environment":"x"}
Open {"name":"web1","mode":"shell","args":[1]}
Open {"name":"web1","mode":"shell","user":"a b:c"}
Open {"name":"web1","mode":"tty"}
Nosuch {}
T
calls $IMAGE io.systemd.MachineImage <<T
List {"name":"nosuch"}
List+ {}
List {}
Update {"name":"nosuch","readOnly":true}
Update {"name":".host","readOnly":true}
Update {"name":"a/b"}
Clone {"name":"nosuch","newName":"x"}
Clone {"name":".host"}
Remove {"name":"nosuch"}
Remove {"name":".host"}
Remove {}
T
calls $IMPORT io.systemd.Import <<T
ListTransfers+ {}
ListTransfers {}
ListTransfers+ {"class":"portable"}
ListTransfers+ {"class":null}
ListTransfers+ {"class":"thing"}
ListTransfers+ {"class":5}
ListTransfers+ {"nosuch":null}
Pull+ {}
Pull+ {"remote":"http://127.0.0.1:1/x.tar","local":"x","class":"machine"}
Pull+ {"remote":"http://127.0.0.1:1/x.tar","local":"x","class":"machine","type":null}
Pull+ {"remote":"http://127.0.0.1:1/x.tar","local":"x","class":"machine","type":"zip"}
Pull+ {"remote":"http://127.0.0.1:1/x.tar","local":"x","class":"thing","type":"tar"}
Pull+ {"remote":"http://127.0.0.1:1/x.tar","local":"x","type":"tar"}
Pull+ {"remote":"http://127.0.0.1:1/x.tar","local":"","class":"machine","type":"tar"}
Pull+ {"remote":"http://127.0.0.1:1/x.tar","local":"a/b","class":"machine","type":"tar"}
Pull+ {"remote":"http://127.0.0.1:1/x.tar","local":5,"class":"machine","type":"tar"}
Pull+ {"remote":"http://127.0.0.1:1/x.tar","local":"x","class":"machine","type":"tar","verify":"perhaps"}
Pull+ {"remote":"http://127.0.0.1:1/x.tar","local":"x","class":"machine","type":"tar","verify":""}
Pull+ {"remote":"http://127.0.0.1:1/x.tar","local":"x","class":"machine","type":"tar","verify":"sha256:00"}
Pull+ {"remote":"http://127.0.0.1:1/x.tar","local":"x","class":"machine","type":"tar","force":"yes"}
Pull+ {"remote":"http://127.0.0.1:1/x.tar","local":"x","class":"machine","type":"tar","imageRoot":"x"}
Pull+ {"remote":"http://127.0.0.1:1/x.tar","local":"x","class":"machine","type":"tar","nosuch":1}
Pull+ {"remote":"ftp://127.0.0.1:1/x.tar","local":"x","class":"machine","type":"tar"}
Pull+ {"remote":5,"local":"x","class":"machine","type":"tar"}
Pull {"remote":"ftp://127.0.0.1:1/x.tar","local":"x","class":"machine","type":"tar"}
T
say userdbctl user vu-db1-33
say userdbctl --output=json user 200033
say userdbctl group 200005
say userdbctl groups-of-user vu-db1-33
say userdbctl users-in-group vg-db1-5
say userdbctl user vu-db1-70000
say userdbctl user nosuch
say userdbctl services
say id vu-db1-33
say getent passwd 200007
calls $USERS io.systemd.UserDatabase <<T
GetUserRecord {"service":"io.systemd.Machine","userName":"vu-db1-33"}
GetUserRecord {"service":"io.systemd.Machine","uid":200033}
GetUserRecord {"service":"io.systemd.Machine","uid":200033,"userName":"vu-db1-33"}
GetUserRecord {"service":"io.systemd.Machine","uid":200033,"userName":"vu-db1-34"}
GetUserRecord {"service":"io.systemd.Machine"}
GetUserRecord {"service":"other","uid":200033}
GetUserRecord {}
GetUserRecord {"service":"io.systemd.Machine","uid":65535}
GetUserRecord {"service":"io.systemd.Machine","uid":-1}
GetUserRecord {"service":"io.systemd.Machine","uid":"x"}
GetUserRecord {"service":"io.systemd.Machine","uid":4294967295}
GetUserRecord {"service":"io.systemd.Machine","uid":33}
GetUserRecord {"service":"io.systemd.Machine","userName":""}
GetUserRecord {"service":"io.systemd.Machine","userName":"a/b"}
GetUserRecord {"service":"io.systemd.Machine","userName":"vu-"}
GetUserRecord {"service":"io.systemd.Machine","userName":5}
GetUserRecord {"service":"io.systemd.Machine","uid":200033,"nosuch":5}
GetGroupRecord {"service":"io.systemd.Machine","gid":200033}
GetGroupRecord {"service":"io.systemd.Machine","groupName":"vg-db1-33"}
GetGroupRecord {"service":"io.systemd.Machine","groupName":"vu-db1-33"}
GetGroupRecord {"service":"io.systemd.Machine"}
GetMemberships {"service":"io.systemd.Machine"}
GetMemberships {"service":"io.systemd.Machine","userName":"vu-db1-33"}
T
calls $MACHINE io.systemd.Machine <<T
Unregister {"name":"vm1"}
Terminate {"name":"web1"}
Unregister {"name":"db1"}
T
systemctl stop db1.service vm1.service other.service
systemctl reset-failed
echo end

#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# mymachines ps: what the host's ps prints, with the machines, and users by name.
. "${SRCDIR:?run this by make check}/tests/integration/lib.sh"
need_root
[ -z "$SANITIZERS" ] || skip_all "comparing with ps takes too long with a sanitizer"

blank() {
    awk '{ $1 = $1 }; 1'
}
# same OPTIONS... : of processes that don't change
same() {
    local theirs ours try
    for try in 1 2 3; do
        theirs=$(ps "$@" 2>&1 | blank)
        ours=$(mymachines ps "$@" 2>&1 | sed -E 's/^(MACHINE|long-name_of.a-machine|web1|-) +//' | blank)
        [ "$theirs" = "$ours" ] && break
    done
    is "$ours" "$theirs" "ps $*"
}

# One with a pid namespace and a map, one in the host's, a third inside of the first.
start web --map=0:100000:65536 -- sh -c 'sleep 1001 & exec sleep 1002'
start vm --share=user --share=pid -- sh -c 'sleep 1003 & wait'
mymachines register web1 --leader="$web" --alias=www 2>/dev/null
mymachines register long-name_of.a-machine --leader="$vm" --class=vm 2>/dev/null
# The column for pids is as wide as they can be.
pid_width=$(ps -o pid= -p $$ | wc -L)
wait_until pgrep -P "$web"
wait_until pgrep -P "$vm"
child=$(pgrep -P "$web") vm_child=$(pgrep -P "$vm")
# Not with the test's own descriptors: it would hold them, and others wait for their end.
nsenter --user="/proc/$web/ns/user" --pid="/proc/$web/ns/pid" \
    unshare --pid --fork --kill-child sleep "1004.$$" >/dev/null 2>&1 &
wait_until pgrep -fx "sleep 1004.$$"
trap 'kill -9 "$web" "$vm" "$vm_child"' EXIT
nested=$(pgrep -fx "sleep 1004.$$")

is "$(mymachines ps -o pid,machine,args -p "$web,$child,$vm,$vm_child,$$" | sed "s/$$/PID/")" \
"$(printf "%${pid_width}s %-22s %s\n" PID MACHINE COMMAND; {
    printf "%${pid_width}s %-22s %s\n" "$web" web1 "sleep 1002" "$child" web1 "sleep 1001"
    printf "%${pid_width}s %-22s %s\n" "$vm" long-name_of.a-machine "sh -c sleep 1003 & wait" \
        "$vm_child" long-name_of.a-machine "sleep 1003"
    printf "%${pid_width}s %-22s %s\n" $$ - "bash $0"
} | sort -n | sed "s/$$/PID/")" "a column machine where it is asked for"
# What they had to do at their beginning is less of their time the longer they sleep: C changes no more.
for pid in "$web" "$vm"; do
    wait_until sh -c "[ \$(ps -o c= -p $pid) -eq 0 ]"
done
is "$(mymachines ps -fp "$web")" \
"$(ps -fp "$web" | sed -E "1s/^UID     /MACHINE UID      /; 2s/^vu[^ ]* *|^100000 */web1    vu-web1-0/" |
    sed -E "2s/(vu-web1-0) *$web/\1 $(printf "%${pid_width}s" "$web")/")" \
    "-f: its users by their names, without any NSS"
is "$(mymachines ps -o user,group,ruser -p "$web")" \
"MACHINE USER      GROUP     RUSER
web1    vu-web1-0 vg-web1-0 vu-web1-0" "users and groups"
is "$(mymachines ps -o user:6,pid= -p "$web" | tail -n 1 | tr -s ' ')" "web1 vu-we+ $web" "a width that is given"
is "$(mymachines ps -M web1 -o args= | sort)" "web1    sleep 1001
web1    sleep 1002
web1    sleep 1004.$$
web1    unshare --pid --fork --kill-child sleep 1004.$$" "-M: all processes of a machine, also what was sent in"
is "$(mymachines ps --machine=WWW -o pid=,machine= -p "$web,$vm" | awk '{ $1 = $1 }; 1')" "$web web1" \
    "--machine=, by an alias in another case, of those that are selected"
is "$(mymachines ps -M web1 -M long-name_of.a-machine -o machine= | sort | uniq -c | tr -s ' ')" \
" 2 long-name_of.a-machine
 4 web1" "-M twice"
is "$(mymachines ps -M.host -o machine= | sort -u)" "-" "-M .host"
fails "mymachines: no machine 'nosuch' is registered" "-M of no machine" mymachines ps -M nosuch
run mymachines ps -M web1 -p $$
is "$status|$out" "1|MACHINE $(ps -p 2 | head -n 1)" "nothing to list"
is "$(mymachines ps -o machine= -p "$nested")" web1 "by pid namespaces inside of its own"
is "$(mymachines which "$nested" "$vm_child" | tr '\n' ' ')" "$nested web1 $vm_child long-name_of.a-machine " "which agrees"
is "$(mymachines ps -o args,machine -p "$vm" | cat -A)" \
"COMMAND                     MACHINE\$
sh -c sleep 1003 & wait     long-name_of.a-machine\$" "the last column, without blanks behind"
is "$(COLUMNS=30 mymachines ps -o pid,args -p "$vm" | wc -L)" 30 "as wide as the terminal"
is "$(COLUMNS=30 mymachines ps ww -o pid,args -p "$vm" | tail -n 1 | sed 's/.* sh/sh/')" \
    "sh -c sleep 1003 & wait" "or without a limit"
is "$(mymachines ps -p "$web" -o pid --no-headers | tr -s ' ')" "web1 $web" "--no-headers"
fails "mymachines: ps: conflicting format options" "two formats" mymachines ps -f -o pid
fails "mymachines: ps: unknown option '--nosuch'" "an unknown option" mymachines ps --nosuch
fails "mymachines: ps: option '-o' needs an argument" "an option without its argument" mymachines ps -o
run mymachines ps -o nosuch
like "$status|$err" "1|*nosuch*" "what ps refuses, ps says"
like "$(PATH=$BUILDDIR mymachines ps 2>&1)" "mymachines: cannot run ps(1): *; install procps" "no ps"
is "$(mymachines ps --version)" "$(ps --version)" "--version is that of ps"
if script -qc true /dev/null >/dev/null 2>&1; then
    is "$(script -qc "stty cols 40; mymachines ps -o pid,args -p $vm" /dev/null | tail -n 1 | tr -d '\r' | wc -m)" 41 \
        "cut at the terminal's width"
fi

# Many processes with very long command lines: 400 of 120 KiB.
crowd() {
    exec python3 -c '
import os, sys
for _ in range(400):
    if os.fork() == 0:
        break
else:
    print(flush=True)
sys.stdin.read()' "crowd$$$(head -c 122880 /dev/zero | tr '\0' x)"
}
mkfifo "$TMPDIR/crowd"
exec {crowd}> >(crowd >"$TMPDIR/crowd")
read -r <"$TMPDIR/crowd"
# peak COMMAND...: how much memory it takes in MiB, or its ps(1), which keeps all of them once; its output goes to a file
peak() {
    python3 -c '
import resource, subprocess, sys
subprocess.run(sys.argv[2:], stdout=open(sys.argv[1], "w"))
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)' "$TMPDIR/listed" "$@"
}
if [ -z "$SANITIZERS" ]; then
    used=$(COLUMNS=200 peak mymachines ps -e -o pid,user,args)
    is "$((used < 80))|$(wc -L <"$TMPDIR/listed")" "1|200" "of long command lines no more is kept than is shown"
    used=$(peak mymachines ps -M web1 -o pid,user,args)
    is "$((used < 80))|$(grep -c "crowd$$" "$TMPDIR/listed")" "1|0" "of other machines' processes nothing is kept"
    used=$(peak mymachines ps ww -e -o pid,user,args)
    is "$((used < 80))|$(grep -c "crowd$$" "$TMPDIR/listed")|$(wc -L <"$TMPDIR/listed" | cut -c -2)" "1|401|32" \
        "a command line is cut at 32 KiB"
else
    skip "a sanitizer takes memory of its own" "of long command lines no more is kept than is shown"
fi
exec {crowd}>&-

# A machine in another one's pid namespace has its own children, and only these.
is "$(mymachines ps -p "$nested" -o machine=)" web1 "a process of the outer machine"
mymachines register inner --class=vm --leader="$child" 2>/dev/null
is "$(mymachines ps -o machine= -p "$web,$child,$nested" | sort | uniq -c | tr -s ' ')" " 1 inner
 2 web1" "a leader inside of another machine takes nothing of that"
is "$(mymachines which "$child" "$nested" | tr '\n' ' ')" "$child inner $nested web1 " "which agrees"
mymachines unregister inner

# A process that has ended before it could be looked at is where its parent is: many tries.
start busy --map=0:300000:65536 -- sh -c 'while :; do true & sleep 0.002; done'
mymachines register busy --leader="$busy" 2>/dev/null
: >"$TMPDIR/seen"
# Under load its first child may come after thirty tries.
for ((i = 0; i < 30 || (i < 1000 && $(wc -l <"$TMPDIR/seen") == 0); i++)); do
    mymachines ps -e -o ppid,machine | awk -v p="$busy" '$1 == p { print $2 }' >>"$TMPDIR/seen"
done
is "$(sort -u "$TMPDIR/seen")" busy "processes that end meanwhile stay their machine's"
mymachines unregister busy
kill -9 "$busy"

# Columns that are wider than ps thought.
C=/sys/fs/cgroup/unified
if [ -d "$C" ] && mkdir "$C/docker-$$-0123456789abcdef0123456789abcdef0123456789abcdef.scope" 2>/dev/null; then
    wide=docker-$$-0123456789abcdef0123456789abcdef0123456789abcdef.scope
    sleep 1000 >/dev/null 2>&1 &
    echo $! >"$C/$wide/cgroup.procs"
    is "$(mymachines ps -p "$web,$!,$vm" -o unit,machine,user,pid --no-headers | awk '{ print $2, $3, $4 }' | sort)" \
        "$(printf '%s\n' "- root $!" "long-name_of.a-machine root $vm" "web1 vu-web1-0 $web" | sort)" \
        "no line has its neighbour's machine"
    kill -9 $!
    wait $! 2>/dev/null
    wait_until rmdir "$C/$wide"
fi
is "$(mymachines ps -o "comm={1}mymachines0#,user" -p "$web" | tail -n 1 | blank)" "web1 sleep vu-web1-0" \
    "headers that look like ours"
is "$(setpriv --reuid=65534 --regid=65534 --clear-groups "$BUILDDIR/mymachines" ps -o machine= -p "$web,$child" 2>&1 | tr '\n' ' ')" \
    "web1 web1 " "without privilege, by ancestry"
is "$(mymachines ps nu -p "$web" | awk 'NR == 2 { print $2 }')" 100000 "n: numbers"
run mymachines ps t
is "$status" 0 "t: of this terminal"

# All formats have the columns of ps, with its values.
for format in -f -F -l -ly -j -fl -jl -fj -c -fc -lc -P -fP -FP -L -fL -lL -T -fT -Z -fZ "-O user" -H -m \
    -Fl -lP -lj -ljf -lT -Fj -FL -FT -FlL -flL -flc -flyc -lyf -lyF -Lj -jP -jc -jH -w --headers --forest \
    --context "-o user=X_Y,pid=" "-o pid= -o comm=" --no-headers --sort=-pid "-o %p%y%c" "-o uid,cmd,ucmd"; do
    # shellcheck disable=SC2086
    same $format -p "2,$vm"
done
for format in u j l s v X Z c uc "O user" f H m lZ uf e n; do
    # shellcheck disable=SC2086
    same $format "p2,$vm"
done
same -q "$vm"
same "$vm" 2
same --pid "$vm" --pid=2
same U root q "$vm"
# Those that select all.
some() {
    local theirs ours try
    # A time or a state may change between the two.
    for try in 1 2 3; do
        theirs=$(ps "$@" 2>&1 | grep -e PID -e '[s]leep 1003' -e '[k]threadd' | grep -v -e grep | blank)
        ours=$(mymachines ps "$@" | sed -E 's/^(MACHINE|long-name_of.a-machine|web1|-) +//' |
            grep -e PID -e '[s]leep 1003' -e '[k]threadd' | grep -v -e grep | grep -v 'pid:' | blank)
        [ "$ours" != "$theirs" ] || break
    done
    is "$ours" "$theirs" "ps $*"
}
for format in aux -aux -ax ax axf axj "h ax" axk-pid -ef "-e --no-headers" auxww; do
    # shellcheck disable=SC2086
    some $format
done
done_testing

#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Addresses of machines for systemd-resolved 259 and 260: the socket, asked as these ask it.
. "${SRCDIR:?run this by make check}/tests/integration/lib.sh"
need_root

socket=/run/systemd/resolve.hook/io.systemd.Machine
for name in web1 db1 link1 dead1 dotted; do
    start $name
done
mymachines register web1 --leader="$web1" --alias=main --address=10.0.0.2 --address=10.0.0.3 --address=fd00::2 2>/dev/null
long=$(printf '%064d' 0 | tr 0 q)
mymachines register db1 --leader="$db1" --alias="$long" --address=10.0.0.9 2>/dev/null
ip link add lan0 type veth peer name lan1
mymachines register link1 --leader="$link1" --address=fe80::1%lan0 2>/dev/null
mymachines register my.example.org --leader="$dotted" --address=10.0.0.7 2>/dev/null
mymachines register dead1 --leader="$dead1" --address=10.0.0.8 2>/dev/null
kill -9 "$dead1"
use_module
python3 "$SRCDIR/tests/support/activate" "$socket" -- "$BUILDDIR/mymachines-resolve-hook" &
server=$!
wait_until listening "$socket"
export link1
python3 "$SRCDIR/tests/integration/resolve-hook.py" "$socket" >"$TMPDIR/tap"
sed '/^1\.\./d' "$TMPDIR/tap"
n_tests=$(grep -cE '^(not )?ok ' "$TMPDIR/tap")
is "$(tail -n 1 "$TMPDIR/tap")" "1..$n_tests" "the client of the tests came to its end"
like "$(grep -E '^(Uid|NoNewPrivs)' "/proc/$server/status" | tr -s '\t\n' ' ')" \
    "Uid: 65534 65534 65534 65534 NoNewPrivs: 1 " "the server has no privileges"
skip "Debian 12 has systemd-resolved 252, which asks no hook" "systemd-resolved 259 itself"
kill "$server"
wait "$server"
is "$?" 0 "SIGTERM ends the server in order"
done_testing

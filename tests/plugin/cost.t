#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# System calls and instructions of a look-up, which no noise touches, against tests/plugin/costs: as
# many system calls, and at most 5 % more instructions inside the module. With COSTS=update in the
# environment, that file is written anew instead.
. "${SRCDIR:?run this by make check}/tests/integration/lib.sh"
need_root
cost=$BUILDDIR/tests/support/cost
costs=$SRCDIR/tests/plugin/costs
compiler="$($CC --version | head -n 1), $(uname -m), $(sed -n 's/^CFLAGS = //p' "$BUILDDIR/Makefile")"

# Lines "WAY CALLS" of one look-up. There are a hundred of each but the first.
count_calls() {
    strace -o "$TMPDIR/trace.all" "$cost" && strace -o "$TMPDIR/trace.user" "$cost" first-user || return
    awk '/^write\(-1, "/ { split($0, part, "\""); way = part[2]; next }
        way && way != "end" { calls[way]++ }
        END { for (way in calls) print way, calls[way] / (way ~ /^first-/ ? 1 : 100) }' "$TMPDIR"/trace.* | sort
}
# Lines "WAY INSTRUCTIONS" of one look-up, in the module alone. A cost line begins with a number, +, -
# or *; the one behind calls= is of the callee.
count_instructions() {
    valgrind -q --tool=callgrind --callgrind-out-file="$TMPDIR/callgrind" "$cost" 2>"$TMPDIR/errors" &&
        valgrind -q --tool=callgrind --callgrind-out-file="$TMPDIR/callgrind.user" "$cost" first-user \
            2>"$TMPDIR/errors" || return
    awk 'FNR == 1 { way = ""; inside = 0 }
        /^desc: Trigger: Client Request: / { way = $NF }
        /^ob=/ {
            match($0, /\([0-9]+\)/)
            id = substr($0, RSTART, RLENGTH)
            if (NF > 1)
                module[FILENAME id] = /libnss_mymachines/
            inside = module[FILENAME id]
        }
        /^cob=/ && NF > 1 { match($0, /\([0-9]+\)/); module[FILENAME substr($0, RSTART, RLENGTH)] = /libnss_mymachines/ }
        /^calls=/ { getline; next }
        way && inside && /^[0-9+*-]/ { sum[way] += $2 }
        END { for (way in sum) print way, int(sum[way] / (way ~ /^first-/ ? 1 : 100) + 0.5) }' "$TMPDIR"/callgrind.* | sort
}

command -v strace >/dev/null && calls=$(count_calls) || calls=
[ -n "$SANITIZERS" ] || instructions=$(count_instructions) || sed 's/^/# /' "$TMPDIR/errors"

if [ "${COSTS-}" = update ]; then
    {
        echo "# Of one look-up among a thousand machines: system calls, instructions inside the module."
        echo "# $compiler"
        join <(echo "$calls") <(echo "$instructions")
    } >"$costs"
fi
expected_compiler=$(sed -n '2s/^# //p' "$costs")
while read -r way expected_calls expected_instructions; do
    if [ -n "$calls" ] && [ -z "$SANITIZERS" ]; then
        is "$(sed -n "s/^$way //p" <<<"$calls")" "$expected_calls" "$way: system calls of one look-up"
    else
        skip "there is no strace, or a sanitizer adds to it" "$way: system calls of one look-up"
    fi
    name="$way: no more than 5 % above $expected_instructions instructions"
    found=$(sed -n "s/^$way //p" <<<"${instructions-}")
    if [ -n "$SANITIZERS" ] || [ -z "$found" ]; then
        skip "there is no valgrind, or a sanitizer adds to it" "$name"
    elif [ "$compiler" != "$expected_compiler" ]; then
        skip "another compiler than $expected_compiler" "$name"
    else
        is "$((found * 100 > expected_instructions * 105 ? found : expected_instructions))" \
            "$expected_instructions" "$name"
    fi
done < <(grep -v '^#' "$costs")
done_testing

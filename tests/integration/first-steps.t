#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# README's container that needs no container manager: each line as it stands there. podman, LXC and
# nspawn are in tests/runtimes/readme.t.
. "${SRCDIR:?run this by make check}/tests/integration/lib.sh"
need_root
use_module

mapfile -t lines < <(sed -n '/^    # mymachines run web4 /,/^    # mymachines terminate web4$/s/^    //p' "$SRCDIR/README.md")
ok "$([ ${#lines[@]} -ge 9 ]; echo $?)" "README has the commands"

is_registered() {
    [ -n "$(mymachines show web4 -p Leader --value 2>/dev/null)" ]
}
# What the line before prints.
prints() {
    [ "$(eval "$command" 2>/dev/null)" = "$1" ]
}
command=''
for line in "${lines[@]}"; do
    case $line in
    '# getent '*)
        command=${line#'# '}
        ;;
    '# sleep '*)
        # As long as it takes here.
        wait_until is_registered
        ok $? "run registers the container"
        ;;
    '# mymachines run '*' &')
        # It must not hold what this test prints to.
        eval "${line#'# '}" >"$TMPDIR/run.log" 2>&1 </dev/null
        ;;
    '# '*)
        eval "${line#'# '}" >"$TMPDIR/out" 2>&1 </dev/null
        is "$?|$(cat "$TMPDIR/out")" "0|" "${line#'# '}"
        ;;
    *)
        wait_until prints "$line"
        is "$(eval "$command")" "$line" "$command"
        ;;
    esac
done
wait
is "$(getent hosts web4)" "" "its name stops resolving"
done_testing

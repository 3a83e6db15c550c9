# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A process that lets all wait who look at it. pgrep(1) and ps(1) look at each process, so a test with such a process
# runs alone: tests/local.mk.
turning='' locked=''

# silent_process --memory|--exec [OPTION...]: start it in namespaces of its own: $locked, a child of $turning;
# silent_fuse.py has the options
silent_process() {
    [ -c /dev/fuse ] || skip_all "there is no /dev/fuse"
    mkdir -p "$TMPDIR/silent"
    rm -f "$TMPDIR/silent.out"
    unshare --mount --net --propagation private \
        python3 "$SRCDIR/tests/support/silent_fuse.py" "$@" "$TMPDIR/silent" >"$TMPDIR/silent.out" 2>&1 </dev/null 3>&- &
    turning=$!
    wait_until grep -qs . "$TMPDIR/silent.out"
    grep -q ^ready "$TMPDIR/silent.out" || skip_all "FUSE can't be mounted here: $(cat "$TMPDIR/silent.out")"
    read -r locked _ <"/proc/$turning/task/$turning/children"
}

# execute_without_end: let the process of --exec begin; false where this kernel lets nobody wait for it
execute_without_end() {
    kill -USR1 "$locked"
    wait_until grep -qx locked "$TMPDIR/silent.out"
    run timeout -s KILL 1 readlink "/proc/$locked/root"
    [ "$status" = 137 ]
}

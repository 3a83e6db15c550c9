# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Killing mymachines-import at each system call that changes something.

# kill_at_each STRIDE JUDGE WORD...: run it with these words once, and then again for each of the calls that it made: the
# process that makes this one is killed before it. Of calls that come often, the first and each STRIDE-th. After each run, call JUDGE
# with the call, and with the exit status in $status. Sets killed, and placed if a name was given in one of the steps.
kill_at_each() {
    local stride=$1 judge=$2 call number
    local calls=mkdir,mkdirat,openat,pwrite64,write,fchown,fchownat,fchmod,link,linkat,symlink,symlinkat,rename,renameat,renameat2,unlink,unlinkat,rmdir,ftruncate,fsync,syncfs,utimensat,chroot,unshare,fsetxattr,ioctl
    shift 2
    strace -f -qq -o "$TMPDIR/steps" -e trace=$calls "$BUILDDIR/mymachines-import" "$@" >/dev/null 2>&1
    status=$?
    $judge end
    # strace counts the calls of each kind and of each process apart.
    awk -v stride="$stride" '$2 ~ /^[a-z0-9]+\(/ {
        name = $2; sub(/\(.*/, "", name)
        k = ++n[$1, name]
        if (!seen[name, k]++ && (k % stride == 0 || (k < 4 && name !~ /^(openat|write|pwrite64)$/))) print name, k
    }' "$TMPDIR/steps" >"$TMPDIR/calls"
    killed=0 placed=0
    while read -r call number; do
        (strace -f -qq -o /dev/null -e "trace=$call" -e "inject=$call:signal=KILL:when=$number" \
            "$BUILDDIR/mymachines-import" "$@"; exit $?) >/dev/null 2>&1 </dev/null
        status=$?
        [ $status = 0 ] || killed=$((killed + 1))
        [ "$call" != renameat2 ] || placed=1
        $judge "$call $number"
    done <"$TMPDIR/calls"
}

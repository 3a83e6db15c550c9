#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Files that others wrote are opened in one place: planted calls are found.
. "${SRCDIR:?run this by make check}/tests/integration/lib.sh"
command -v python3 >/dev/null || skip_all "python3 isn't installed"

run python3 "$SRCDIR/tests/house/files" "$SRCDIR"
is "$status|$out" "0|nobody opens a stranger's file by himself" "files are opened in listed places only"
source=$TMPDIR/source
mkdir "$source"
(cd "$SRCDIR" && find base registry host pam nss-mymachines library tools tests/house -type f \
    -exec cp --parents -t "$source" {} +)
run python3 "$source/tests/house/files" "$source"
is "$status" 0 "the copy to plant calls in has none"
echo 'int f(void) { return fopen("/x", "r") != 0; }' >>"$source/host/leases.c"
run python3 "$source/tests/house/files" "$source"
like "$status|$out" "1|host/leases.c: opens 1 files by itself*" "a planted fopen() is found"
echo '/* open("/x") */ static const char *f = "open(";' >>"$source/host/network.c"
run python3 "$source/tests/house/files" "$source"
is "$(printf '%s\n' "$out" | wc -l)" 1 "a comment or a text is not a call"
echo 'char *g(void) { return file_read_text("/x"); }' >>"$source/host/process.c"
run python3 "$source/tests/house/files" "$source"
listed=$(sed -n 's|^host/process.c \([0-9]*\) .*|\1|p' "$source/tests/house/files.exempt")
like "$out" "*host/process.c: opens $((listed + 1)) files by itself, and tests/house/files.exempt has $listed*" "one more than is listed is found"
cat >>"$source/host/leases.c" <<'EOF'
static ssize_t h(char *t) { return file_reader_read_proc(1, "cmdline", t, 9); }
EOF
run python3 "$source/tests/house/files" "$source"
is "$(grep -c memory <<<"$out")" 0 "a command line is read by file_reader.h without a fault"
for call in 'proc_read_text((uint32_t) pid, "cmdline")' 'proc_path(path, pid, "environ")' 'proc_read_text(pid, "syscall")' 'sprintf(path, "/proc/%u/cmdline", pid)'; do
    cp "$SRCDIR/host/leases.c" "$source/host/leases.c"
    echo "void *i(unsigned pid) { return $call; }" >>"$source/host/leases.c"
    run python3 "$source/tests/house/files" "$source"
    like "$status|$out" "1|host/leases.c: reads another process's memory or state by itself*" "a planted $call is found"
done
done_testing

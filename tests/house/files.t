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
done_testing

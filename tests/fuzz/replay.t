#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Each target over its corpus. The numbers of the targets follow each other.
set -u
total=0
targets="record registry text json document"
# That of what servers send needs libcurl.
[ ! -x "$BUILDDIR/tests/fuzz/replay-download" ] || targets="$targets download"
for target in $targets; do
    output=$("$BUILDDIR/tests/fuzz/replay-$target" "$SRCDIR/tests/fuzz/corpus/$target" 2>"$TMPDIR/$target")
    status=$?
    while read -r line; do
        case $line in
        'ok '* | 'not ok '*)
            total=$((total + 1))
            echo "${line%% [0-9]*} $total - $target: ${line#* - }"
            ;;
        esac
    done <<<"$output"
    if [ $status != 0 ]; then
        total=$((total + 1))
        echo "not ok $total - $target ends well"
        sed 's/^/# /' "$TMPDIR/$target"
    fi
done
echo "1..$total"

#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Each target over its corpus. The numbers of the targets follow each other.
set -u
total=0
for corpus in "$SRCDIR"/tests/fuzz/corpus/*/; do
    target=$(basename "$corpus")
    # That of what servers send needs libcurl.
    [ "$target" != download ] || [ -x "$BUILDDIR/tests/fuzz/replay-$target" ] || continue
    output=$("$BUILDDIR/tests/fuzz/replay-$target" "$corpus" 2>"$TMPDIR/$target")
    status=$?
    replayed=0
    while read -r line; do
        case $line in
        'ok '* | 'not ok '*)
            replayed=$((replayed + 1))
            total=$((total + 1))
            echo "${line%% [0-9]*} $total - $target: ${line#* - }"
            ;;
        esac
    done <<<"$output"
    if [ $status != 0 ] || [ $replayed != "$(find "$corpus" -type f | wc -l)" ]; then
        total=$((total + 1))
        echo "not ok $total - $target replays all of its corpus"
        sed 's/^/# /' "$TMPDIR/$target"
    fi
done
echo "1..$total"

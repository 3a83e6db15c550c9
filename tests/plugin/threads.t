#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Sixteen threads look up the same host and users while the registry changes, under ThreadSanitizer.
. "${SRCDIR:?run this by make check}/tests/integration/lib.sh"
need_root

reading=$(cd "$SRCDIR" && echo nss-mymachines/*.c registry/{address,database,file,filter,idmap}.c \
    registry/{leader_state,mapped_id,name,name_value,pages,process_stat,record,snapshot}.c)
# shellcheck disable=SC2086
if ! (cd "$SRCDIR" && $CC -std=gnu11 -O1 -g -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -fsanitize=thread -I. \
    -DREGISTRY_DIRECTORY="\"$REGISTRY_DIRECTORY\"" -o "$TMPDIR/threads" tests/support/threads.c \
    $reading -pthread) 2>"$TMPDIR/errors"; then
    sed 's/^/# /' "$TMPDIR/errors"
    skip "the compiler has no ThreadSanitizer" "threads get right answers without a race"
    done_testing
    exit
fi
sleep 1000 &
leader=$!
trap 'kill $leader' EXIT
register() {
    mymachines register web1 --leader=$leader --address=10.0.0.2 --uid-map=0:100000:1000 \
        --gid-map=0:100000:1000 --force "$@" 2>"$TMPDIR/errors"
}
register || cat "$TMPDIR/errors"
# Its own layout of memory isn't that of kernels with more random bits.
setarch -R "$TMPDIR/threads" 3 >"$TMPDIR/out" 2>&1 &
threads=$!
for i in {1..40}; do
    register --service="s$i"
    sleep 0.05
done
wait $threads
status=$?
if grep -q 'FATAL: ThreadSanitizer' "$TMPDIR/out"; then
    skip "ThreadSanitizer doesn't start here" "threads get right answers without a race"
else
    is "$status" 0 "threads get right answers without a race"
    [ "$status" = 0 ] || sed 's/^/# /' "$TMPDIR/out" | head -60
    like "$(cat "$TMPDIR/out")" "*of [1-9][0-9][0-9][0-9]* look-ups*" "and many of them"
fi
done_testing

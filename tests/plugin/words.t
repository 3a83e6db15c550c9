#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Programs of 32 and of 64 bits read each other's registries: LMDB's pages differ.
. "${SRCDIR:?run this by make check}/tests/integration/lib.sh"
command -v xz >/dev/null || skip_all "xz isn't installed"

reading=$(cd "$SRCDIR" && echo registry/{address,database,file,filter,idmap,leader_state,mapped_id}.c \
    registry/{name,name_value,pages,process_stat,record,snapshot}.c)
# build BITS PROGRAM: of this word size; false if the compiler can't
build() {
    # shellcheck disable=SC2086
    (cd "$SRCDIR" && $CC "-m$1" -std=gnu11 -O1 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -I. \
        -DREGISTRY_DIRECTORY='"/nowhere"' -o "$2" tests/support/registry_dump.c $reading) \
        2>"$TMPDIR/errors"
}

xz -dc "$SRCDIR/tests/support/registry-32bit.mdb.xz" >"$TMPDIR/32.mdb"
build 64 "$TMPDIR/dump-64" || build 32 "$TMPDIR/dump-64" || cat "$TMPDIR/errors"
expected=$("$TMPDIR/dump-64" "$TMPDIR/32.mdb")
is "$(grep -c '^next: m' <<<"$expected")" 60 "a program of 64 bits reads all of a 32-bit registry"
is "$(grep -c -- ': -[0-9]' <<<"$expected")" 11 "it finds all that is there, and nothing else"
like "$expected" "*name: m054 55 pid 1054 1099511627776 unit m054.scope 10.0.54.1 10.0.54.2 0:154000:500*" \
    "it reads numbers as they were written"
like "$expected" "*id 154005: 154000-154499 0 m054
id 154505: 154500-154999 0 *" "it reads ranges of ids"

what="a program of 32 bits reads a 32-bit registry
a program of 32 bits reads a 64-bit registry"
no32='' status=0
build 32 "$TMPDIR/dump-32" || no32="the compiler makes no programs of 32 bits"
"$TMPDIR/dump-32" /dev/null >/dev/null 2>&1 || status=$?
[ "$status" != 126 ] || no32="the kernel runs no programs of 32 bits"
if [ -z "$no32" ]; then
    is "$("$TMPDIR/dump-32" "$TMPDIR/32.mdb")" "$expected" "${what%%
*}"
    sleep 1000 &
    leader=$!
    mymachines register web1 --leader=$leader --address=10.0.0.2 --uid-map=0:100000:1000 \
        --gid-map=0:100000:1000 --unit=web1.scope --force 2>"$TMPDIR/errors" || cat "$TMPDIR/errors"
    is "$("$TMPDIR/dump-32" "$REGISTRY_DIRECTORY/registry.mdb")" \
        "$("$TMPDIR/dump-64" "$REGISTRY_DIRECTORY/registry.mdb")" "${what#*
}"
    kill $leader
else
    while read -r name; do
        skip "$no32" "$name"
    done <<<"$what"
fi
done_testing

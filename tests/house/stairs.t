#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Each room uses only what the table allows it, and only edges print; planted faults are found.
. "${SRCDIR:?run this by make check}/tests/integration/lib.sh"

stairs() {
    run python3 "$SRCDIR/tests/house/stairs" "$1" "$2"
}

# A source tree of our own, to plant faults in. The build has its headers and sources elsewhere.
source=$TMPDIR/source
mkdir "$source"
(cd "$SRCDIR" && find . \( -name '.?*' -o -name 'build*' -o -name 'mymachines-*' \) -prune -o \
    \( -name '*.[ch]' -o -path ./tests/house/rooms \) -exec cp --parents -t "$source" {} +)

# And a build of links, whose archives can be replaced.
build=$TMPDIR/build
mkdir "$build"
ln -s "$BUILDDIR"/* "$build"
ln -s "$BUILDDIR"/.libs "$build"

# plant ARCHIVE OBJECT: put an object made of standard input into a copy of the archive
plant() {
    [ ! -L "$build/$1" ] || cp --remove-destination "$BUILDDIR/$1" "$build"
    gcc -w -c -x c -o "$TMPDIR/$2" - && ar r "$build/$1" "$TMPDIR/$2"
}

uproot() {
    ln -sf "$BUILDDIR/$1" "$build/$1"
}

stairs "$SRCDIR" "$BUILDDIR"
is "$out" "every room uses only what it may use" "rooms use only what the table allows"
stairs "$source" "$build"
is "$status" 0 "the copy to plant faults in has none"

echo '#include "tools/run/supervisor.h"' >>"$source/host/process.c"
stairs "$source" "$build"
like "$out" "host/process.c:*: includes tools/run/supervisor.h: host (what the kernel*) may not use tools/run (standing*)" \
    "an include that goes upstairs is found, with both purposes"
is "$status" 1 "an include that goes upstairs is a failure"
cp "$SRCDIR/host/process.c" "$source/host"

echo 'int run_loop(void); int planted(void) { return run_loop(); }' | plant libhost.a planted.o
stairs "$source" "$build"
like "$out" "libhost.a(planted.o): refers to run_loop: host (what the kernel*) may not use tools/run (standing*)" \
    "a symbol of a room upstairs is found"
uproot libhost.a

echo 'int run_loop(void) { return 0; }' | plant libverbs.a planted.o
stairs "$source" "$build"
like "$out" "run_loop is defined in librun.a and libverbs.a: *" "a symbol that two archives define is found"
uproot libverbs.a

# All at once: a look at all archives takes seconds.
calls=('printf("x%d", 1)' 'puts("x")' 'fputs("x", stderr)' 'fflush(stdout)' 'perror("x")'
    'syslog(0, "x")' 'dprintf(2, "x")' 'warnx("x")' 'vprintf("x", 0)')
for i in "${!calls[@]}"; do
    printf '%s\n' '#include <stdio.h>' '#include <stdarg.h>' "static void planted(void) { ${calls[i]}; }" \
        "void (*planted$i)(void) = planted;" | plant libregistrar.a "planted$i.o"
done
stairs "$source" "$build"
uproot libregistrar.a
for i in "${!calls[@]}"; do
    like "$(grep -F "(planted$i.o)" <<<"$out")" \
        "libregistrar.a(planted$i.o): refers to *: tools/registrar (*) may not print: *" \
        "an object below the edges that has ${calls[i]} is found"
done
is "$(wc -l <<<"$out")" "${#calls[@]}" "and nothing else"

mkdir "$source/tools/attic"
echo 'int attic;' >"$source/tools/attic/attic.c"
stairs "$source" "$build"
is "$out" "tools/attic: this folder has code, and is in no line of tests/house/rooms" \
    "a folder that the table lacks is found"
rm -r "$source/tools/attic"

sed -i 's/^uses registry base$/& tools\/verbs/' "$source/tests/house/rooms"
stairs "$source" "$build"
like "$out" "*: uses itself by way of another room*" "a circle in the table is found"

done_testing

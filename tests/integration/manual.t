#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The manuals: each renders without a complaint at 80 columns, of which man(1) uses 78, and its references lead somewhere.
. "${SRCDIR:?run this by make check}/tests/integration/lib.sh"

make -C "$BUILDDIR" -s man-pages >/dev/null 2>&1
pages=$(ls "$BUILDDIR"/*.[1-8])
for page in $pages; do
    name=$(basename "$page")
    if command -v mandoc >/dev/null; then
        # A page has no date: it is the version's. References are looked for below.
        is "$(mandoc -T lint -W warning "$page" 2>&1 | grep -v 'missing date')" "" "mandoc has nothing to say of $name"
    else
        skip "mandoc isn't installed" "mandoc has nothing to say of $name"
    fi
    if command -v groff >/dev/null; then
        is "$(groff -man -ww -T utf8 -rLL=78n "$page" 2>&1 >/dev/null)" "" "groff has nothing to say of $name"
        is "$(groff -man -T ascii -rLL=78n "$page" 2>/dev/null | sed 's/\x1b\[[0-9;]*m//g; s/.\x08//g' |
            awk 'length > 80')" "" "$name fits 80 columns"
    else
        skip "groff isn't installed" "groff has nothing to say of $name"
    fi
    # Our own pages that it refers to exist.
    # shellcheck disable=SC2016
    references=$(sed 's/\\-/-/g' "$page" | grep -oE '(mymachines[a-z.-]*|nss-mymachines|pam_mymachines|libmymachines) ?"?,? ?\(?[1-8]\)' |
        sed -E 's/ ?"?,? ?\(?([1-8])\)/.\1/' | sort -u)
    for reference in $references; do
        [ -e "$BUILDDIR/$reference" ] || ok 1 "$name refers to $reference, which exists"
    done
    # Each section that a reader looks for.
    sections=(NAME FILES ENVIRONMENT EXAMPLES '"SEE ALSO"')
    case $name in
    mymachines*.[18]) sections+=(SYNOPSIS '"EXIT STATUS"') ;;
    libmymachines.3) sections+=(SYNOPSIS '"RETURN VALUE"') ;;
    pam_mymachines.8) sections+=(SYNOPSIS '"RETURN VALUES"') ;;
    esac
    for section in "${sections[@]}"; do
        grep -q "^\.SH $section" "$page" || ok 1 "$name has $section"
    done
done
ok 0 "all references of the manuals lead to a page, and no page lacks a section"

# Each source file that the documents name, as `tools/setup/setup_*.c`.
is "$(cd "$SRCDIR" && grep -ohE '`[a-zA-Z0-9_./*-]+\.(c|h|md|t|py|sh)`' ./*.md ./*/README.md tools/*/README.md | tr -d '\`' | sort -u |
    while read -r file; do
        find . -path "*/$file" -print -quit | grep -q . || echo "$file"
    done)" "" "all files that the documents name exist"

run python3 "$SRCDIR/tests/house/figures" "$SRCDIR"
is "$status|$out" "0|README.md and HACKING.md have the measured figures" "figures are those of tests/bench/README.md"
mkdir -p "$TMPDIR/source/tests/bench"
cp "$SRCDIR"/{README,HACKING}.md "$TMPDIR/source"
sed -E '/^1000 machines/,/^$/s/^(user by id, any of them +[0-9.]+) ( *)([0-9])/\1\29\3/' "$SRCDIR/tests/bench/README.md" >"$TMPDIR/source/tests/bench/README.md"
is "$(python3 "$SRCDIR/tests/house/figures" "$TMPDIR/source" | cut -d: -f1 | paste -sd,)" "HACKING.md,README.md" \
    "a figure that was measured again is noticed in both"

if command -v mandoc >/dev/null; then
    "$SRCDIR/man/site" "$BUILDDIR" "$TMPDIR/site" 2>"$TMPDIR/site.err"
    is "$(cat "$TMPDIR/site.err")" "" "make site has nothing to say"
    # Each page is in the index, and each link to one of ours works.
    is "$(for page in $pages; do grep -q "href=\"$(basename "$page").html\"" "$TMPDIR/site/index.html" || basename "$page"; done)" \
        "" "the index has all pages"
    is "$(grep -n '<dd>.*\\\|<dd></dd>\|<dd>.*\.[A-Z][A-Z]* ' "$TMPDIR/site/index.html")" "" "the index has what each page is about, in words"
    is "$(grep -oh 'href="[^"#:]*\.html"' "$TMPDIR"/site/*.html | sort -u | sed 's/href="//; s/"//' |
        while read -r link; do [ -e "$TMPDIR/site/$link" ] || echo "$link"; done)" "" "no link between pages is broken"
else
    skip "mandoc isn't installed" "the pages for a browser"
fi
done_testing

#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# 500 machines come, change and die, with a monitor at work, while 8 readers hold every answer of
# glibc's against the truth.
. "${SRCDIR:?run this by make check}/tests/integration/lib.sh"
. "$SRCDIR/tests/integration/events.sh"
need_root
command -v python3 >/dev/null && python3 -c 'import json, mmap, subprocess' 2>/dev/null ||
    skip_all "python3 isn't installed"
trap end_watching EXIT
use_module
start_monitor
timeout 180 python3 "$SRCDIR/tests/integration/storm.py" mymachines 500 8 "${STORM_SECONDS:-8}" \
    >"$TMPDIR/storm" 2>&1 </dev/null
is "$?" 0 "the storm ends within its time"
counts=$(tail -n 1 "$TMPDIR/storm")
count() {
    sed -n "s/.*\\b$1=\\([0-9]*\\).*/\\1/p" <<<"$counts"
}
echo "# $counts"
is "$(grep '^#' "$TMPDIR/storm" | head -n 20)" "" "each answer was true"
is "$(count wrong)|$(count failures)" "0|0" "no answer was wrong, and no update was lost"
ok "$([ "$(count changes)" -gt 600 ] && [ "$(count answers)" -gt 2000 ] && [ "$(count former)" -gt 50 ]; echo $?)" \
    "readers got many answers while machines changed"
is "$(count readers)" 8 "each reader got answers"
# What they had to say otherwise, as when one has thrown an exception.
grep -v '^#' "$TMPDIR/storm" | head -n -1 | sed 's/^/# /'
has_none() {
    [ -z "$(mymachines list --all --no-legend)" ]
}
wait_until has_none
ok $? "monitor unregisters all machines of the storm"
# With a sanitizer, all those that write at once may keep it from the lock for longer than it waits.
slow=${SANITIZERS:+another writer has held its lock}
is "$(grep -v 'has died; unregistered' "$TMPDIR/monitor.err" | grep -v "${slow:-^$}")" "" \
    "the monitor has no complaints"
done_testing

# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# For the tests of io.systemd.Machine over its socket, as a user calls it.
socket=/run/systemd/machine/io.systemd.Machine

# serve_machines: the built program answers there; sets server
serve_machines() {
    python3 "$SRCDIR/tests/support/activate" "$socket" -- "$BUILDDIR/mymachines-varlink" &
    server=$!
    wait_until listening "$socket"
}

# as_user USER METHOD PARAMETERS: the error without its interface, or "done"
as_user() {
    setpriv --reuid="$1" --regid="$1" --clear-groups python3 - "$socket" "${@:2}" <<'P'
import json, os, sys
sys.path.insert(0, os.environ["SRCDIR"] + "/tests/support")
from varlink import Client
with Client(sys.argv[1], timeout=60) as client:
    reply = client.call("io.systemd.Machine." + sys.argv[2], json.loads(sys.argv[3]))
print(reply.get("error", "done").rpartition(".")[2])
P
}

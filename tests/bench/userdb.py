#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""userdb.py [N]: look-ups of users through Debian's nss-systemd, answered by mymachines-userdb and by
systemd-machined, in turns, with N machines (1000) each; and 1,000 connections at once."""
import os
import statistics
import subprocess
import sys
import time

from compare import COMPARE, SOURCE, Debian, note, run

sys.path.insert(0, SOURCE + "/tests/support")
from varlink import Client

SOCKET = "/run/systemd/userdb/io.systemd.Machine"
CLIENTS, SECONDS, ROUNDS = 4, 2, 3
WAYS = {"user": "user by name", "uid": "user by id", "no-uid": "user by id, miss"}


def look_ups(program, runner, count, way):
    """Look-ups a second of all clients."""
    return int(runner(program, "load", "systemd", str(count), str(SECONDS), way, "processes", str(CLIENTS)))


def connect_at_once(many):
    """Milliseconds until as many clients that connect and ask at once all have their answers."""
    begin = time.monotonic()
    clients = [Client(SOCKET) for _ in range(many)]
    for client in clients:
        client.send("io.systemd.UserDatabase.GetUserRecord", {"service": "io.systemd.Machine", "uid": 524288 + 33})
    answers = [client.receive() for client in clients]
    for client in clients:
        client.close()
    if any("parameters" not in answer or "error" in answer for answer in answers):
        sys.exit("not all had an answer")
    return (time.monotonic() - begin) * 1000


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    leader = subprocess.Popen(["sleep", "100000"])
    run(COMPARE, "populate", str(count), str(leader.pid))
    server = subprocess.Popen([SOURCE + "/tests/support/activate", SOCKET, "--", os.environ["BUILDDIR"] + "/mymachines-userdb"])
    note("booting systemd-machined")
    peer = Debian()
    try:
        note("registering %d machines there" % count)
        # In steps: each has a time limit.
        for step in range(100, count, 100):
            peer.fill(step)
        peer.fill(count)
        figures = {}
        for _ in range(ROUNDS):
            for way in WAYS:
                figures.setdefault(way, ([], []))[0].append(look_ups(COMPARE, run, count, way))
                figures[way][1].append(look_ups("/run/build/tests/bench/compare", peer.run, count, way))
        print("%-40s%12s%12s" % ("Look-ups a second, %d clients, %d machines" % (CLIENTS, count), "mymachines", "machined"))
        for way, (ours, theirs) in figures.items():
            print("%-42s%12d%12d" % (WAYS[way], statistics.median(ours), statistics.median(theirs)))
        print("1,000 connections at once: %.0f ms until all have an answer" % connect_at_once(1000))
    finally:
        server.kill()
        leader.kill()
        peer.end()


main()

# SPDX-License-Identifier: LGPL-2.1-or-later
"""peer_differences.py REAL OURS: the calls of varlink-peer.sh that two services have answered otherwise, with both
answers. Left out are fields of later versions, and empty objects and lists, which are as absent ones."""
import json
import re
import sys

LATER = ("UID", "incomplete", "modificationTimestamp", "errnoName", "message", "origin")


def plain(line):
    try:
        value = json.loads(line)
    except ValueError:
        return line
    if not isinstance(value, dict):
        return line
    value = {k: v for k, v in value.items() if k not in LATER and v not in ([], {})}
    return json.dumps(value, sort_keys=True) if value else ""


def answers(path):
    found, call = {}, None
    with open(path) as file:
        for line in (l.strip("\n\x1e") for l in file):
            if line.startswith("$ "):
                call = line[2:]
                found[call] = []
            elif call and line.startswith("= "):
                # In which order a service lists its machines is its own affair.
                found[call] = [l for l in (sorted if "+ {" in call else list)(found[call]) if l]
                call = None
            elif call:
                found[call].append(plain(re.sub(r"^Method call (\S+ )?failed: ", "error ", line)))
    return found


real, ours = map(answers, sys.argv[1:])
for call, answer in real.items():
    if ours.get(call) != answer:
        print(call)
        print("  real:", " ".join(answer) or "success")
        print("  ours:", " ".join(ours.get(call, ["nothing"])) or "success")

# SPDX-License-Identifier: LGPL-2.1-or-later
"""storm.py MYMACHINES MACHINES READERS SECONDS

Machines are registered, given other addresses, unregistered and killed, in any order, while the
monitor runs and readers ask glibc for them, whose every answer is held against the truth. That is a
table in shared memory with a word for each machine: its version, odd while something is being done
to it, and the address that it has, 0 for none. An answer counts if the word was even and the same
before and after. Prints what was wrong, and at the end a line of counts.
"""
import json
import mmap
import os
import random
import signal
import socket
import subprocess
import sys
import time

TOOL, MACHINES, READERS, SECONDS = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
# One store for each number: whoever reads one, or is killed, sees all of it or nothing. pack_into() writes zeros first.
table = memoryview(mmap.mmap(-1, 8 * MACHINES)).cast("Q")
counts = memoryview(mmap.mmap(-1, 8 * 4 * READERS)).cast("q")
ANSWERS, SKIPPED, WRONG, FORMER = range(4)


def name(i):
    return "storm%03d" % i


def text(number):
    return "10.%d.%d.%d" % (number >> 16 & 255, number >> 8 & 255, number & 255)


def read(i):
    word = table[i]
    return word >> 32, word & 0xffffffff


def write(i, version, address):
    table[i] = version << 32 | address


def resolve(i):
    try:
        return {entry[4][0] for entry in socket.getaddrinfo(name(i), None, socket.AF_INET)}
    except socket.gaierror:
        return set()


def resolve_back(address):
    try:
        return socket.gethostbyaddr(text(address))[0]
    except (socket.herror, socket.gaierror):
        return None


def reader(number):
    seen = {}
    rng = random.Random(number)
    tally = [0, 0, 0, 0]
    while True:
        i = rng.randrange(MACHINES)
        before = read(i)
        back = before[1] and rng.random() < 0.3
        # An address that some machine had once, which nobody has any more.
        former = seen.get(i)
        if former and former != before[1] and rng.random() < 0.2:
            if resolve_back(former) is not None:
                tally[WRONG] += 1
                print("# %s is still there" % text(former), flush=True)
            tally[FORMER] += 1
        answer = resolve_back(before[1]) if back else resolve(i)
        after = read(i)
        if before != after or before[0] & 1:
            tally[SKIPPED] += 1
        else:
            expected = name(i) if back else ({text(before[1])} if before[1] else set())
            tally[ANSWERS] += 1
            if answer != expected:
                tally[WRONG] += 1
                print("# %s: got %s, not %s" % (name(i), answer, expected), flush=True)
            if before[1]:
                seen[i] = before[1]
        for kind, count in enumerate(tally):
            counts[4 * number + kind] = count


def start_leader():
    pid = os.fork()
    if pid == 0:
        while True:
            signal.pause()
    return pid


def tool(*arguments, **keywords):
    done = subprocess.run([TOOL, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          universal_newlines=True, **keywords)
    if done.returncode != 0:
        print("# %s: %s" % (" ".join(arguments), done.stderr.strip()), flush=True)
        failures.append(arguments)


failures = []
leaders = [0] * MACHINES
next_address = 1
rng = random.Random(1)
changes = 0


def new_address():
    global next_address
    next_address += 1
    return next_address


def change(chosen, action, address_of=lambda i: 0):
    """Do it, with the words odd meanwhile, and then as the truth is."""
    global changes
    for i in chosen:
        version, address = read(i)
        write(i, version + 1, address)
    after = {i: address_of(i) for i in chosen}
    action(after)
    for i in chosen:
        write(i, read(i)[0] + 1, after[i])
    changes += len(chosen)


def register(after):
    lines = []
    for i, address in after.items():
        leaders[i] = leaders[i] or start_leader()
        lines.append(json.dumps({"name": name(i), "leader": leaders[i], "class": "vm",
                                 "addresses": [text(address)]}))
    tool("register", "--batch", input="\n".join(lines))


def give_address(after):
    for i, address in after.items():
        tool("register", name(i), "--leader=%d" % leaders[i], "--address=", "--address=" + text(address))


def kill(after):
    for i in after:
        os.kill(leaders[i], signal.SIGKILL)
    for i in after:
        os.waitpid(leaders[i], 0)
        leaders[i] = 0


def unregister(after):
    tool("unregister", *[name(i) for i in after])


def pick(wanted, most):
    fitting = [i for i in range(MACHINES) if bool(leaders[i] and read(i)[1]) == wanted]
    return rng.sample(fitting, min(len(fitting), rng.randint(1, most)))


readers = []
for number in range(READERS):
    pid = os.fork()
    if pid == 0:
        os.nice(5)
        reader(number)
    readers.append(pid)

def read_tallies():
    return [counts[4 * n:4 * n + 4] for n in range(READERS)]


def is_enough():
    tallies = read_tallies()
    return (changes > MACHINES + 100 and sum(t[ANSWERS] for t in tallies) > 2000 and
            sum(t[FORMER] for t in tallies) > 50 and all(t[ANSWERS] > 100 for t in tallies))


change(range(MACHINES), register, lambda i: new_address())
start = time.monotonic()
# On a loaded machine it takes longer until there is something to judge.
while time.monotonic() < start + SECONDS or \
        (not is_enough() and time.monotonic() < start + SECONDS + 60):
    what = rng.random()
    if what < 0.35:
        change(pick(False, 20), register, lambda i: new_address())
    elif what < 0.6:
        change(pick(True, 3), give_address, lambda i: new_address())
    elif what < 0.85:
        change(pick(True, 15), kill)
    else:
        change(pick(True, 5), unregister)
for pid in readers:
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)

# No update may be lost: the registry has what was given, and no more once the monitor is through.
expected = {name(i): [text(read(i)[1])] for i in range(MACHINES) if read(i)[1]}
for _ in range(500):
    listed = json.loads(subprocess.run([TOOL, "list", "--all", "--json=short"],
                                       stdout=subprocess.PIPE).stdout)
    found = {machine["name"]: [a["addressString"] for a in machine.get("addresses", [])]
             for machine in listed}
    if found == expected:
        break
    time.sleep(0.02)
else:
    for key in sorted(set(found) | set(expected)):
        if found.get(key) != expected.get(key):
            print("# %s: registered %s, not %s" % (key, found.get(key), expected.get(key)))
    failures.append("registry")
for i in range(MACHINES):
    if leaders[i]:
        os.kill(leaders[i], signal.SIGKILL)
tallies = read_tallies()
print("changes=%d answers=%d skipped=%d former=%d wrong=%d failures=%d readers=%d" % (
    changes, sum(t[ANSWERS] for t in tallies), sum(t[SKIPPED] for t in tallies),
    sum(t[FORMER] for t in tallies), sum(t[WRONG] for t in tallies), len(failures),
    sum(1 for t in tallies if t[ANSWERS] > 100)))

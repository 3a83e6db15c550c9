# SPDX-License-Identifier: LGPL-2.1-or-later
"""What commands, calls and events take with many machines, for compare.py: by this build, and by
the systemd-machined that is booted beside."""
import ctypes
import json
import os
import resource
import signal
import statistics
import subprocess
import sys
import time

BUILD = os.environ["BUILDDIR"]
SOURCE = os.environ["SRCDIR"]
PROGRAM = os.environ["TMPDIR"] + "/program/mymachines"
REGISTRY = os.environ["REGISTRY_DIRECTORY"] + "/registry.mdb"
SOCKET = os.environ["TMPDIR"] + "/io.systemd.Machine"
CLONE_NEWUTS, CLONE_NEWNET, PR_SET_PDEATHSIG = 0x04000000, 0x40000000, 1

TITLES = {
    "true": "/bin/true, the least that a command takes",
    "register-command": "register, by a command",
    "register-call": "register, by a call on an open connection",
    "list": "list",
    "status": "status of one",
    "true-cpu": "CPU of /bin/true",
    "register-cpu": "CPU of register, by a command",
    "list-cpu": "CPU of list",
    "status-cpu": "CPU of status of one, and what it starts",
    "start": "start of the monitor, CPU",
    "death": "a leader dies, until its record is gone",
    "address": "an address is added, until it is published",
}
MEMORY_TITLES = {"monitor": "PSS of what follows machines"}


def start_leaders(count, namespaces):
    """Processes in such namespaces of their own, which end with this one."""
    libc = ctypes.CDLL(None)
    ready, told = os.pipe()
    pids = []
    for _ in range(count):
        pid = os.fork()
        if pid == 0:
            libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            if libc.unshare(namespaces) != 0:
                os._exit(1)
            os.write(told, b"x")
            os.close(told)
            os.execvp("sleep", ["sleep", "100000"])
        pids.append(pid)
        os.read(ready, 1)
    os.close(ready)
    os.close(told)
    return pids


def make_program():
    """As a package installs it: without what only a debugger reads."""
    os.makedirs(os.path.dirname(PROGRAM), exist_ok=True)
    subprocess.run(["strip", "-o", PROGRAM, BUILD + "/mymachines"], check=True)


def used_by_children():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (used.ru_utime + used.ru_stime) * 1000


def measure_command(times, way, rounds, command):
    """Its time, and what it and its children take of the processor. `command` gets the round's number."""
    elapsed, used = [], []
    for number in range(rounds):
        before = used_by_children()
        elapsed.append(milliseconds(lambda: run_quietly(*command(number))))
        used.append(used_by_children() - before)
    times[way + "-cpu"] = statistics.median(used)
    return statistics.median(elapsed)


def milliseconds(action):
    began = time.monotonic()
    action()
    return (time.monotonic() - began) * 1000


def run_quietly(*command, text=None):
    subprocess.run(command, input=text, text=True, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def wait_for(condition, seconds=30):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError("waited in vain")
        time.sleep(0.0005)


def generation():
    """Of the publication: the time at which it was made."""
    return os.stat(REGISTRY).st_mtime_ns


def until_published(action):
    before, began = generation(), time.time_ns()
    action()
    wait_for(lambda: generation() != before)
    time.sleep(0.1)
    return (generation() - began) / 1e6


def forget(names):
    run_quietly(PROGRAM, "unregister", *names)


def measure_calls(leaders):
    """Varlink's io.systemd.Machine.Register; None without that server."""
    sys.path.insert(0, SOURCE + "/tests/support")
    from varlink import Client

    if not os.path.exists(BUILD + "/mymachines-varlink"):
        return None
    server = subprocess.Popen(
        [sys.executable, SOURCE + "/tests/support/activate", SOCKET, "--", BUILD + "/mymachines-varlink"],
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(lambda: os.path.exists(SOCKET))
        times = []
        with Client(SOCKET) as client:
            for number, leader in enumerate(leaders):
                parameters = {"name": "call%d" % number, "class": "container", "leader": leader}

                def call():
                    reply = client.call("io.systemd.Machine.Register", parameters)
                    assert reply and "error" not in reply, reply

                times.append(milliseconds(call))
        forget("call%d" % number for number in range(len(leaders)))
        return statistics.median(times)
    finally:
        server.kill()
        server.wait()
        os.unlink(SOCKET)


def pss_of(pid):
    for line in open("/proc/%d/smaps_rollup" % pid):
        if line.startswith("Pss:"):
            return int(line.split()[1])


def cpu_of(pid):
    return int(open("/proc/%d/schedstat" % pid).read().split()[0]) / 1e6


def inside(pid, *command):
    run_quietly("nsenter", "--net=/proc/%d/ns/net" % pid, *command)


def measure_events(count, others, networks, times, memory):
    monitor = subprocess.Popen([PROGRAM, "monitor"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(lambda: len(os.listdir("/proc/%d/fd" % monitor.pid)) > count, 60)
        # Until it has looked at all of them.
        last = -1
        while cpu_of(monitor.pid) - last > 1:
            last = cpu_of(monitor.pid)
            time.sleep(0.5)
        times["start"] = last
        memory["monitor"] = pss_of(monitor.pid)
        times["death"] = statistics.median(until_published(lambda: os.kill(pid, signal.SIGKILL)) for pid in others)
        for pid in networks:
            inside(pid, "ip", "link", "set", "lo", "up")
        time.sleep(0.5)
        times["address"] = statistics.median(
            until_published(lambda: inside(pid, "ip", "addr", "add", "10.255.0.1/32", "dev", "lo")) for pid in networks
        )
    finally:
        monitor.terminate()
        monitor.wait()


def measure(count, rounds):
    """Two dictionaries of medians: milliseconds, and KiB of memory."""
    times, memory = {}, {}
    make_program()
    if os.path.exists(REGISTRY):
        os.unlink(REGISTRY)
    leaders = start_leaders(count, CLONE_NEWUTS)
    extra = start_leaders(2 * rounds, CLONE_NEWUTS)
    networks = start_leaders(rounds, CLONE_NEWNET)
    names = ["m%04d" % i for i in range(count)]
    lines = [
        {"name": name, "leader": pid, "service": "bench", "unit": "bench-%s.service" % name,
         "addresses": ["10.%d.%d.%d" % (1 + i // 65536, i // 256 % 256, i % 256)]}
        for i, (name, pid) in enumerate(zip(names, leaders))
    ] + [{"name": "net%d" % i, "leader": pid, "unit": "bench-net%d.service" % i} for i, pid in enumerate(networks)]
    try:
        run_quietly(PROGRAM, "register", "--batch", "--no-monitor", text="".join(json.dumps(l) + "\n" for l in lines))
        times["true"] = measure_command(times, "true", 20, lambda i: ["/bin/true"])
        times["list"] = measure_command(times, "list", rounds, lambda i: [PROGRAM, "list", "--no-legend"])
        times["status"] = measure_command(times, "status", rounds, lambda i: [PROGRAM, "status", names[i % count]])
        times["register-command"] = measure_command(
            times, "register", rounds,
            lambda i: [PROGRAM, "register", "new%d" % i, "--leader=%d" % extra[i], "--no-monitor"])
        forget("new%d" % i for i in range(rounds))
        times["register-call"] = measure_calls(extra[rounds:])
        measure_events(count, leaders[:min(rounds, count // 2)], networks, times, memory)
    finally:
        for pid in leaders + extra + networks:
            os.kill(pid, signal.SIGKILL)
        for pid in leaders + extra + networks:
            os.waitpid(pid, 0)
    return times, memory


# In the booted Debian, with the machines that are there: lines "WAY MILLISECONDS".
MACHINED = r"""
rounds=$1
exec 9>&1 >/dev/null 2>&1
now() { local t=$EPOCHREALTIME; echo "${t/./}"; }
took() { # WAY COMMAND...
    local way=$1 began=$(now)
    shift
    "$@"
    echo "$way $(($(now) - began))" >&9
}
for ((i = 0; i < rounds; i++)); do
    systemd-run --quiet --collect --no-block --unit=bench-new$i --slice=machine.slice -p StandardOutput=file:/tmp/leaders/new$i \
        /run/build/tests/support/container --hold --map=0:$((524288 + (5000 + i) * 65536)):65536
done
for ((i = 0; i < rounds; i++)); do
    until [ -s /tmp/leaders/new$i ]; do sleep 0.02; done
    leader=$(cat /tmp/leaders/new$i)
    took list machinectl --no-pager --no-legend list
    took status machinectl --no-pager status m0001
    took register-command busctl --quiet call org.freedesktop.machine1 /org/freedesktop/machine1 \
        org.freedesktop.machine1.Manager RegisterMachine sayssus new$i 0 bench container $leader ""
    until [ -e /run/systemd/machines/new$i ]; do sleep 0.001; done
    began=$(now)
    kill -9 $leader
    while [ -e /run/systemd/machines/new$i ]; do :; done
    echo "death $(($(now) - began))" >&9
done
pid=$(systemctl show -P MainPID systemd-machined)
echo "pss $(sed -n 's/^Pss: *\([0-9]*\).*/\1/p' /proc/$pid/smaps_rollup)" >&9
"""


def measure_machined(debian, rounds):
    values = {}
    for line in debian.run("bash", "-c", MACHINED, "machined", str(rounds)).splitlines():
        way, value = line.split()
        values.setdefault(way, []).append(int(value))
    pss = values.pop("pss")[0]
    return {way: statistics.median(some) / 1000 for way, some in values.items()}, {"monitor": pss}

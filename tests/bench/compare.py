#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""compare.py [--quick] DIRECTORY: look-ups by this build and by others, in one run.

scripts/bench starts it, in namespaces of its own. It prints one table, and
writes it to DIRECTORY/table.txt, the medians to DIRECTORY/medians.tsv, and a
plot to DIRECTORY/plot.svg. Services are measured in turn, several times, and
each figure is the median of its rounds' medians.
"""
import argparse
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import operations

BUILD = os.environ["BUILDDIR"]
SOURCE = os.environ["SRCDIR"]
TEMPORARY = os.environ["TMPDIR"]
COMPARE = BUILD + "/tests/bench/compare"

HOSTS = ["host", "host4", "same-host", "no-host", "address"]
USERS = ["user", "no-user", "uid", "few-uids", "no-uid", "group", "gid"]
TITLES = {
    "host": "host by name, any family, any of them",
    "host4": "host by name, IPv4, any of them",
    "same-host": "host by name, the same again",
    "no-host": "host by name, miss",
    "address": "host by address",
    "user": "user by name",
    "no-user": "user by name, miss",
    "uid": "user by id, any of them",
    "few-uids": "user by id, of eight machines",
    "no-uid": "user by id, miss",
    "group": "group by name",
    "gid": "group by id",
}
# What each service is in nsswitch.conf, and what it answers.
SERVICES = {
    "mymachines": HOSTS + USERS,
    "files": HOSTS + USERS,
    "extrausers": USERS,
    "db": USERS,
    "dnsmasq": HOSTS,
    "libvirt": ["host", "host4", "same-host", "no-host"],
    "machined": ["host", "host4", "same-host", "no-host"] + USERS,
}
NSS = {"dnsmasq": "dns"}
COLUMNS = ["mymachines", "machined", "files", "extrausers", "db", "dnsmasq", "libvirt"]
# glibc's own sorting of answers is in none: one address each.
MACHINED_MAX = 1000
FIRST_ID = 524288


def run(*command, **arguments):
    done = subprocess.run(command, text=True, stdout=subprocess.PIPE, timeout=300, **arguments)
    if done.returncode:
        raise subprocess.CalledProcessError(done.returncode, command)
    return done.stdout


def note(text):
    print(text, file=sys.stderr, flush=True)


def write(path, text):
    # In place: it may be mounted over another file.
    with open(path, "w") as file:
        file.write(text)


def entries(count):
    for i in range(count):
        yield i, "m%04d" % i, "10.0.%d.%d" % (i >> 8, i & 255), FIRST_ID + i * 65536 + 33


class Files:
    """What files, extrausers, db, dnsmasq and libvirt look into, mounted over the host's."""

    def __init__(self):
        self.directory = tempfile.mkdtemp(dir=TEMPORARY)
        os.chmod(self.directory, 0o755)
        self.small = {}
        for name in "hosts", "passwd", "group":
            self.small[name] = open("/etc/" + name).read() if name != "hosts" else "127.0.0.1 localhost\n"
            self.mount(name, "/etc/" + name, self.small[name])
        self.mount("resolv.conf", "/etc/resolv.conf", "nameserver 127.0.0.1\noptions ndots:0\n")
        self.present = {"mymachines", "files"}
        for service, probe in ("extrausers", "extrausers"), ("db", "db"), ("libvirt", "libvirt"):
            if subprocess.run(
                [COMPARE, "look-ups", probe, "1", "0.01", "no-uid" if service != "libvirt" else "no-host"],
                capture_output=True,
            ).returncode == 0 and self.has_module(probe):
                self.present.add(service)
        self.dnsmasq = None
        if shutil.which("dnsmasq"):
            self.present.add("dnsmasq")
        for path in "/var/lib/extrausers", "/var/lib/misc", "/var/lib/libvirt":
            if os.path.isdir(path):
                run("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", path)
        # Debian's directory may be missing: it is made in an overlay, not on the host.
        if not os.path.isdir("/var/lib/extrausers"):
            self.overlay("/var/lib")
            os.makedirs("/var/lib/extrausers", exist_ok=True)

    def has_module(self, service):
        cached = run("ldconfig", "-p")
        return ("libnss_%s.so.2" % service) in cached or any(
            os.path.exists("%s/libnss_%s.so.2" % (d, service)) for d in ("/usr/lib", "/lib")
        )

    def overlay(self, path):
        upper = tempfile.mkdtemp(dir=TEMPORARY)
        work = tempfile.mkdtemp(dir=TEMPORARY)
        run("mount", "-t", "overlay", "-o", "lowerdir=%s,upperdir=%s,workdir=%s" % (path, upper, work), "overlay", path)

    def mount(self, name, path, text):
        write(os.path.join(self.directory, name), text)
        run("mount", "--bind", os.path.join(self.directory, name), path)

    def fill(self, count):
        """Have this many entries everywhere but in files, which choose() fills."""
        lines = list(entries(count))
        self.large = {
            "hosts": self.small["hosts"] + "".join("%s %s\n" % (a, n) for _, n, a, _ in lines),
            "passwd": self.small["passwd"]
            + "".join("vu-%s-33:!*:%d:65534::/:/usr/sbin/nologin\n" % (n, uid) for _, n, _, uid in lines),
            "group": self.small["group"] + "".join("vg-%s-33:!*:%d:\n" % (n, uid) for _, n, _, uid in lines),
        }
        for name, separators in ("passwd", 2), ("group", 2):
            text = "".join(line + "\n" for line in self.large[name].splitlines()[-count:])
            write("/var/lib/extrausers/" + name, text)
            if "db" in self.present:
                self.fill_database(name, text)
        write("/var/lib/extrausers/shadow", "")
        if "libvirt" in self.present:
            os.makedirs("/var/lib/libvirt/dnsmasq", exist_ok=True)
            leases = ",".join(
                '{"ip-address":"%s","mac-address":"52:54:00:%02x:%02x:%02x","hostname":"%s","expiry-time":4000000000}'
                % (a, i >> 16, i >> 8 & 255, i & 255, n)
                for i, n, a, _ in lines
            )
            write("/var/lib/libvirt/dnsmasq/virbr0.status", "[%s]" % leases)
        self.start_dnsmasq()

    def fill_database(self, name, text):
        data = []
        for i, line in enumerate(text.splitlines()):
            key, _, number = line.split(":")[:3]
            data += ["0%d %s" % (i, line), ".%s %s" % (key, line), "=%s %s" % (number, line)]
        path = "/var/lib/misc/%s.db" % name
        if os.path.exists(path):
            os.unlink(path)
        run("makedb", "--quiet", "-o", path, "-", input="\n".join(data) + "\n")

    def start_dnsmasq(self):
        if "dnsmasq" not in self.present:
            return
        self.stop_dnsmasq()
        write(self.directory + "/dns", self.large["hosts"])
        self.dnsmasq = subprocess.Popen(
            ["dnsmasq", "--keep-in-foreground", "--no-resolv", "--no-hosts", "--conf-file=/dev/null",
             "--addn-hosts=" + self.directory + "/dns", "--listen-address=127.0.0.1", "--bind-interfaces",
             "--user=root", "--pid-file=", "--log-facility=" + self.directory + "/dns.log"],
        )
        for _ in range(100):
            if subprocess.run([COMPARE, "look-ups", "dns", "1", "0.01", "host4"], capture_output=True).returncode == 0:
                return
            time.sleep(0.1)
        note("dnsmasq doesn't answer: left out")
        self.present.discard("dnsmasq")

    def stop_dnsmasq(self):
        if self.dnsmasq:
            self.dnsmasq.kill()
            self.dnsmasq.wait()
            self.dnsmasq = None

    def choose(self, service):
        """Only where files are measured are they large: the others read some of them, too."""
        for name in self.small:
            write(os.path.join(self.directory, name), (self.large if service == "files" else self.small)[name])


class Here:
    """Commands run here."""

    def __init__(self, files):
        self.files = files

    def choose(self, service):
        self.files.choose(service)

    def run(self, *command):
        return run(*command)


class Debian:
    """The real systemd-machined, in a Debian that is booted beside."""

    def __init__(self):
        self.root = os.environ["DEBIAN_ROOT"]
        self.script = SOURCE + "/tests/support/debian"
        self.work = tempfile.mkdtemp(dir=TEMPORARY)
        self.cgroup = "mymachines-bench-%d" % os.getpid()
        run(self.script, "make", self.root)
        self.process = subprocess.Popen(
            [self.script, "boot", self.root, self.work, self.cgroup, BUILD], stdin=subprocess.DEVNULL
        )
        for _ in range(300):
            time.sleep(0.1)
            try:
                if self.run("sh", "-c", "systemctl is-system-running || :").strip() in ("running", "degraded"):
                    break
            except subprocess.CalledProcessError:
                continue
        self.registered = 0
        self.run(
            "sh", "-c",
            "ip link add br0 type bridge && ip addr add 10.255.255.254/8 dev br0 && ip link set br0 up && "
            "systemctl start systemd-machined && mkdir /tmp/leaders"
        )

    def run(self, *command):
        return run(self.script, "exec", self.work, 'exec "$0" "$@"', *command)

    def choose(self, service):
        pass

    def fill(self, count):
        script = """
for ((i = $1; i < $2; i++)); do
    name=$(printf m%04d $i)
    systemd-run --quiet --collect --no-block --unit=bench-$name --slice=machine.slice \
        -p StandardOutput=file:/tmp/leaders/$name \
        /run/build/tests/support/container --hold --map=0:$((524288 + i * 65536)):65536
done
for ((i = $1; i < $2; i++)); do
    name=$(printf m%04d $i)
    until [ -s /tmp/leaders/$name ]; do sleep 0.02; done
    leader=$(cat /tmp/leaders/$name)
    nsenter -t $leader -n ip addr add 10.0.$((i >> 8)).$((i & 255))/32 dev lo
    busctl --quiet call org.freedesktop.machine1 /org/freedesktop/machine1 \
        org.freedesktop.machine1.Manager RegisterMachine sayssus $name 0 bench container $leader ""
done
"""
        self.run("bash", "-c", script, "fill", str(self.registered), str(count))
        self.registered = count

    def end(self):
        self.process.kill()
        self.process.wait()
        run(self.script, "halt", self.work, self.cgroup)


def compare_in(service, debian):
    """The program and the name service, where it runs."""
    if service != "machined":
        return COMPARE, {way: NSS.get(service, service) for way in HOSTS + USERS}
    return "/run/build/tests/bench/compare", {
        way: "mymachines" if way in HOSTS else "systemd" for way in HOSTS + USERS
    }


def measure(place, service, count, seconds, medians):
    place.choose(service)
    program, names = compare_in(service, place)
    for group in HOSTS, USERS:
        some = [way for way in SERVICES[service] if way in group]
        if not some:
            continue
        # A miss that takes milliseconds is asked for as often as a hit that takes microseconds.
        for line in place.run(program, "look-ups", names[some[0]], str(count), str(seconds), *some).splitlines():
            way, median, _, _ = line.split()
            medians.setdefault((way, service, count), []).append(int(median) / 1000)


def measure_first(place, services, rounds, medians):
    for _ in range(rounds):
        for service in services:
            place.choose(service)
            for way in "host4", "uid":
                if way in SERVICES.get(service, [way]):
                    value = run(COMPARE, "first", NSS.get(service, service), "1000", way)
                    medians.setdefault(("first-" + way, service, 1000), []).append(int(value) / 1000)


def measure_load(place, services, seconds, medians):
    for kind in "threads", "processes":
        for many in 1, 4, 16:
            for service in services:
                place.choose(service)
                for way in "host4", "few-uids":
                    if way in SERVICES[service]:
                        value = place.run(
                            COMPARE, "load", NSS.get(service, service), "1000", str(seconds), way, kind, str(many)
                        )
                        medians.setdefault(("%s-%s-%d" % (way, kind, many), service, 1000), []).append(float(value))


def count_calls(place, services, table):
    """System calls of one look-up, and instructions of all that runs in it."""
    for service in services:
        place.choose(service)
        for way in SERVICES[service]:
            trace = TEMPORARY + "/trace"
            command = [COMPARE, "calls", NSS.get(service, service), "1000", way]
            run("strace", "-o", trace, *command)
            lines = open(trace).read().split('write(-1, "begin"', 1)[1].split('write(-1, "end"', 1)[0].splitlines()
            table[(way, service, "calls")] = (len(lines) - 1) / 20
            output = TEMPORARY + "/callgrind"
            for old in os.listdir(TEMPORARY):
                if old.startswith("callgrind"):
                    os.unlink(os.path.join(TEMPORARY, old))
            if subprocess.run(
                ["valgrind", "-q", "--tool=callgrind", "--callgrind-out-file=" + output, *command], capture_output=True
            ).returncode == 0 and os.path.exists(output + ".1"):
                found = re.search(r"^(?:totals|summary): (\d+)", open(output + ".1").read(), re.M)
                if found:
                    table[(way, service, "instructions")] = int(found[1]) / 20


def memory_of(service, ways):
    """KiB (PSS) that a process takes, above one that has asked the empty module."""
    def start(name, some):
        process = subprocess.Popen(
            [COMPARE, "memory", name, "1000", *some], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        process.stdout.readline()
        return process

    def pss(name, some):
        """The median of sixteen processes that run at once."""
        processes = [start(name, some) for _ in range(16)]
        sizes = []
        for process in processes:
            rollup = open("/proc/%d/smaps_rollup" % process.pid).read()
            sizes.append(int(re.search(r"^Pss: +(\d+)", rollup, re.M)[1]))
        for process in processes:
            process.stdin.close()
            process.wait()
        return statistics.median(sizes)

    return pss(NSS.get(service, service), ways) - pss("empty", ["host4", "uid"])


def median_time(command, rounds):
    times = []
    for _ in range(rounds):
        begin = time.monotonic()
        subprocess.run(command, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        times.append((time.monotonic() - begin) * 1000)
    return statistics.median(times)


def measure_commands(files, services, rounds, rows):
    tree = TEMPORARY + "/tree"
    os.makedirs(tree)
    for i in range(2000):
        path = "%s/%d" % (tree, i)
        open(path, "w").close()
        os.chown(path, FIRST_ID + i % 8 * 65536 + 33, FIRST_ID + i % 8 * 65536 + 33)
    switch = TEMPORARY + "/nsswitch.conf"
    before = open(switch).read()
    for command in ["find", tree, "-nouser"], ["ls", "-lR", tree], ["ps", "-eo", "user,pid"]:
        row = {}
        for _ in range(rounds):
            for service in services:
                files.choose(service)
                line = "files" if service == "files" else "files " + service
                write(switch, "passwd: %s\ngroup: %s\nhosts: files\n" % (line, line))
                row.setdefault(service, []).append(median_time(command, 3))
        rows.append((" ".join(command[:2]).replace(tree, "2000 files"), {s: statistics.median(v) for s, v in row.items()}))
    write(switch, before)


def ratio_rows(medians):
    for (way, service, count), values in list(medians.items()):
        medians[(way, service, count)] = statistics.median(values)


def number(value):
    if value is None:
        return ""
    return "%.2f" % value if value < 10 else "%.1f" % value if value < 100 else "%.0f" % value


def print_table(title, rows, out, unit="µs"):
    print("\n%-44s" % ("%s (%s)" % (title, unit)) + "".join("%12s" % c for c in COLUMNS), file=out)
    for name, values in rows:
        print("%-44s" % name + "".join("%12s" % number(values.get(c)) for c in COLUMNS), file=out)


def plot(directory, medians):
    """Draw DIRECTORY/plot.svg, and write what it shows to DIRECTORY/medians.tsv."""
    with open(directory + "/medians.tsv", "w") as file:
        print("way\tservice\tentries\tmedian", file=file)
        for (way, service, count), value in sorted(medians.items()):
            print("%s\t%s\t%d\t%.3f" % (way, service, count, value), file=file)
    run(sys.executable, SOURCE + "/tests/bench/plot.py", directory + "/medians.tsv", directory + "/plot.svg")


def make_empty_module(directory):
    """One that finds nothing: what a first look-up costs without any module's doing."""
    source = directory + "/empty.c"
    with open(source, "w") as file:
        file.write("enum nss_status { NOTFOUND = 0 };\n")
        for name, arguments, error in (
            ("gethostbyname4_r", "const char *n, void **p, char *b, long l, int *e, int *h, int *t", "*h = 1;"),
            ("gethostbyname3_r", "const char *n, int f, void *r, char *b, long l, int *e, int *h, int *t, char **c", "*h = 1;"),
            ("getpwuid_r", "unsigned u, void *r, char *b, long l, int *e", ""),
        ):
            file.write("int _nss_empty_%s(%s) { *e = 2; %s return 0; }\n" % (name, arguments, error))
    run(*os.environ.get("CC", "cc").split(), "-w", "-shared", "-fPIC", "-o", directory + "/libnss_empty.so.2", source)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("directory")
    arguments = parser.parse_args()
    counts = [10, 1000] if arguments.quick else [10, 100, 1000, 10000]
    rounds, seconds = (2, 0.1) if arguments.quick else (3, 0.2)
    began = time.monotonic()
    modules = tempfile.mkdtemp(dir=TEMPORARY)
    shutil.copy(os.environ["NSS_MODULE"], modules + "/libnss_mymachines.so.2")
    make_empty_module(modules)
    os.environ["LD_LIBRARY_PATH"] = modules
    files, debian = Files(), None
    here = Here(files)
    leader = subprocess.Popen(["sleep", "100000"])
    medians, calls, commands, taken = {}, {}, [], {}
    services = [s for s in COLUMNS if s in files.present]
    if os.environ.get("DEBIAN_ROOT"):
        note("booting systemd-machined")
        debian = Debian()
    try:
        for count in counts:
            note("%d entries, after %d s" % (count, time.monotonic() - began))
            files.fill(count)
            registry = os.environ["REGISTRY_DIRECTORY"] + "/registry.mdb"
            if os.path.exists(registry):
                os.unlink(registry)
            run(COMPARE, "populate", str(count), str(leader.pid))
            if debian and count <= MACHINED_MAX:
                debian.fill(count)
            for _ in range(rounds):
                for service in services:
                    measure(here, service, count, seconds, medians)
                if debian and count <= MACHINED_MAX:
                    measure(debian, "machined", count, seconds, medians)
            if count == 1000:
                note("first look-ups, threads, commands")
                measure_first(here, ["empty", *services], 15 if arguments.quick else 40, medians)
                measure_load(here, [s for s in ("mymachines", "files", "dnsmasq") if s in services], seconds * 2, medians)
                measure_commands(files, [s for s in ("mymachines", "files", "extrausers", "db") if s in services],
                                 rounds, commands)
                memory = {s: memory_of(s, [w for w in ("host4", "user", "few-uids", "no-host") if w in SERVICES[s]])
                          for s in services}
                if not arguments.quick:
                    count_calls(here, services, calls)
            note("commands and events")
            some = 5 if arguments.quick else 9
            taken[count] = {"mymachines": operations.measure(count, some)}
            if debian and count <= MACHINED_MAX:
                taken[count]["machined"] = operations.measure_machined(debian, some)
    finally:
        files.stop_dnsmasq()
        leader.kill()
        if debian:
            debian.end()
    ratio_rows(medians)
    with open(arguments.directory + "/table.txt", "w") as out:
        print("One look-up through libc, by one service alone: medians, %s, %s" % (
            time.strftime("%Y-%m-%d"), os.uname().release), file=out)
        for count in counts:
            print_table("%d machines or entries" % count, [
                (TITLES[way], {s: medians.get((way, s, count)) for s in COLUMNS}) for way in HOSTS + USERS], out)
        empty = {way: medians.get((way, "empty", 1000), 0) for way in ("first-host4", "first-uid")}
        print_table("First look-up of a process above an empty module's", [
            (TITLES[way[6:]], {s: medians[(way, s, 1000)] - empty[way] for s in services if (way, s, 1000) in medians})
            for way in empty], out)
        for kind in "threads", "processes":
            print_table("Look-ups a second, by %s" % kind, [
                ("%s, %d" % (TITLES[way], many),
                 {s: medians.get(("%s-%s-%d" % (way, kind, many), s, 1000)) for s in COLUMNS})
                for way in ("host4", "few-uids") for many in (1, 4, 16)], out, "1/s")
        print_table("Commands, 1000 entries", commands, out, "ms")
        for count in counts:
            for part, (titles, what, unit) in enumerate((
                (operations.TITLES, "Commands and events, %d machines", "ms"),
                (operations.MEMORY_TITLES, "Memory, %d machines", "KiB"),
            )):
                print_table(what % count, [
                    (title, {s: values[part].get(way) for s, values in taken[count].items()})
                    for way, title in titles.items()], out, unit)
        print_table("Memory of a process, 1000 entries", [("PSS above a process with an empty module", memory)], out, "KiB")
        if calls:
            for what in "calls", "instructions":
                print_table("Of one look-up, 1000 entries", [
                    (TITLES[way], {s: calls.get((way, s, what)) for s in COLUMNS}) for way in HOSTS + USERS], out,
                    "system calls" if what == "calls" else "instructions, libc's included")
    if shutil.which("gnuplot"):
        plot(arguments.directory, medians)
    print(open(arguments.directory + "/table.txt").read())
    note("after %d s" % (time.monotonic() - began))


if __name__ == "__main__":
    main()

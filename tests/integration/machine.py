# SPDX-License-Identifier: LGPL-2.1-or-later
"""machine.py SOCKET NAME=LEADER...: what io.systemd.Machine answers. The machine web1 has a system of
its own, and the host's users; db1 has its users from 200000 on; vm1 and vm2 stand for VMs."""
import ctypes
import json
import os
import pwd
import signal
import socket
import subprocess
import sys
import time

sys.path.insert(0, os.environ["SRCDIR"] + "/tests/support")
from held_file import HeldFile
from varlink import Client, check_description, check_texts, done, equal, ok

path = sys.argv[1]
leaders = {name: int(pid) for name, pid in (a.split("=") for a in sys.argv[2:])}
M = "io.systemd.Machine."
S = "org.varlink.service."
PROGRAM = os.environ["BUILDDIR"] + "/mymachines-varlink"
directory = os.environ["TMPDIR"]


class Server:
    """The program, on a socket that outlives it."""

    def __init__(self):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(path)
        os.chmod(path, 0o666)
        self.listener.listen(4096)
        self.start()

    def start(self):
        self.pid = os.fork()
        if self.pid == 0:
            ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG: it ends with the test
            os.dup2(self.listener.fileno(), 3)
            os.set_inheritable(3, True)  # dup2() doesn't where it is 3 already
            os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
            os.execv(PROGRAM, [PROGRAM])

    def stop(self, number):
        os.kill(self.pid, number)
        return os.waitpid(self.pid, 0)[1]

    def free_descriptor(self):
        """The number that its next descriptor has."""
        used = {int(name) for name in os.listdir(f"/proc/{self.pid}/fd")}
        return next(n for n in range(len(used) + 1) if n not in used)

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))


def wait_until(is_true):
    for _ in range(600):
        if is_true():
            return True
        time.sleep(0.1)
    return False


def call(method, **parameters):
    with Client(path) as client:
        return client.call(M + method, parameters)


def error(method, **parameters):
    """The name of the error, without the interface, or the whole reply."""
    reply = call(method, **parameters)
    name = reply.get("error", "")
    if name == "io.systemd.System":
        return reply["parameters"]["errnoName"]
    if name == S + "InvalidParameter":
        return "InvalidParameter " + reply["parameters"]["parameter"]
    return name.rpartition(".")[2] or reply


def as_user(method, **parameters):
    """The error of a call by an ordinary user."""
    return in_child("daemon", method, **parameters)


def in_child(user, method, **parameters):
    """The error of a call by another process, of this user."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        entry = pwd.getpwnam(user)
        os.setgroups([])
        os.setgid(entry.pw_gid)
        os.setuid(entry.pw_uid)
        os.write(write, str(error(method, **parameters)).encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as pipe:
        answer = pipe.read()
    os.waitpid(child, 0)
    return answer


def read_terminal(descriptor):
    """What is written to it until it is hung up."""
    text = b""
    while True:
        try:
            more = os.read(descriptor, 4096)
        except OSError:
            more = b""
        if not more:
            break
        text += more
    os.close(descriptor)
    return text.decode().replace("\r\n", "\n")


def processes():
    """Those of the program: the server, and children that work for it."""
    return [p for p in os.listdir("/proc") if p.isdigit() and program_of(p) == "mymachines-varl"]


def zombies():
    """The server's children that have ended, and that it hasn't waited for."""
    states = subprocess.run(["ps", "-o", "state=", "--ppid", str(server.pid)], stdout=subprocess.PIPE, text=True).stdout
    return states.count("Z")


def program_of(pid):
    try:
        with open(f"/proc/{pid}/stat") as stat:
            text = stat.read()
    except OSError:
        return ""
    # A zombie does nothing any more.
    return text[text.index("(") + 1 : text.rindex(")")] if text[text.rindex(")") + 2] != "Z" else ""


server = Server()

# Registering.
web1 = {"name": "web1", "class": "container", "service": "test", "leader": leaders["web1"],
        "id": "0102030405060708090a0b0c0d0e0f10", "rootDirectory": "/srv/web1", "future": [1]}
equal(call("Register", **web1), {"parameters": {}}, "Register, and a parameter of a later version is passed over")
leader = {"pid": leaders["db1"]}
equal(call("Register", name="db1", **{"class": "container"}, leaderProcessId=leader), {"parameters": {}},
      "Register by a ProcessId")
equal(call("Register", name="vm1", **{"class": "vm"}, leader=leaders["vm1"], vSockCid=7, sshAddress="vsock/7",
           sshPrivateKeyPath="/root/key", controlAddress="/run/vm1"),
      {"parameters": {}}, "Register of a VM")
equal(call("Register", name="main", **{"class": "container"}, leader=leaders["db1"]), {"parameters": {}},
      "the same leader under a second name")
equal(call("List", name="main")["parameters"]["name"], "db1", "the second name is an alias")
equal(call("Unregister", name="main"), {"parameters": {}}, "Unregister of an alias")
equal((error("List", name="main"), call("List", name="db1")["parameters"]["name"]), ("NoSuchMachine", "db1"),
      "takes only the alias away")

# A client whose Register was refused may unregister the name at its end all the same.
taken = {"name": "web1", "class": "container", "leader": leaders["db1"]}
with Client(path) as client:
    errors = [client.call(M + "Register", taken).get("error"), client.call(M + "Unregister", {"name": "WEB1."}).get("error")]
equal(errors, [M + "MachineExists", S + "PermissionDenied"], "a client that was refused a name doesn't unregister who has it")
equal(call("List", name="web1")["parameters"]["leader"]["pid"], leaders["web1"], "the machine that has the name keeps it")
equal([error("Register", **taken), error("Unregister", name="web1")], ["MachineExists", "PermissionDenied"],
      "a client that was refused a name doesn't unregister it on another connection either")
equal([error("Register", **taken, rootDirectory="etc"), error("Unregister", name="web1")],
      ["InvalidParameter rootDirectory", "PermissionDenied"], "a client whose Register was invalid doesn't unregister who has the name")
equal([error("Register", **taken), error("Register", **taken), in_child("root", "Unregister", name="web1")],
      ["MachineExists", "MachineExists", "{'parameters': {}}"], "another client of root's may unregister the machine")
equal([error("Register", **web1), error("Unregister", name="web1"), error("Register", **web1)], [{"parameters": {}}] * 3,
      "a client that was refused before may have the name when it is free")
equal([error("Register", **taken), error("Register", **taken), error("Unregister", name="web1"),
       error("Unregister", name="web1"), error("Register", **web1)],
      ["MachineExists", "MachineExists", "PermissionDenied", {"parameters": {}}, {"parameters": {}}],
      "after two refusals, the second call unregisters any")

# Nobody is asked before a call of Register counts as refused, and anybody may call it.
refused = error("Register", **taken)
child = os.fork()
if child == 0:
    os.setgroups([])
    os.setgid(12345)
    os.setuid(12345)
    for i in range(100):
        if error("Register", **{**taken, "name": f"other{i}"}) != "PermissionDenied":
            os._exit(1)
    os._exit(0)
equal([refused, os.waitpid(child, 0)[1], error("Unregister", name="web1")], ["MachineExists", 0, "PermissionDenied"],
      "a client of root's that was refused doesn't unregister who has the name, however many clients of others were refused")

# Listing.
reply = call("List", name="web1")["parameters"]
equal({k: reply[k] for k in ("name", "id", "class", "service", "rootDirectory")},
      {k: web1[k] for k in ("name", "id", "class", "service", "rootDirectory")}, "List of one has what was given")
equal((reply["leader"]["pid"], reply["UID"]), (leaders["web1"], 0), "and its leader, and who registered it")
ok(abs(reply["timestamp"]["realtime"] / 1e6 - time.time()) < 600, "and since when, in microseconds")
db1 = call("List", name="db1")["parameters"]
for who, name in ((reply["leader"], "the leader that List has"), (leaders["web1"], "a number"),
                  ({"pid": leaders["web1"], "pidfdId": None}, "a pid alone")):
    equal(call("List", pid=who)["parameters"]["name"], "web1", f"a machine by {name}")
equal(error("List", pid={**reply["leader"], "bootId": "0" * 32}), "NoSuchMachine", "a leader of another boot isn't found")
equal(error("List", pid={**reply["leader"], "pidfdId": 1}), "NoSuchMachine", "a leader with another pidfd isn't found")
equal(call("List", pid=leaders["web1"], name="web1")["parameters"]["name"], "web1", "by name and pid")
equal(error("List", pid=leaders["web1"], name="db1"), "NoSuchMachine", "name and pid have to agree")
equal(error("List", pid=0), "NoSuchMachine", "a caller that is in no machine")
with Client(path) as client:
    replies, end = client.call_all(M + "List")
equal((sorted(r["name"] for r in replies), end), ([".host", "db1", "vm1", "web1"], None), "List of all")
equal(replies[0]["class"], "host", "the host comes first")
equal(error("List"), "ExpectedMore", "List of all wants more")
with Client(path) as client:
    equal(client.call(M + "List", {"name": "web1"}, more=True), {"parameters": reply}, "List of one with more")
vm1 = call("List", name="vm1")["parameters"]
equal((vm1["vSockCid"], vm1["sshAddress"], vm1["sshPrivateKeyPath"]), (7, "vsock/7", "/root/key"), "what ssh needs")
equal(vm1["controlAddress"], "/run/vm1", "what controls a VM")
equal(error("Register", name="x", **{"class": "vm"}, leader=leaders["vm1"], sshPrivateKeyPath="key"),
      "InvalidParameter sshPrivateKeyPath", "a relative key")

# The supervisor.
equal(db1["supervisor"]["pid"], os.getpid(), "who registers another process is the machine's supervisor")
manager = subprocess.Popen(["sleep", "1000"])
vm = {"name": "vm1", "class": "vm", "leader": leaders["vm1"]}
equal(call("Register", **vm, supervisor=manager.pid), {"parameters": {}}, "Register with a supervisor")
supervisor = call("List", name="vm1")["parameters"]["supervisor"]
equal((supervisor["pid"], supervisor["bootId"], "pidfdId" in supervisor), (manager.pid, vm1["leader"]["bootId"],
      "pidfdId" in vm1["leader"]), "List has it as a ProcessId")
equal(call("Register", **vm), {"parameters": {}}, "Register by somebody else")
equal(call("List", name="vm1")["parameters"]["supervisor"], supervisor, "keeps a supervisor that lives")
equal(call("Register", **vm, supervisorProcessId=supervisor, supervisor=manager.pid), {"parameters": {}}, "given twice")
for name, wrong, given in (
        ("that isn't there", "supervisor", {"supervisor": 2147483647}), ("that is process 1", "supervisor", {"supervisor": 1}),
        ("below 0", "supervisor", {"supervisor": -1}), ("of another boot", "supervisorProcessId",
        {"supervisorProcessId": {**supervisor, "bootId": "0" * 32}}),
        ("with another pidfd", "supervisorProcessId", {"supervisorProcessId": {**supervisor, "pidfdId": 1}}),
        ("that is two processes", "supervisorProcessId", {"supervisorProcessId": supervisor, "supervisor": leaders["web1"]})):
    equal(error("Register", **vm, **given), "InvalidParameter " + wrong, "a supervisor " + name)
equal(error("Register", name="vm1", **{"class": "vm"}, leader=leaders["vm1"], leaderProcessId={"pid": leaders["web1"]}),
      "InvalidParameter leaderProcessId", "a leader that is two processes")
equal(call("Kill", name="vm1", whom="supervisor", signal=signal.SIGUSR1), {"parameters": {}}, "Kill of the supervisor")
equal(manager.wait(60), -signal.SIGUSR1, "reaches it")
equal(error("Kill", name="vm1", whom="supervisor", signal=15), "ESRCH", "Kill of a supervisor that has died")
ok("supervisor" not in call("List", name="vm1")["parameters"], "List doesn't have one that has died")
equal(error("Kill", name="web1", whom="supervisor", signal=0), "InvalidParameter signal", "no signal for a supervisor")

graceful = call("List", name="web1", acquireMetadata="graceful")["parameters"]
ok("NAME=Test OS" in graceful["OSRelease"] and not any("EVIL" in line for line in graceful["OSRelease"]),
   "OSRelease has no line that a terminal wouldn't survive")
equal((graceful["UIDShift"], call("List", name="db1", acquireMetadata="graceful")["parameters"]["UIDShift"]),
      (0, 200000), "UIDShift")
equal(graceful["addresses"], [], "a network of its own without an address")
ok("addresses" not in call("List", name="vm1", acquireMetadata="graceful")["parameters"],
   "a machine on the host's network has no addresses of its own")
equal(error("List", name="vm1", acquireMetadata="yes"), "NotAvailable", "a VM has nothing that yes could get")
host = call("List", name=".host")["parameters"]
equal((host["leader"]["pid"], host["leader"]["bootId"]), (1, reply["leader"]["bootId"]), "the host is of this boot")
equal("pidfdId" in host["leader"], "pidfdId" in reply["leader"], "and its init has the number of a pidfd")
with open("/proc/stat") as stat:
    boot = int(next(line for line in stat if line.startswith("btime")).split()[1])
ok(abs(host["timestamp"]["realtime"] / 1e6 - boot) < 5, "the host is there since its boot")
try:
    with open("/etc/machine-id") as file:
        equal(host.get("id"), file.read().strip() or None, "with its id")
except FileNotFoundError:
    ok("id" not in host, "without an id that it hasn't")
with Client(path) as client:
    replies, end = client.call_all(M + "List", {"acquireMetadata": "graceful"})
    equal((sorted(r["name"] for r in replies), end), ([".host", "db1", "vm1", "web1"], None), "graceful lists all")
    ok(all("OSRelease" in r for r in replies if r["name"] in (".host", "web1")), "with what each has")
    replies, end = client.call_all(M + "List", {"acquireMetadata": "yes"})
    ok(end in (M + "NoOSReleaseInformation", M + "NoPrivateNetworking", M + "NotAvailable"), "yes ends with the first that lacks something")
    ok("parameters" in client.call(M + "List", {"name": "web1"}), "and nothing follows")
subprocess.run([os.environ["BUILDDIR"] + "/mymachines", "register", "vm1", f"--leader={leaders['vm1']}",
                "--address=192.0.2.7"], check=True, stderr=subprocess.DEVNULL)
addresses = call("List", name="vm1", acquireMetadata="graceful")["parameters"]["addresses"]
ok({"family": 2, "address": [192, 0, 2, 7]} in [{k: a[k] for k in ("family", "address")} for a in addresses],
   "addresses")

# Ids.
equal(call("MapFrom", name="db1", uid=33, gid=7), {"parameters": {"uid": 200033, "gid": 200007}}, "MapFrom")
equal(call("MapTo", uid=200033, gid=200007), {"parameters": {"machineName": "db1", "uid": 33, "gid": 7}}, "MapTo")
equal(call("MapTo", gid=200007), {"parameters": {"machineName": "db1", "gid": 7}}, "MapTo of a group alone")

# Errors, by their names.
container = {"class": "container"}
for name, expected, method, parameters in (
    ("an unknown machine", "NoSuchMachine", "List", {"name": "nosuch"}),
    ("an empty name", "InvalidParameter name", "Terminate", {"name": ""}),
    ("a silly name", "InvalidParameter name", "Terminate", {"name": "a/b"}),
    ("no machine", "NoSuchMachine", "Terminate", {}),
    ("a process of the host", "NoSuchMachine", "Terminate", {"pid": os.getpid()}),
    ("a negative pid", "InvalidParameter pid", "Terminate", {"pid": -1}),
    ("a pid in an object without one", "InvalidParameter pid", "Terminate", {"pid": {"pidfdId": 1}}),
    ("an unknown parameter", "InvalidParameter nosuch", "Terminate", {"name": "web1", "nosuch": 1}),
    ("an unknown way to get metadata", "InvalidParameter acquireMetadata", "List",
     {"name": "web1", "acquireMetadata": "maybe"}),
    ("an invalid name", "InvalidParameter name", "Register", {"name": "a b", **container, "leader": leaders["web1"]}),
    ("the host's name", "InvalidParameter name", "Register", {"name": ".host", **container, "leader": leaders["web1"]}),
    ("an id of three bytes", "InvalidParameter id", "Register", {"name": "x", **container, "id": "010203"}),
    ("an unknown class", "InvalidParameter class", "Register", {"name": "x", "class": "host"}),
    ("process 1 as a leader", "InvalidParameter leader", "Register", {"name": "x", **container, "leader": 1}),
    ("a leader that isn't there", "InvalidParameter leader", "Register",
     {"name": "x", **container, "leader": 2147483646}),
    ("a leader of another boot", "InvalidParameter leaderProcessId", "Register",
     {"name": "x", **container, "leaderProcessId": {"pid": leaders["web1"], "bootId": "f" * 32}}),
    ("a relative root", "InvalidParameter rootDirectory", "Register",
     {"name": "x", **container, "leader": leaders["web1"], "rootDirectory": "etc"}),
    ("interface 0", "InvalidParameter ifIndices", "Register",
     {"name": "x", **container, "leader": leaders["web1"], "ifIndices": [0]}),
    ("257 interfaces", "InvalidParameter ifIndices", "Register",
     {"name": "x", **container, "leader": leaders["web1"], "ifIndices": [1] * 257}),
    ("null among interfaces", "InvalidParameter ifIndices", "Register",
     {"name": "x", **container, "leader": leaders["web1"], "ifIndices": [None]}),
    ("vsock's number 0", "InvalidParameter vSockCid", "Register",
     {"name": "x", **container, "leader": leaders["web1"], "vSockCid": 0}),
    ("a name that is there", "MachineExists", "Register", {"name": "web1", **container, "leader": leaders["db1"]}),
    ("whom to kill", "InvalidParameter whom", "Kill", {"name": "web1", "whom": "nobody", "signal": 15}),
    ("signal 0", "InvalidParameter signal", "Kill", {"name": "web1", "signal": 0}),
    ("signal 99", "InvalidParameter signal", "Kill", {"name": "web1", "signal": 99}),
    ("no machine to unregister", "NoSuchMachine", "Unregister", {}),
    ("the host can't be ended", "NotSupported", "Terminate", {"name": ".host"}),
    ("the host can't be killed", "NotSupported", "Kill", {"name": ".host", "signal": 15}),
    ("an unknown mode", "InvalidParameter mode", "Open", {"name": "web1", "mode": "graphical"}),
    ("no mode", "InvalidParameter mode", "Open", {"name": "web1"}),
    ("a terminal of a VM", "NotSupported", "Open", {"name": "vm1", "mode": "tty"}),
    ("a relative program", "InvalidParameter path", "Open", {"name": "web1", "mode": "shell", "path": "sh"}),
    ("null among arguments", "InvalidParameter args", "Open", {"name": "web1", "mode": "shell", "args": [None]}),
    ("null in the environment", "InvalidParameter environment", "Open",
     {"name": "web1", "mode": "shell", "environment": [None]}),
    ("an environment without =", "InvalidParameter environment", "Open",
     {"name": "web1", "mode": "shell", "environment": ["X"]}),
    ("an unknown user of a machine", "ENOENT", "Open", {"name": "web1", "mode": "shell", "user": "nosuch"}),
    ("a name that no user can have", "InvalidParameter user", "Open", {"name": "web1", "mode": "shell", "user": "a:b"}),
    ("another", "InvalidParameter user", "Open", {"name": "web1", "mode": "shell", "user": "../root"}),
    ("a user's name of two lines", "InvalidParameter user", "Open", {"name": "web1", "mode": "shell", "user": "a\nb"}),
    ("a program that isn't there", "ENOENT", "Open", {"name": "web1", "mode": "shell", "path": "/bin/nosuch"}),
    ("an id of the host's own range", "UserInHostRange", "MapTo", {"uid": 33}),
    ("a group of it", "GroupInHostRange", "MapTo", {"gid": 33}),
    ("a user of nobody", "NoSuchUser", "MapTo", {"uid": 4000000}),
    ("a group of nobody", "NoSuchGroup", "MapTo", {"gid": 4000000}),
    ("no id at all", "NoSuchMachine", "MapTo", {}),
    ("an invalid id", "InvalidParameter uid", "MapTo", {"uid": 4294967295}),
    ("a user that isn't in the map", "NoSuchUser", "MapFrom", {"name": "db1", "uid": 70000}),
    ("a group that isn't in the map", "NoSuchGroup", "MapFrom", {"name": "db1", "gid": 70000}),
    ("ids of a VM", "NotSupported", "MapFrom", {"name": "vm1", "uid": 1}),
    ("a source of a mount with ..", "InvalidParameter source", "BindMount", {"name": "web1", "source": "/etc/../etc"}),
    ("a mount for a VM", "NotSupported", "BindMount", {"name": "vm1", "source": "/etc"}),
    ("a source of a mount that isn't there", "ENOENT", "BindMount", {"name": "web1", "source": "/nosuch"}),
    ("a relative source", "InvalidParameter source", "CopyTo", {"name": "web1", "source": "etc"}),
    ("a relative destination", "InvalidParameter destination", "CopyFrom",
     {"name": "web1", "source": "/etc", "destination": "etc"}),
    ("a source that isn't there", "ENOENT", "CopyFrom", {"name": "web1", "source": "/nosuch", "destination": "/tmp/x"}),
    ("a copy for a VM", "NotSupported", "CopyTo", {"name": "vm1", "source": "/etc"}),
    ("the root directory of a VM", "NotSupported", "OpenRootDirectory", {"name": "vm1"}),
):
    equal(error(method, **parameters), expected, name)
with Client(path) as client:
    equal(client.call(M + "Nosuch"), {"error": S + "MethodNotFound", "parameters": {"method": M + "Nosuch"}},
          "an unknown method")
    replies, end = client.call_all(M + "List")
equal(sorted(r["name"] for r in replies), [".host", "db1", "vm1", "web1"], "no bad input has changed anything")

# Into a machine and back.
hello = directory + "/hello"
with open(hello, "w") as file:
    file.write("hello\n")
shifted = directory + "/shifted"
equal(call("CopyTo", name="db1", source=hello, destination="/tmp/hello"), {"parameters": {}}, "CopyTo")
equal(os.stat(shifted + "/tmp/hello").st_uid, 200000, "gives the file to the machine's root")
equal(error("CopyTo", name="db1", source=hello, destination="/tmp/hello"), "EEXIST", "CopyTo replaces nothing")
equal(call("CopyTo", name="db1", source=hello, destination="/tmp/hello", replace=True), {"parameters": {}},
      "CopyTo replaces with replace")
equal(call("CopyFrom", name="db1", source="/tmp/hello", destination=directory + "/back"), {"parameters": {}}, "CopyFrom")
equal(open(directory + "/back").read(), "hello\n", "has copied the file")
equal(call("BindMount", name="web1", source=hello, destination="/tmp/bound", mkdir=True, readOnly=True),
      {"parameters": {}}, "BindMount")
inside = ["nsenter", "-t", str(leaders["web1"]), "-m", "-r"]
equal(subprocess.run(inside + ["cat", "/tmp/bound"], capture_output=True).stdout, b"hello\n", "shows the file")
ok(subprocess.run(inside + ["touch", "/tmp/bound"], capture_output=True).returncode != 0, "and lets nobody write it")

with Client(path) as client:
    reply = client.call(M + "OpenRootDirectory", {"name": "web1"})
    root = client.descriptors[reply["parameters"]["fileDescriptor"]]
    ok(os.path.samestat(os.stat("etc/os-release", dir_fd=root), os.stat(directory + "/plain/etc/os-release")),
       "OpenRootDirectory")
    os.close(root)
    reply = client.call(M + "Open", {"name": "web1", "mode": "tty"})["parameters"]
    ok(os.isatty(client.descriptors[reply["ptyFileDescriptor"]]) and reply["ptyPath"].startswith("/dev/pts/"),
       "Open of a terminal")
    os.close(client.descriptors[0])
    client.call(M + "Open", {"name": "db1", "mode": "shell", "path": "/bin/sh", "environment": ["X=works"],
                             "args": ["sh", "-c", 'echo "$X $(id -u) $(tty)"; exit']})
    text = read_terminal(client.descriptors[0])
    ok(text.startswith("works 0 /dev/pts/"), "Open runs a program on a terminal of the machine's")
    reply = client.call(M + "Open", {"name": "web1", "mode": "login"})
    if "error" in reply:
        equal(reply, {"error": M + "NotSupported"}, "a machine without login(1) has no log-in")
    else:
        ok(os.isatty(client.descriptors[0]), "Open of a log-in")
        os.close(client.descriptors[0])
    equal(client.call(M + "Kill", {"name": "db1", "whom": "leader", "signal": 18}), {"parameters": {}},
          "Kill of the leader")

# Calls at once: a reply each, in order, and each descriptor with its own.
with Client(path) as client:
    for name, parameters in (("List", {"name": "web1"}), ("Open", {"name": "web1", "mode": "tty"}),
                             ("List", {"name": "nosuch"}), ("Open", {"name": "vm1", "mode": "tty"}),
                             ("OpenRootDirectory", {"name": "web1"}), ("List", {"name": "db1"})):
        client.send(M + name, parameters)
    got = []
    for _ in range(6):
        reply = client.receive(size=7)
        got.append((reply.get("error", "").rpartition(".")[2] or next(iter(reply["parameters"])),
                    len(client.descriptors)))
        for descriptor in client.descriptors:
            os.close(descriptor)
equal(got, [("name", 0), ("ptyFileDescriptor", 1), ("NoSuchMachine", 0), ("NotSupported", 0),
            ("fileDescriptor", 1), ("name", 0)], "replies to calls at once, and their descriptors")
with Client(path) as client:
    client.send(M + "List", {"name": "nosuch"}, oneway=True)
    client.send(M + "Open", {"name": "web1", "mode": "tty"}, oneway=True)
    equal((client.call(M + "List", {"name": "db1"})["parameters"]["name"], client.descriptors), ("db1", []),
          "a oneway call has no reply, and no error, and no descriptor")


def leave(name, *calls, how=None, count=1):
    """Send calls, and close the socket or its half; what is read then"""
    with Client(path) as client:
        for method, parameters, more in calls:
            client.send(M + method, parameters, **more)
        if how is None:
            return None
        client.socket.shutdown(how)
        return [client.receive() for _ in range(count)]


def wait_for_file(file):
    for _ in range(600):
        if os.path.exists(file):
            return True
        time.sleep(0.1)
    return False


# In children each, so that they take longer than the client stays.
copies = [("CopyFrom", {"name": "web1", "source": "/etc/os-release", "destination": f"{directory}/left{i}"},
           {"oneway": True}) for i in range(40)]
leave("oneway", *copies)
ok(all(wait_for_file(c[1]["destination"]) for c in copies), "a client that wants no replies needn't wait for what it asked for")
equal(leave("half", ("CopyFrom", {"name": "web1", "source": "/etc/os-release", "destination": f"{directory}/half"}, {}),
            ("List", {"name": "nosuch"}, {}), how=socket.SHUT_WR, count=3),
      [{"parameters": {}}, {"error": M + "NoSuchMachine"}, None],
      "a client that has closed its half gets all replies, and then the end")

# The description is what it does.
with Client(path) as client:
    one = {"name": "web1"}
    calls = {
        "Register": {"name": "db1", "class": "container", "leader": leaders["db1"]},
        "Unregister": {"name": "nosuch"}, "Terminate": {"name": "nosuch"}, "Kill": {"name": "web1", "signal": 18},
        "List": {**one, "acquireMetadata": "graceful"}, "Open": {**one, "mode": "tty"},
        "MapFrom": {"name": "db1", "uid": 1}, "MapTo": {"uid": 200001}, "BindMount": {**one, "source": "/nosuch"},
        "CopyFrom": {**one, "source": "/nosuch"}, "CopyTo": {**one, "source": "/nosuch"},
        "OpenRootDirectory": one}
    check_description(client, "io.systemd.Machine", calls, taken={"ProcessId": [1]})
    check_texts(client, "io.systemd.Machine", calls)

# Numbers, digit by digit.
for text, expected in (("1e3", "InvalidParameter"), ("1.0", "InvalidParameter"), ("-0", "InvalidParameter"),
                       ("18446744073709551616", "InvalidParameter"), ("4294967295", "InvalidParameter"),
                       ("9223372036854775808", "InvalidParameter"), ("-1", "InvalidParameter"),
                       ("4294967294", "NoSuchUser")):
    with Client(path) as client:
        client.socket.sendall(b'{"method":"io.systemd.Machine.MapTo","parameters":{"uid":%s}}\0' % text.encode())
        equal(client.receive()["error"].rpartition(".")[2], expected, f"a uid of {text}")

for text in ("18446744073709551616", "100000000000000000000000000000000", "-9223372036854775809", "1e400", "-1", "1.0"):
    with Client(path) as client:
        client.socket.sendall(b'{"method":"io.systemd.MachineImage.SetPoolLimit","parameters":{"limit":%s}}\0' % text.encode())
        reply = client.receive()
        equal((reply.get("error"), reply.get("parameters")), (S + "InvalidParameter", {"parameter": "limit"}), f"a limit of {text}")

# Descriptors that nobody asked for, and more than there is room for.
with Client(path) as client:
    client.call("io.systemd.service.Ping")  # the connection is among its descriptors now
    before = server.descriptors()
    message = json.dumps({"method": M + "List", "parameters": {"name": "web1"}}).encode() + b"\0"
    for _ in range(100):
        socket.send_fds(client.socket, [message], [0, 1, 2])
        ok_reply = client.receive()
    equal(ok_reply["parameters"]["name"], "web1", "descriptors beside a call that takes none are not an error")
    ok(wait_until(lambda: server.descriptors() <= before), "and are closed")
    soft = int(next(l for l in open(f"/proc/{server.pid}/limits") if "open files" in l).split()[3])
    limit = ["prlimit", "--pid", str(server.pid)]
    subprocess.run(limit + [f"--nofile={server.free_descriptor()}:"], check=True)
    socket.send_fds(client.socket, [b'{"method":"io.systemd.service.Ping"}\0'], [0, 1, 2])
    equal(client.receive(), {"parameters": {}}, "nor are they where the server may have no more")
    slowest = 0
    for i in range(1000):
        socket.send_fds(client.socket, [message], [0, 1, 2])
        bad = "error" not in client.receive()
        if i % 50 == 0:
            for name, more in (("Open", {"mode": "tty"}), ("BindMount", {"source": "/etc"}), ("OpenRootDirectory", {})):
                begin = time.monotonic()
                bad = bad or "error" not in client.call(M + name, {"name": "web1", **more})
                slowest = max(slowest, time.monotonic() - begin)
        if bad:
            break
    ok(not bad and slowest < 10, f"without a descriptor to spare, calls that need one get errors, in {slowest:.3f} s at most")
    subprocess.run(limit + [f"--nofile={soft}:"], check=True)
    equal(client.call(M + "List", {"name": "web1"})["parameters"]["name"], "web1", "and then it goes on")
    ok(wait_until(lambda: server.descriptors() <= before), "no descriptor is lost")

# Nobody but root: without polkit PermissionDenied.
for method, parameters in (
    ("Register", {"name": "mine", **container}), ("Unregister", {"name": "web1"}), ("Terminate", {"name": "web1"}),
    ("Kill", {"name": "web1", "signal": 9}), ("Open", {"name": "web1", "mode": "tty"}),
    ("Open", {"name": "web1", "mode": "login"}), ("Open", {"name": "web1", "mode": "shell"}),
    ("BindMount", {"name": "web1", "source": "/etc"}), ("CopyTo", {"name": "web1", "source": "/etc/passwd"}),
    ("CopyFrom", {"name": "web1", "source": "/etc/passwd", "destination": "/tmp/x"}),
    ("OpenRootDirectory", {"name": "web1"}),
):
    equal(as_user(method, **parameters), "PermissionDenied", f"an ordinary user may not call {method}")
equal(as_user("Terminate", name="nosuch"), "NoSuchMachine", "what isn't there nobody is asked about")
equal(json.loads(as_user("List", name="web1").replace("'", '"'))["parameters"]["name"], "web1",
      "an ordinary user may look up")

# Clients that stall or go.
with Client(path) as stalled, Client(path) as half:
    half.socket.sendall(b'{"method":')
    stalled.socket.setblocking(False)
    try:
        for _ in range(100000):
            stalled.send(M + "List", {}, more=True)
    except BlockingIOError:
        pass
    equal(call("List", name="web1")["parameters"]["name"], "web1", "a client that doesn't read delays no other")
    size = int(open(f"/proc/{server.pid}/statm").read().split()[1]) * 4
    ok(size < 65536, f"and costs little memory ({size} kB)")
ok(wait_until(lambda: server.descriptors() <= before), "connections that ended are closed")

# A client that reads no more is noticed by what is sent to it, in the middle of what is done for it.
for method, parameters in (
    (M + "List", {}), (M + "List", {"acquireMetadata": "graceful"}), (M + "List", {"acquireMetadata": "yes"}),
    (M + "List", {"name": "web1", "acquireMetadata": "graceful"}), ("io.systemd.MachineImage.List", {}),
):
    with Client(path) as deaf:
        deaf.read_no_more()
        deaf.send(method, parameters, more=True)
        is_left = deaf.is_left()
    try:
        name = call("List", name="web1")["parameters"]["name"]
    except OSError as problem:
        name = problem
    ended = os.waitpid(server.pid, os.WNOHANG)
    if ended[0]:
        server.start()
    equal((is_left, name, ended), (True, "web1", (0, 0)),
          f"a client that reads no more is left, and others are served by the same process: {method} {parameters}")

# A child is killed when its caller goes. No later call is needed for the server to wait for it.
held = HeldFile(hello)
with Client(path) as client:
    client.send(M + "CopyTo", {"name": "web1", "source": hello, "destination": "/tmp/given-up"})
    ok(held.wait(), "a copy waits for a file that doesn't open")
ok(wait_until(lambda: processes() == [str(server.pid)]), "the copy ends with its caller")
held.release()
ok(wait_until(lambda: zombies() == 0), "a child that was killed leaves no zombie")

# Killed in each call: the caller's connection ends, the next server knows what the registry knows.
copied = directory + "/plain/tmp/copied"
for method, parameters in (
    ("Register", {"name": "web1", **container, "leader": leaders["web1"]}), ("Unregister", {"name": "vm1"}),
    ("Terminate", {"name": "vm1"}), ("Kill", {"name": "web1", "signal": 18}), ("List", {"name": "web1"}),
    ("List", {"name": "web1", "acquireMetadata": "graceful"}), ("Open", {"name": "web1", "mode": "shell"}),
    ("MapFrom", {"name": "db1", "uid": 1}), ("MapTo", {"uid": 200001}),
    ("BindMount", {"name": "web1", "source": hello, "destination": "/tmp/bound"}),
    ("CopyTo", {"name": "web1", "source": hello, "destination": "/tmp/copied"}),
    ("CopyFrom", {"name": "web1", "source": "/tmp/bound", "destination": directory + "/killed"}),
    ("OpenRootDirectory", {"name": "web1"}),
):
    with Client(path) as client:
        client.call("io.systemd.service.Ping")
        held = HeldFile(hello) if method == "CopyTo" else None
        client.send(M + method, parameters)
        if held:
            ok(held.wait(), "a copy waits for its file")
        server.stop(signal.SIGKILL)
        if held:
            held.release()
        ends = [client.receive(), client.receive()]
        server.start()
        ok(None in ends and call("List", name="web1").get("parameters", {}).get("name") == "web1"
           and wait_until(lambda: processes() == [str(server.pid)]), f"killed in {method}, it goes on")
ok(not os.path.exists(copied) or open(copied).read() == "hello\n", "a copy that was killed leaves all or nothing")

# Told to end, it answers what it was asked before.
with Client(path, timeout=60) as client, Client(path) as idle, Client(path) as half:
    idle.call("io.systemd.service.Ping")
    half.socket.sendall(b'{"method":')
    held = HeldFile(hello)
    client.send(M + "CopyTo", {"name": "web1", "source": hello, "destination": "/tmp/late"})
    client.send(M + "List", {"name": "web1"})
    ok(held.wait(), "a copy is under way")
    os.kill(server.pid, signal.SIGTERM)
    time.sleep(0.3)  # as long as it would take to end
    still = os.waitpid(server.pid, os.WNOHANG)[0] == 0
    held.release()
    equal((still, client.receive()), (True, {"parameters": {}}), "told to end, it ends the copy before, and answers")
    equal((client.receive() or {}).get("parameters", {}).get("name"), "web1", "and the call behind it")
    ok(client.is_closed() and idle.is_closed() and half.is_closed(), "and closes all connections")
    equal(os.waitpid(server.pid, 0)[1], 0, "and ends in order")
    server.start()

equal(call("Register", name="vm2", **{"class": "vm"}, leader=leaders["vm2"]), {"parameters": {}}, "another VM")
equal(call("Terminate", name="vm2"), {"parameters": {}}, "Terminate")
ok(wait_until(lambda: not program_of(leaders["vm2"])), "ends it")
equal(error("List", name="vm2"), "NoSuchMachine", "and forgets it")
equal(call("Unregister", name="web1"), {"parameters": {}}, "Unregister")
ok(program_of(leaders["web1"]), "lets it run")
equal(server.stop(signal.SIGTERM), 0, "SIGTERM ends the server in order")
done()

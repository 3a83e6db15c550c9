# SPDX-License-Identifier: LGPL-2.1-or-later
"""userdb.py SOCKET PID: what io.systemd.UserDatabase answers, and what no client can do to it.
The machine web1 has its users at 100000, the machine db1 has the alias main."""
import fcntl
import json
import os
import resource
import socket
import sys
import termios
import time

sys.path.insert(0, os.environ["SRCDIR"] + "/tests/support")
from varlink import Client, check_description, check_texts, done, equal, ok

path, pid = sys.argv[1], int(sys.argv[2])
SERVICE = "io.systemd.Machine"
U = "io.systemd.UserDatabase."
NONE = {"error": U + "NoRecordFound"}


def descriptors():
    return len(os.listdir(f"/proc/{pid}/fd"))


def ask(method, **parameters):
    with Client(path) as client:
        return client.call(U + method, {"service": SERVICE, **parameters})


def invalid(name):
    return {"error": "org.varlink.service.InvalidParameter", "parameters": {"parameter": name}}


def has_descriptors(count):
    for _ in range(600):
        if descriptors() <= count:
            return True
        time.sleep(0.1)
    return False


user = {
    "record": {
        "userName": "vu-web1-33",
        "uid": 100033,
        "gid": 65534,
        "realName": "UID 33 of Container web1",
        "homeDirectory": "/",
        "shell": "/usr/sbin/nologin",
        "locked": True,
        "service": SERVICE,
        "disposition": "container",
    },
    "incomplete": False,
}
equal(ask("GetUserRecord", userName="vu-web1-33"), {"parameters": user}, "a user by name")
equal(ask("GetUserRecord", uid=100033), {"parameters": user}, "a user by number")
equal(ask("GetUserRecord", uid=100033, userName="vu-web1-33"), {"parameters": user}, "by both")
equal(ask("GetUserRecord", uid=100034, userName="vu-web1-33"),
      {"error": U + "ConflictingRecordFound"}, "a name and a number of two users conflict")
equal(ask("GetGroupRecord", gid=100007)["parameters"]["record"]["groupName"], "vg-web1-7",
      "a group by number")
equal(ask("GetGroupRecord", groupName="vg-web1-7")["parameters"]["record"]["gid"], 100007,
      "a group by name")
equal(ask("GetUserRecord"), {"error": U + "EnumerationNotSupported"}, "there is no list of users")
equal(ask("GetMemberships", userName="vu-web1-33"), NONE, "there are no memberships")

for name in ("a/b", "", "-", "vu-", "x" * 300, "übel", "vu-nosuch-1", "vu-WEB1-33", "vu-main-33",
             "vu-web1-033", "vu-web1-65535", "vg-web1-33", "root", "vu-web1-33\n"):
    equal(ask("GetUserRecord", userName=name), NONE, f"no user is called {name[:20]!r}")
for number in (0, 33, 65534, 65535, 99999, 165536, 4294967294, 4294967295):
    equal(ask("GetUserRecord", uid=number), NONE, f"no user of a machine has the number {number}")
for wrong in ("33", True, [], {}, 1.0, 1e3, -1, 2**32, 2**64, 10**400):
    equal(ask("GetUserRecord", uid=wrong), invalid("uid"), f"a number that is {wrong!r} is invalid")
for wrong in (33, True, [], {}):
    equal(ask("GetUserRecord", userName=wrong), invalid("userName"), f"so is a name that is {wrong!r}")
equal(ask("GetUserRecord", uid=None, userName="vu-web1-33"), {"parameters": user}, "null is absent")
equal(ask("GetUserRecord", uid=100033, fuzzyNames=["x"], dispositionMask=["container"], uidMin=65536,
          uuid=None), {"parameters": user}, "what newer clients add is tolerated")
equal(ask("GetUserRecord", uid=100033, dispositionMask=["regular"]),
      {"error": U + "NonMatchingRecordFound"}, "another disposition leaves the record out")
equal(ask("GetUserRecord", uid=100033, uidMax=100000),
      {"error": U + "NonMatchingRecordFound"}, "so does a range of numbers")

with Client(path) as client:
    for parameters in (..., None, {}):
        equal(client.call(U + "GetUserRecord", parameters), {"error": U + "BadService"},
              f"parameters may be {parameters}; the service is missing")
    equal(client.call(U + "GetUserRecord", {"service": "x"}, more=True), {"error": U + "BadService"},
          "another service is refused, and the connection stays")
    equal(client.call(U + "Nosuch")["error"], "org.varlink.service.MethodNotFound", "unknown method")
    equal(client.call("nonsense")["error"], "org.varlink.service.MethodNotFound", "no interface")
    equal(client.call("org.varlink.service.GetInfo")["parameters"]["interfaces"],
          ["io.systemd.UserDatabase", "io.systemd.service", "org.varlink.service"], "GetInfo lists the interfaces")
    text = client.call("org.varlink.service.GetInterfaceDescription",
                       {"interface": "io.systemd.UserDatabase"})["parameters"]["description"]
    ok("method GetUserRecord(" in text and "error BadService" in text, "the description is there")
    equal(client.call("org.varlink.service.GetInterfaceDescription", {"interface": "x"})["error"],
          "org.varlink.service.InterfaceNotFound", "an unknown interface has none")
    equal(client.call("org.varlink.service.GetInterfaceDescription")["error"],
          "org.varlink.service.InvalidParameter", "the interface must be named")
    equal(client.call(U + "GetUserRecord", {"service": SERVICE, "uid": 100033}, upgrade=True)["error"],
          "org.varlink.service.MethodNotImplemented", "an upgrade is refused")

# What the interfaces are described as is what they do.
with Client(path) as client:
    by_uid = {"service": SERVICE, "uid": 100033}
    calls = {
        "GetUserRecord": by_uid,
        "GetGroupRecord": {"service": SERVICE, "gid": 100033},
        "GetMemberships": {"service": SERVICE},
    }
    check_description(client, "io.systemd.UserDatabase", calls)
    check_texts(client, "io.systemd.UserDatabase", calls)
    check_description(client, "io.systemd.service", {"Ping": {}, "SetLogLevel": {"level": 6}, "GetEnvironment": {}})
    check_description(client, "org.varlink.service",
                      {"GetInfo": {}, "GetInterfaceDescription": {"interface": "io.systemd.service"}})
    for level in (-1, 8, 2**63):
        equal(client.call("io.systemd.service.SetLogLevel", {"level": level}), invalid("level"),
              f"there is no level {level}")
    ok(any(v.startswith("LISTEN_") for v in client.call("io.systemd.service.GetEnvironment")
           ["parameters"]["environment"]) is False, "the environment tells nothing of activation")
child = os.fork()
if child == 0:
    os.setuid(12345)
    with Client(path) as client:
        got = [client.call("io.systemd.service." + name, {"level": 7}).get("error")
               for name in ("SetLogLevel", "GetEnvironment", "Ping")]
    os._exit(got != ["org.varlink.service.PermissionDenied"] * 2 + [None])
equal(os.waitpid(child, 0)[1], 0, "only root changes the log or reads the environment, all may ping")

# As many final replies as calls, in their order, whatever is wrong with some.
with Client(path) as client:
    expected = []
    for i in range(300):
        kind = i % 5
        if kind == 0:
            client.send(U + "GetUserRecord", {"service": SERVICE, "uid": 100000 + i})
            expected.append(100000 + i)
        elif kind == 1:
            client.send(U + "GetUserRecord", {"service": SERVICE, "uid": "x"})
            expected.append("org.varlink.service.InvalidParameter")
        elif kind == 2:
            client.send(U + "GetUserRecord", {"service": SERVICE, "uid": 100000}, oneway=True)
        elif kind == 3:
            client.send(U + "Nosuch", {}, more=True)
            expected.append("org.varlink.service.MethodNotFound")
        else:
            client.send(U + "GetUserRecord", {"service": SERVICE, "uid": 7}, more=True)
            expected.append(U + "NoRecordFound")
    got = []
    for _ in expected:
        reply = client.receive()
        got.append(reply.get("error") or reply["parameters"]["record"]["uid"])
    equal(got, expected, "300 calls at once have one reply each, in their order")
    equal(client.call(U + "GetUserRecord", {"service": SERVICE, "uid": 7}), NONE, "and no more")

# What isn't Varlink ends that connection alone.
before = descriptors()
for name, garbage in (
    ("no JSON", b"hello\0"), ("a number", b"1\0"), ("an array", b"[]\0"), ("nothing", b"\0"),
    ("no method", b"{}\0"), ("a method that is a number", b'{"method":1}\0'),
    ("parameters that are an array", b'{"method":"a.b","parameters":[]}\0'),
    ("a flag that is a number", b'{"method":"a.b","more":1}\0'),
    ("a NUL in a string", b'{"method":"a\\u0000.b"}\0'),
    ("bytes that are not UTF-8", b'{"method":"\xff.b"}\0'),
    ("a slash of two bytes", b'{"method":"\xc0\xaf.b"}\0'),
    ("100 levels", b'{"method":"a.b","parameters":' + b'{"a":' * 100 + b"1" + b"}" * 101 + b"\0"),
    ("100 kB without an end", b"x" * 100000),
    ("100 kB of one message", b'{"method":"' + b"x" * 100000 + b'"}\0'),
):
    with Client(path) as client:
        try:
            client.socket.sendall(garbage)
        except (BrokenPipeError, ConnectionResetError):
            pass
        ok(client.is_closed(), f"{name} ends the connection")

# Descriptors that nobody asked for are closed.
with Client(path) as client:
    pipe = os.pipe()
    for _ in range(50):
        message = json.dumps({"method": U + "GetUserRecord", "parameters": {"service": SERVICE, "uid": 7}})
        socket.send_fds(client.socket, [message.encode() + b"\0"], list(pipe) * 8)
        client.receive()
    ok(has_descriptors(before + 1), "descriptors that came with calls are closed")
    os.close(pipe[0])
    os.close(pipe[1])

# Descriptors beside a part of a message aren't the server's, either: one user could take all that it may have.
def is_read(client):
    return int.from_bytes(fcntl.ioctl(client.socket, termios.TIOCOUTQ, bytes(4)), sys.byteorder) == 0


clients = [Client(path) for _ in range(100)]
for client in clients:
    socket.send_fds(client.socket, [b"{"], [0] * 16)
begin = time.monotonic()
while not all(map(is_read, clients)) and time.monotonic() < begin + 60:
    time.sleep(0.01)
taken = descriptors() - before
ok(all(map(is_read, clients)) and taken <= len(clients) + 1,
   f"100 clients that begin a message with 16 descriptors each take a descriptor each: {taken}")
for client in clients:
    client.socket.sendall(b'"method":"io.systemd.service.Ping"}\0')
equal([client.receive() for client in clients], [{"parameters": {}}] * 100, "and are answered when they end it")
for client in clients:
    client.close()
ok(has_descriptors(before + 1), "their connections are closed")

# A client that sends half a message, or doesn't read, stalls itself.
half = Client(path)
half.socket.sendall(b'{"method":')
deaf = Client(path)
deaf.socket.setblocking(False)
call = json.dumps({"method": "org.varlink.service.GetInterfaceDescription",
                   "parameters": {"interface": "io.systemd.UserDatabase"}}).encode() + b"\0"
sent = 0
try:
    while sent < 100_000_000:
        sent += deaf.socket.send(call * 100)
        time.sleep(0.0005)
except BlockingIOError:
    pass
ok(sent < 10_000_000, "a client that doesn't read isn't read any more")
equal(ask("GetUserRecord", uid=7), NONE, "others are answered meanwhile")
deaf.close()
half.close()

# A thousand at once, each with a call; and what another user may take isn't all.
clients = [Client(path) for _ in range(1000)]
for client in clients:
    client.send(U + "GetUserRecord", {"service": SERVICE, "uid": 100033})
ok(all(client.receive() == {"parameters": user} for client in clients), "1,000 connections at once")
_, most = resource.getrlimit(resource.RLIMIT_NOFILE)
if most >= 2100:
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(2100, resource.getrlimit(resource.RLIMIT_NOFILE)[0]), most))
    clients += [Client(path) for _ in range(1000)]
    equal(ask("GetUserRecord", uid=100033), {"parameters": user}, "with 2,000 connections one more is answered")
for client in clients:
    client.close()

read_end, write_end = os.pipe()
child = os.fork()
if child == 0:
    os.setgroups([])
    os.setgid(12345)
    os.setuid(12345)
    clients = []
    for _ in range(1024):
        clients.append(Client(path))
    for client in clients:
        client.call(U + "GetUserRecord", {"service": SERVICE, "uid": 7})
    begin = time.monotonic()
    late = Client(path)
    late.send(U + "GetUserRecord", {"service": SERVICE, "uid": 7})
    closed = late.is_closed()
    waited = time.monotonic() - begin
    late = Client(path)
    late.send(U + "GetUserRecord", {"service": SERVICE, "uid": 7})
    clients.pop().close()
    answered = late.receive() == NONE
    os.write(write_end, json.dumps([closed, 1.5 < waited < 60, answered]).encode())
    time.sleep(600)
    os._exit(0)
closed, in_time, answered = json.loads(os.read(read_end, 1000))
ok(closed and in_time, "one connection more than a user may have is closed after two seconds")
ok(answered, "and is served if another of this user ends before")
equal(ask("GetUserRecord", uid=100033), {"parameters": user}, "root is served meanwhile")
second = os.fork()
if second == 0:
    os.setuid(12346)
    os._exit(0 if ask("GetUserRecord", uid=100033) == {"parameters": user} else 1)
equal(os.waitpid(second, 0)[1], 0, "and so is another user")
os.kill(child, 9)
os.waitpid(child, 0)
ok(has_descriptors(before + 1), "its connections are closed")

# One user with many ids: by subuid(5) they are one user's.
holders = []


def hold(uid, count):
    """Whether a user gets as many connections answered, which stay open."""
    read, write = os.pipe()
    holders.append(os.fork())
    if holders[-1] == 0:
        os.setgroups([])
        os.setgid(uid)
        os.setuid(uid)
        clients = [Client(path) for _ in range(count)]
        for client in clients:
            client.send(U + "GetUserRecord", {"service": SERVICE, "uid": 7})
        os.write(write, b"+" if all(client.receive() == NONE for client in clients) else b"-")
        time.sleep(600)
        os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        return pipe.read(1) == b"+"


ok(hold(300000, 500) and hold(320999, 500), "a user's ids get as many connections as one user may have")
ok(not hold(300007, 100), "and no more")
ok(hold(310000, 100), "another user's ids get theirs")
for holder in holders:
    os.kill(holder, 9)
    os.waitpid(holder, 0)


ok(has_descriptors(before), "no descriptor is left over")
done()

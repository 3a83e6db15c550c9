# SPDX-License-Identifier: LGPL-2.1-or-later
"""resolve-hook.py SOCKET: what io.systemd.Resolve.Hook answers, as systemd-resolved 259 asks it.
web1 has 10.0.0.2, 10.0.0.3 and fd00::2 and the alias main; db1 has 10.0.0.9 and an alias too long for DNS; link1 has fe80::1 alone;
my.example.org has 10.0.0.7; dead1 has died."""
import base64
import os
import socket
import struct
import subprocess
import sys

sys.path.insert(0, os.environ["SRCDIR"] + "/tests/support")
from varlink import Client, check_description, done, equal, ok

path = sys.argv[1]
H = "io.systemd.Resolve.Hook."
A, AAAA, MX = 1, 28, 15


def key(name, kind, klass=1):
    return {"key": {"class": klass, "type": kind, "name": name}}


def ask(*keys):
    with Client(path) as client:
        return client.call(H + "ResolveRecord", {"question": list(keys)})


def decode(raw):
    """Name, type, class, time to live and address of a record on the wire."""
    data = base64.b64decode(raw, validate=True)
    labels = []
    while data[0]:
        labels.append(data[1 : 1 + data[0]].decode())
        data = data[1 + data[0] :]
    kind, klass, ttl, size = struct.unpack(">HHIH", data[1:11])
    rest = data[11:]
    family = {4: socket.AF_INET, 16: socket.AF_INET6}[len(rest)]
    assert size == len(rest)
    return ".".join(labels), kind, klass, ttl, socket.inet_ntop(family, rest)


def addresses(reply):
    """{name: addresses} of a reply, in which both forms of each record say the same."""
    found = {}
    if reply.get("parameters", {}).get("rcode") != 0:
        return reply
    for answer in reply["parameters"]["answer"]:
        name, kind, klass, ttl, address = decode(answer["raw"])
        record = answer["rr"]
        bytes_ = bytes(record["address"])
        assert record["key"] == {"class": klass, "type": kind, "name": name}, answer
        assert ttl == 0 and kind == {4: A, 16: AAAA}[len(bytes_)]
        assert socket.inet_ntop(socket.AF_INET if kind == A else socket.AF_INET6, bytes_) == address
        found.setdefault(name, []).append(address)
    return found


def both(name):
    return key(name, A), key(name, AAAA)


GO_ON = {"parameters": {}}
equal(addresses(ask(*both("web1"))), {"web1": ["10.0.0.2", "10.0.0.3", "fd00::2"]}, "A and AAAA in one question")
getent = subprocess.run(["getent", "ahosts", "web1"], capture_output=True, text=True, check=False).stdout
equal(sorted({line.split()[0] for line in getent.splitlines()}),
      sorted(addresses(ask(*both("web1")))["web1"]), "these are what look-ups through libc answer")
equal(addresses(ask(key("web1", AAAA))), {"web1": ["fd00::2"]}, "AAAA alone")
equal(addresses(ask(key("db1", AAAA))), {}, "a machine without such an address: there is none")
equal(addresses(ask(*both("main"))), {"main": ["10.0.0.2", "10.0.0.3", "fd00::2"]}, "an alias, by its name")
equal(addresses(ask(*both("WEB1"))), {"WEB1": ["10.0.0.2", "10.0.0.3", "fd00::2"]}, "as spelled in the question")
equal(ask(key("q" * 64, A)), {"parameters": {}}, "a name that is too long for DNS is left to who answers")
equal(addresses(ask(key("web1", A), key("db1", A))),
      {"web1": ["10.0.0.2", "10.0.0.3"], "db1": ["10.0.0.9"]}, "two machines in one question are told apart")
equal(addresses(ask(key("my.example.org", A))), {"my.example.org": ["10.0.0.7"]}, "a machine with a dotted name")
for name in ("nosuch", "", "a b", "x" * 300, "localhost", "example.org", "org", "www.my.example.org", "übel", "web1x"):
    equal(ask(*both(name)), GO_ON, f"{name[:20]!r} is looked up elsewhere")
equal(ask(*both("dead1")), GO_ON, "so is a machine that has died")
equal(ask(*both("link1")), GO_ON, "and one that has addresses of a link alone: DNS has no interface for them")
equal(ask(key("web1", MX)), GO_ON, "and another type of record")
equal(ask(key("web1", A, 3)), GO_ON, "and another class")
equal(ask(*both("www.web1")), {"parameters": {"rcode": 3}}, "below a machine's name there is nothing")
equal(ask(*both("a.b.web1.")), {"parameters": {"rcode": 3}}, "also further below")

bad = [None, "x", 1, {}, [1], [{}], [{"key": 1}], [{"key": {}}], [key(1, A)], [key("web1", "A")], [key("web1", True)],
       [key("web1", -1)], [key("web1", 65536)], [key("web1", 2**64)], [key("web1", 1.0)],
       [{"key": {"type": 1, "name": "x"}}], [key("web1", A)] * 17]
wrong = []
with Client(path) as client:
    for question in bad:
        reply = client.call(H + "ResolveRecord", {"question": question})
        if reply != {"error": "org.varlink.service.InvalidParameter", "parameters": {"parameter": "question"}}:
            wrong.append((question, reply))
    equal(wrong, [], "what is not a question is an invalid parameter")
    equal(client.call(H + "ResolveRecord", {"question": []}), GO_ON, "a question about nothing")
    check_description(client, H[:-1], {"QueryFilter": {}, "ResolveRecord": {"question": [key("web1", A)]}})

# The filter, and its changes.
link1 = os.environ["link1"]
with Client(path) as link:
    reply = link.call(H + "QueryFilter", more=True)
    equal((sorted(reply["parameters"]["filterDomains"]), reply.get("continues")),
          (["db1", "dead1", "link1", "main", "my.example.org", "web1"], True), "the filter has names and aliases")
    once = Client(path).call(H + "QueryFilter")
    equal((once["parameters"], once.get("continues")), (reply["parameters"], None), "without more it is told once")
    run = lambda *words: subprocess.run(["mymachines", *words], check=True, stderr=subprocess.DEVNULL)
    run("unregister", "link1")
    equal(sorted(link.receive()["parameters"]["filterDomains"]),
          ["db1", "dead1", "main", "my.example.org", "web1"], "a machine that goes changes it")
    run("refresh", "web1")
    run("register", "link1", f"--leader={link1}", "--no-monitor")
    equal(len(link.receive()["parameters"]["filterDomains"]), 6, "one that comes does, and a refresh doesn't")
    links = [Client(path) for _ in range(70)]
    ends = [client.call(H + "QueryFilter", more=True).get("continues") for client in links]
    equal((ends.count(True), ends.count(None)), (63, 7), "64 clients are told of changes; others once")
    # Of those that are told, some read no more: the first and the last that are found gone, and others between.
    deaf = [links[i] for i in (0, 1, 30, 61, 62)]
    hearing = [client for client in links[:63] if client not in deaf]
    for client in deaf:
        client.read_no_more()
    run("unregister", "link1")
    told = [len(client.receive()["parameters"]["filterDomains"]) for client in [link, *hearing]]
    equal((told, [client.is_left() for client in deaf]), ([5] * 59, [True] * 5),
          "clients that read no more are left when the filter changes, and all others are told")
    run("register", "link1", f"--leader={link1}", "--no-monitor")
    told = [len(client.receive()["parameters"]["filterDomains"]) for client in [link, *hearing]]
    equal(told, [6] * 59, "and told again")
    for client in links:
        client.close()
    for name in ("web1", "db1", "dead1", "my.example.org", "link1"):
        run("unregister", name)
    last = None
    while last != []:
        last = link.receive()["parameters"]["filterDomains"]
    ok(True, "without machines the list is empty, which switches the hook off")
equal(ask(*both("web1")), GO_ON, "and nothing is answered")
done()

# SPDX-License-Identifier: LGPL-2.1-or-later
"""import_varlink.py SOCKET METHOD PARAMETERS [once|oneway]: call a method of io.systemd.Import with "more", or without,
or without a reply, and print each reply in a line.

import_varlink.py SOCKET check ADDRESS: hold the interface to its description, with an image at this address."""
import json
import os
import sys

sys.path.insert(0, os.environ["SRCDIR"] + "/tests/support")
from varlink import Client, check_description, check_texts, done, equal

INTERFACE = "io.systemd.Import"


def words(reply):
    """A reply as a line."""
    parameters = reply.get("parameters", {})
    error = reply.get("error")
    if error == "io.systemd.System":
        return f"errno {parameters['errnoName']}: {parameters['message']}"
    if error:
        return " ".join([error.rpartition(".")[2], *map(str, parameters.values())])
    if "log" in parameters:
        return f"log {parameters['log']['priority']} {parameters['log']['message']}"
    if "progress" in parameters:
        return "progress between" if 0 <= parameters["progress"] <= 1 else f"progress {parameters['progress']}"
    if list(parameters) == ["id"]:
        return f"id {parameters['id']}"
    return json.dumps(parameters) if parameters else "done"


def run(path, method, parameters, mode=""):
    with Client(path, timeout=120) as client:
        client.send(f"{INTERFACE}.{method}", json.loads(parameters), **{{"": "more"}.get(mode, mode): True} if mode != "once" else {})
        if mode == "oneway":
            return
        while True:
            reply = client.receive()
            if reply is None:
                sys.exit("the connection was closed")
            print(words(reply), flush=True)
            if not reply.get("continues"):
                break


def check(path, address):
    pull = {"remote": address, "local": "checked", "type": "raw", "class": "machine", "verify": "no"}
    with Client(path) as client:
        interfaces = client.call("org.varlink.service.GetInfo")["parameters"]["interfaces"]
        equal(interfaces, [INTERFACE, "io.systemd.service", "org.varlink.service"], "GetInfo lists the interface")
        check_description(client, INTERFACE, {"ListTransfers": {"class": "machine"}, "Pull": pull})
        check_texts(client, INTERFACE, {"ListTransfers": {}, "Pull": pull})
        for number, parameters in enumerate(({"nosuch": 1}, {**pull, "nosuch": 1})):
            equal(client.call(INTERFACE + (".ListTransfers", ".Pull")[number], parameters),
                  {"error": "org.varlink.service.InvalidParameter", "parameters": {"parameter": "nosuch"}},
                  f"{('ListTransfers', 'Pull')[number]} refuses a parameter that it hasn't")
        equal(client.call(INTERFACE + ".Pull", {**pull, "upgrade": 1}).get("error"), "org.varlink.service.InvalidParameter",
              "a flag of the call isn't a parameter")
    # Pieces of a call, and two calls at once.
    with Client(path) as client:
        call = json.dumps({"method": INTERFACE + ".ListTransfers", "parameters": {"class": "confext"}, "more": True}).encode() + b"\0"
        client.socket.sendall(call[:20])
        client.socket.sendall(call[20:] + call)
        equal([client.receive() for _ in range(2)], [{"error": INTERFACE + ".NoTransfers"}] * 2, "two calls in pieces have two answers")
    done()


if sys.argv[2] == "check":
    check(sys.argv[1], sys.argv[3])
else:
    run(sys.argv[1], *sys.argv[2:])

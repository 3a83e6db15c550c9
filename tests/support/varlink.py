# SPDX-License-Identifier: LGPL-2.1-or-later
"""A plain Varlink client for the tests, and TAP."""
import json
import re
import select
import socket
import sys

count = 0


def ok(good, name):
    global count
    count += 1
    print(f"{'ok' if good else 'not ok'} {count} - {name}", flush=True)


def equal(got, expected, name):
    ok(got == expected, name)
    if got != expected:
        print(f"# got:      {got}\n# expected: {expected}", flush=True)


def done():
    print(f"1..{count}", flush=True)


def parse_fields(text):
    """The fields of "a: int, b: ?[]string" in Varlink's language: {name: type}"""
    text = re.sub(r"#[^\n]*", "", text)
    return dict(re.findall(r"(\w+)\s*:\s*([^\s,()]+|\([^)]*\))", text))


def parse_description(text):
    """What an interface's description has: {method: (inputs, outputs)}, {error: fields}, {type: fields}"""
    text = re.sub(r"#[^\n]*", "", text)
    methods = {
        m[0]: (parse_fields(m[1]), parse_fields(m[2]))
        for m in re.findall(r"method (\w+)\s*\(([^()]*)\)\s*->\s*\(([^()]*)\)", text)
    }
    errors = {m[0]: parse_fields(m[1]) for m in re.findall(r"error (\w+)\s*\(([^()]*)\)", text)}
    # A type's fields, or the words of one that is a choice.
    types = {
        m[0]: parse_fields(m[1]) if ":" in m[1] else re.findall(r"\w+", m[1])
        for m in re.findall(r"type (\w+)\s*\(([^()]*)\)", text)
    }
    return methods, errors, types


def fits(value, kind, types):
    """Whether a value is of this type of Varlink's language."""
    if kind.startswith("?"):
        return value is None or fits(value, kind[1:], types)
    if kind.startswith("[]"):
        return isinstance(value, list) and all(fits(item, kind[2:], types) for item in value)
    if isinstance(types.get(kind), list):
        return value in types[kind]
    if kind in types:
        return has_fields(value, types[kind], types)
    wanted = {"int": int, "bool": bool, "string": str, "object": dict, "float": float}[kind]
    return isinstance(value, wanted) and (wanted is bool or not isinstance(value, bool))


def has_fields(value, fields, types):
    """Whether an object has these fields, all that must be there, and no others."""
    return (
        isinstance(value, dict)
        and set(value) <= set(fields)
        and all(fits(value.get(name), kind, types) for name, kind in fields.items())
    )


def wrong_values(kind, types):
    """Values that aren't of this type; null only where it must be there."""
    values = {"int": ["x", True, 1.5, [], {}, 2**64, -(2**63) - 1], "string": [1, False, [], {}], "bool": [1, "yes", []]}
    optional = kind.startswith("?")
    plain = kind.lstrip("?")
    if isinstance(types.get(plain), list):
        values[plain] = values["string"] + ["", "nosuch", types[plain][0].upper(), types[plain][0] + " "]
    wrong = values.get(plain, [1, "x", {}] if plain.startswith("[]") else [1, "x", []])
    return wrong + ([] if optional else [None])


def check_description(client, interface, calls, taken=None):
    """Hold an interface's description to what the socket does. `calls` has parameters that are
    right for each method, and so is each reply to be. `taken` has values that are taken in place
    of a type's: {type: [value]}."""
    reply = client.call("org.varlink.service.GetInterfaceDescription", {"interface": interface})
    methods, errors, types = parse_description(reply["parameters"]["description"])
    equal(sorted(calls), sorted(methods), f"{interface}: the test calls each method that is described")
    for name, (inputs, outputs) in methods.items():
        reply = client.call(f"{interface}.{name}", calls.get(name, {}))
        if "error" in reply:
            what = reply["error"].rpartition(".")
            good = what[0] != interface or has_fields(reply.get("parameters", {}), errors.get(what[2], {"": "int"}), types)
        else:
            good = has_fields(reply["parameters"], outputs, types)
        ok(good, f"{interface}.{name} answers as it is described")
        if not good:
            print(f"# {reply}", flush=True)
        bad = []
        for field, kind in inputs.items():
            for wrong in wrong_values(kind, types):
                if wrong in (taken or {}).get(kind.lstrip("?"), []):
                    continue
                if field == "service" and wrong is None:
                    continue  # BadService, as where it is absent
                reply = client.call(f"{interface}.{name}", {**calls.get(name, {}), field: wrong})
                if reply != {"error": "org.varlink.service.InvalidParameter", "parameters": {"parameter": field}}:
                    bad.append((field, wrong, reply))
        equal(bad, [], f"{interface}.{name} names each parameter that has a wrong type")


def check_texts(client, interface, calls):
    """Whether each method has one answer to an empty text and to a long one in each place of a text."""
    reply = client.call("org.varlink.service.GetInterfaceDescription", {"interface": interface})
    for name, (inputs, _) in parse_description(reply["parameters"]["description"])[0].items():
        lost = []
        for field in (f for f, kind in inputs.items() if kind.lstrip("?") == "string"):
            for text in ("", "x" * 50000):
                reply = client.call(f"{interface}.{name}", {**calls[name], field: text})
                if reply is None or client.call("io.systemd.service.Ping") != {"parameters": {}}:
                    lost.append((field, len(text)))
        equal(lost, [], f"{interface}.{name} answers empty and long texts once")


class Client:
    def __init__(self, path, timeout=20):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(timeout)
        self.socket.connect(path)
        self.rest = b""
        self.received = 0  # bytes before `rest`
        self.arrived = []  # (position of the byte that it came with, descriptor)
        self.descriptors = []  # of the message that receive() has returned

    def send(self, method, parameters=..., **more):
        call = {"method": method, **more}
        if parameters is not ...:
            call["parameters"] = parameters
        self.socket.sendall(json.dumps(call).encode() + b"\0")

    def receive(self, size=65536):
        """The next reply, or None at the end; read so many bytes at once."""
        while b"\0" not in self.rest:
            try:
                more, descriptors, _, _ = socket.recv_fds(self.socket, size, 16)
            except ConnectionResetError:
                more, descriptors = b"", []
            if not more:
                return None
            self.rest += more
            last = self.received + len(self.rest) - 1
            self.arrived += [(last, descriptor) for descriptor in descriptors]
        message, self.rest = self.rest.split(b"\0", 1)
        self.received += len(message) + 1
        self.descriptors = [d for position, d in self.arrived if position < self.received]
        self.arrived = [(p, d) for p, d in self.arrived if p >= self.received]
        return json.loads(message)

    def call(self, method, parameters=..., **more):
        self.send(method, parameters, **more)
        return self.receive()

    def call_all(self, method, parameters=...):
        """All replies to a call with `more`: their parameters, and the error that ended them or None."""
        self.send(method, parameters, more=True)
        replies = []
        while True:
            reply = self.receive()
            if "error" in reply:
                return replies, reply["error"]
            replies.append(reply["parameters"])
            if not reply.get("continues"):
                return replies, None

    def is_closed(self):
        return self.receive() is None

    def read_no_more(self):
        """For calls that are sent from now on: all replies to the last one may have arrived already."""
        self.socket.shutdown(socket.SHUT_RD)

    def is_left(self):
        """Whether the server ends a connection that isn't read any more."""
        events = select.poll()
        events.register(self.socket, 0)
        return any(event & select.POLLHUP for _, event in events.poll(60000))

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


if __name__ == "__main__":
    sys.exit("this is for other programs to import")

#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""registry.py DIRECTORY CERTIFICATE: a registry of images, its storage, and a service that gives tokens.

Serves what oci_images.py makes, on a port of https; on a second one is the storage that it redirects to,
and on a port of http there are tokens. Prints these ports in one line. The first part of a repository's
name says how it behaves. Each request is a line in DIRECTORY/requests: server, path, and the headers
that a test wants to look at.
"""
import hashlib
import http.server
import json
import os
import ssl
import sys
import threading
import time
import urllib.parse

import https_server

ROOT = sys.argv[1]
PORTS = {}
LOG = open(os.path.join(ROOT, "requests"), "a", buffering=1)
USES = {}
WITH_TOKEN = {"token", "access", "neither", "control", "placeholder", "no-scope", "two-scopes", "quoted", "schemes",
              "basic", "elsewhere", "plain-realm", "once", "other-realm", "drip-token"}


def read(*parts):
    try:
        with open(os.path.join(ROOT, *parts), "rb") as file:
            return file.read()
    except OSError:
        return None


def make_token(scope, service):
    return hashlib.sha256(f"{scope} {service}".encode()).hexdigest()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60

    def log_message(self, *_):
        pass

    def answer(self, status, body=b"", *headers):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    # Byte by byte, just quick enough not to stall: for hours.
    def drip(self):
        self.send_response(200)
        self.send_header("Content-Length", "60000")
        self.end_headers()
        try:
            while True:
                self.wfile.write(b" ")
                time.sleep(0.02)
        except OSError:
            pass

    def do_GET(self):
        noted = " ".join(f"{n}={self.headers[n]}" for n in ("Authorization", "Cookie", "Range") if self.headers[n])
        LOG.write(f"{self.server.name} {self.path} {noted}\n")
        url = urllib.parse.urlsplit(self.path)
        if url.path == "/token":
            return self.give_token(urllib.parse.parse_qs(url.query))
        if self.server.name != "registry":
            return self.give_stored(url.path)
        parts = url.path.split("/")
        if len(parts) < 6 or parts[1] != "v2":
            return self.answer(404, b"{}")
        self.give(parts[2], "/".join(parts[2:-2]), parts[-2], parts[-1])

    def give_token(self, query):
        kind = query.get("scope", ["?"])[-1].split(":")[1].split("/")[0]
        if kind == "drip-token":
            return self.drip()
        token = make_token(",".join(query.get("scope", [])), ",".join(query.get("service", [])))
        if kind == "once":
            USES[token] = 0
        key = {"access": "access_token", "neither": "other"}.get(kind, "token")
        if kind == "control":
            token += "\r\nX-Header: yes"
        self.answer(200, json.dumps({key: token}).encode())

    def is_allowed(self, how, name):
        token = (self.headers["Authorization"] or "").removeprefix("Bearer ")
        service = {"quoted": "a, b=\"c\""}.get(how, "tests")
        wanted = make_token(f"repository:{name}:pull", service)
        if how == "once":
            USES[token] = USES.get(token, 9) + 1
            return token == wanted and USES[token] <= 2
        return token == wanted

    def challenge(self, how, name):
        realm = f"https://localhost:{PORTS['registry']}/token"
        if how == "plain-realm":
            realm = f"http://localhost:{PORTS['plain']}/token"
        if how == "other-realm":
            realm = f"https://me:secret@localhost:{PORTS['storage']}/token?client=x"
        scope = {
            "placeholder": 'scope="repository:{name}:pull,push"',
            "no-scope": "",
            "two-scopes": 'scope="repository:a:pull repository:b:push"',
        }.get(how, f'scope="repository:{name}:pull"')
        service = "a, b=\\\"c\\\"" if how == "quoted" else "tests"
        bearer = f'Bearer realm="{realm}",service="{service}"' + ("," + scope if scope else "")
        basic = 'Basic realm="a, Bearer realm=x"'
        values = {"schemes": [basic, bearer], "basic": [basic], "two-scopes": [basic + ", " + bearer]}
        return [("WWW-Authenticate", value) for value in values.get(how, [bearer])]

    def give(self, how, name, kind, reference):
        if how in WITH_TOKEN and not self.is_allowed(how, name):
            return self.answer(401, b"{}", *self.challenge(how, name))
        if kind == "manifests":
            return self.give_manifest(how, name, reference)
        body = read("blobs", reference)
        if body is None:
            return self.answer(404, b"{}")
        if how == "elsewhere":
            return self.answer(307, b"", ("Location", f"https://localhost:{PORTS['storage']}/{reference}?signed=1"))
        if how == "to-plain":
            return self.answer(307, b"", ("Location", f"http://localhost:{PORTS['plain']}/{reference}"))
        if how == "altered":
            body = body[:-1] + bytes([body[-1] ^ 1])
        self.give_bytes(body, how == "cut")

    def give_manifest(self, how, name, reference):
        if how == "drip":
            return self.drip()
        if not reference.startswith("sha256:"):
            reference = (read("repositories", name, reference) or b"").decode()
        body = reference and read("blobs", reference)
        if not body:
            return self.answer(404, b'{"errors":[{"code":"MANIFEST_UNKNOWN"}]}')
        digest = "sha256:" + "0" * 64 if how == "other-digest" else reference
        self.answer(200, body, ("Content-Type", (read("types", reference) or b"").decode() + "; charset=utf-8"),
                    ("Docker-Content-Digest", digest))

    def give_stored(self, path):
        if path == "/outside":
            return self.answer(200, b"outside")
        body = read("blobs", path.lstrip("/"))
        self.answer(404) if body is None else self.give_bytes(body)

    # Half of it at first, then the rest; or as long as nobody lets it go on, the half.
    def give_bytes(self, body, is_cut=False):
        at = int((self.headers["Range"] or "bytes=0-")[6:-1])
        self.send_response(206 if at else 200)
        if at:
            self.send_header("Content-Range", f"bytes {at}-{len(body) - 1}/{len(body)}")
        self.send_header("Content-Length", str(len(body) - at))
        self.send_header("ETag", f'"{len(body)}"')
        self.end_headers()
        end = at + (len(body) - at + 1) // 2 if is_cut and at < len(body) - 2 else len(body)
        self.wfile.write(body[at:end])
        if end < len(body):
            self.wfile.flush()
            self.close_connection = True


def serve(name, context):
    PORTS[name] = https_server.serve(Handler, context, name=name)


def main():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[2])
    for name in ("registry", "storage"):
        serve(name, context)
    serve("plain", None)
    print(PORTS["registry"], PORTS["storage"], PORTS["plain"], flush=True)
    threading.Event().wait()


main()

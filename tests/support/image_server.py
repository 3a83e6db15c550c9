#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""image_server.py DIRECTORY [CERTIFICATE]...: servers of images, good and bad.

Serves DIRECTORY on two ports of https, each with its own directory "a" and "b", and on one of http,
for "a". Prints their ports in one line when they listen. Below /how/VARIANT/, files come in the manner
of the variant. Each request is a line in DIRECTORY/requests: port, method, path, and the headers that
a test may want to look at.
"""
import hashlib
import http.server
import os
import ssl
import sys
import threading
import time

import https_server

ROOT = sys.argv[1]
CERTIFICATE = sys.argv[2]
PORTS = {}
LOG = open(os.path.join(ROOT, "requests"), "a", buffering=1)
COUNTS = {}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # A client that goes away is no news.
    timeout = 60

    def log_message(self, *_):
        pass

    def do_GET(self):
        noted = " ".join(
            f"{name}={self.headers[name]}"
            for name in ("Range", "If-Range", "Authorization", "Cookie", "Accept-Encoding", "If-None-Match")
            if self.headers[name]
        )
        LOG.write(f"{self.server.name} {self.command} {self.path} {noted}\n")
        variant, path = "", self.path.split("?")[0]
        if path.startswith("/how/"):
            _, _, variant, path = path.split("/", 3)
            path = "/" + path
        name = os.path.join(ROOT, self.server.directory, path.lstrip("/"))
        # What stands beside the file comes without tricks.
        if variant and not variant.startswith("all-") and "SHA" in path:
            variant = ""
        if variant.startswith("to-"):
            return self.redirect(variant, path)
        if variant == "all-drip-missing" and "SHA" not in path:
            return self.drip(404)
        if not os.path.isfile(name):
            return self.answer(404, b"<html>no such file</html>", {"Content-Type": "text/html"})
        with open(name, "rb") as file:
            body = file.read()
        getattr(self, "how_" + variant.replace("-", "_"))(body)

    def redirect(self, variant, path):
        targets = {
            "to-b": f"https://localhost:{PORTS['b']}{path}",
            "to-plain": f"http://localhost:{PORTS['plain']}{path}",
            "to-same": path,
            "to-file": "file:///etc/passwd",
            "to-itself": f"/how/to-itself{path}",
            "to-login": f"https://me:secret@localhost:{PORTS['b']}{path}",
        }
        self.answer(302, b"moved", {"Location": targets[variant]})

    def answer(self, status, body, headers=(), length=None, cut=None):
        self.send_response(status)
        for name, value in dict(headers).items():
            self.send_header(name, value)
        if length != "none":
            self.send_header("Content-Length", str(len(body) if length is None else length))
        else:
            self.close_connection = True
        self.end_headers()
        self.wfile.write(body if cut is None else body[:cut])
        if cut is not None:
            self.wfile.flush()
            self.close_connection = True

    @staticmethod
    def etag(body):
        return '"' + hashlib.sha256(body).hexdigest()[:16] + '"'

    def offset(self):
        text = self.headers["Range"] or ""
        return int(text[6:-1]) if text.startswith("bytes=") and text.endswith("-") else None

    # From the offset on, if If-Range fits: as a good server does it.
    def how_(self, body, cut=None, etag=None):
        etag = etag or self.etag(body)
        headers = {"ETag": etag, "Accept-Ranges": "bytes", "Content-Type": "application/octet-stream"}
        at = self.offset()
        known = [e.strip() for e in (self.headers["If-None-Match"] or "").split(",")]
        if etag in known:
            return self.answer(304, b"", headers)
        if at is None or self.headers["If-Range"] not in (None, etag):
            return self.answer(200, body, headers, len(body), cut)
        if at >= len(body):
            return self.answer(416, b"", {"Content-Range": f"bytes */{len(body)}"})
        headers["Content-Range"] = f"bytes {at}-{len(body) - 1}/{len(body)}"
        return self.answer(206, body[at:], headers, len(body) - at, cut and min(cut, len(body) - at))

    # Trouble with what belongs to an image.
    def how_no_settings(self, body):
        self.answer(503, b"") if ".nspawn" in self.path else self.how_(body)

    def how_cut_settings(self, body):
        self.answer(200, body, {}, len(body), 2) if ".nspawn" in self.path else self.how_(body)

    # Each answer ends after 100,000 bytes.
    def how_cut(self, body):
        self.how_(body, cut=100000)

    def how_cut_weak(self, body):
        self.how_(body, cut=100000, etag="W/" + self.etag(body))

    def how_cut_no_etag(self, body):
        self.answer(200, body, {}, len(body), 100000)

    # The first answer ends early; then something is wrong with the second.
    def first(self, body, **headers):
        COUNTS[self.path] = COUNTS.get(self.path, 0) + 1
        if COUNTS[self.path] == 1:
            self.answer(200, body, {"ETag": self.etag(body), **headers}, len(body), 100000)
            return True
        return self.offset() is None and bool(self.how_(body)) is None

    def part(self, body, first, last=None, total=None, body_from=None, **headers):
        last = len(body) - 1 if last is None else last
        headers = {"ETag": self.etag(body), **headers}
        headers["Content-Range"] = f"bytes {first}-{last}/{total or len(body)}"
        self.answer(206, body[body_from if body_from is not None else first : last + 1], headers)

    def how_ignores_range(self, body):
        if not self.first(body):
            self.answer(200, body, {"ETag": self.etag(body)})

    def how_from_0(self, body):
        if not self.first(body):
            self.part(body, 0) if self.offset() else self.how_(body)

    def how_from_before(self, body):
        if not self.first(body):
            self.part(body, self.offset() - 512) if self.offset() else self.how_(body)

    def how_short_part(self, body):
        if not self.first(body):
            at = self.offset()
            self.part(body, at, min(at + 49999, len(body) - 1)) if at else self.how_(body)

    def how_other_total(self, body):
        if not self.first(body):
            self.part(body, self.offset(), total=len(body) + 1) if self.offset() else self.how_(body)

    def how_other_etag(self, body):
        if not self.first(body):
            self.part(body, self.offset(), ETag='"other"') if self.offset() else self.how_(body)

    def how_no_content_range(self, body):
        if not self.first(body):
            at = self.offset()
            self.answer(206, body[at:], {"ETag": self.etag(body)}) if at else self.how_(body)

    def how_not_satisfiable(self, body):
        if not self.first(body):
            self.answer(416, b"") if self.offset() else self.how_(body)

    # The file was replaced meanwhile.
    def how_changed(self, body):
        old = bytes(b ^ 1 for b in body)
        if not self.first(old):
            self.how_(body)

    def how_unasked_part(self, body):
        self.part(body, 0)

    def how_gzip(self, body):
        self.answer(200, body, {"Content-Encoding": "gzip", "ETag": self.etag(body)})

    def how_x_gzip(self, body):
        self.answer(200, body, {"Content-Encoding": "x-gzip"})

    def how_plain(self, body):
        self.answer(200, body, {}, "none")

    def how_page(self, body):
        self.answer(200, b"<!DOCTYPE html><html><body>Sign in</body></html>\n" * 20, {"Content-Type": "text/html"})

    def how_empty(self, body):
        self.answer(200, b"", {"Content-Type": "application/gzip"})

    def how_no_length(self, body):
        self.answer(200, body, {}, "none")

    def how_endless(self, body):
        self.send_response(200)
        self.close_connection = True
        self.end_headers()
        try:
            while True:
                self.wfile.write(body)
        except OSError:
            pass

    # Neither goes on nor ends.
    def how_stalls(self, body):
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[:1000])
        self.wfile.flush()
        time.sleep(30)

    # Byte by byte, just quick enough not to stall: for hours. Below all-drip-missing, an answer that isn't wanted.
    def drip(self, status):
        self.send_response(status)
        self.send_header("Content-Length", "60000")
        self.end_headers()
        try:
            while True:
                self.wfile.write(b"#")
                time.sleep(0.02)
        except OSError:
            pass

    def how_all_drip(self, _):
        self.drip(200)

    # So slow that a test can look at what is there.
    def slow(self, body, headers):
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        try:
            half = len(body) // 2
            self.wfile.write(body[:half])
            self.wfile.flush()
            while not os.path.exists(os.path.join(ROOT, "go-on")):
                time.sleep(0.05)
            self.wfile.write(body[half:])
        except OSError:
            pass

    def how_slow(self, body):
        self.slow(body, {"ETag": self.etag(body)})

    def how_slow_no_etag(self, body):
        self.slow(body, {})


def serve(name, directory, context):
    PORTS[name] = https_server.serve(Handler, context, name=name, directory=directory)


def main():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    serve("a", "a", context)
    serve("b", "b", context)
    serve("plain", "a", None)
    print(PORTS["a"], PORTS["b"], PORTS["plain"], flush=True)
    threading.Event().wait()


main()

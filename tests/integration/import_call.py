# SPDX-License-Identifier: LGPL-2.1-or-later
"""import_call.py METHOD SIGNATURE ARGUMENT...: call a method of org.freedesktop.import1's Manager, with
a path for each descriptor, and print the signals of the transfer until it has ended, or the error's name.
With --no-wait in front, print only the path of the transfer."""
import ctypes
import os
import sys

NAME = b"org.freedesktop.import1"
MANAGER = NAME + b".Manager"
lib = ctypes.CDLL("libsystemd.so.0")
for function in ("sd_bus_message_get_member", "sd_bus_message_get_path"):
    getattr(lib, function).restype = ctypes.c_char_p


class Error(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("message", ctypes.c_char_p), ("need_free", ctypes.c_int)]


def append(call, kind, text):
    kind = kind.encode()
    if kind == b"h":
        writes = sys.argv[1].startswith("Export") or text.endswith("+")
        fd = os.open(text.rstrip("+"), (os.O_RDWR | os.O_CREAT) if writes else os.O_RDONLY)
        return lib.sd_bus_message_append(call, kind, ctypes.c_int(fd))
    if kind == b"s":
        return lib.sd_bus_message_append(call, kind, text.encode())
    return lib.sd_bus_message_append(
        call, kind, ctypes.c_uint64(int(text)) if kind == b"t" else ctypes.c_int(int(text)))


def read(message, kind, ctype):
    value = ctype()
    assert lib.sd_bus_message_read(message, kind, ctypes.byref(value)) >= 0
    return value.value


signals = []


@ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)
def on_signal(message, _data, _error):
    message = ctypes.c_void_p(message)
    member, path = lib.sd_bus_message_get_member(message).decode(), lib.sd_bus_message_get_path(message)
    words = ""
    if member.startswith("Transfer"):
        read(message, b"u", ctypes.c_uint32)
        path = read(message, b"o", ctypes.c_char_p)
    if member == "TransferRemoved":
        words = read(message, b"s", ctypes.c_char_p).decode()
    elif member == "ProgressUpdate":
        words = read(message, b"d", ctypes.c_double)
        words = "between" if 0 <= words <= 1 else str(words)
    elif member == "LogMessage":
        words = f"{read(message, b'u', ctypes.c_uint32)} {read(message, b's', ctypes.c_char_p).decode()}"
    signals.append((path, f"{member} {words}".rstrip()))
    return 0


waits = sys.argv[1] != "--no-wait"
if not waits:
    del sys.argv[1]
bus, reply, call, error = ctypes.c_void_p(), ctypes.c_void_p(), ctypes.c_void_p(), Error()
assert lib.sd_bus_open_system(ctypes.byref(bus)) >= 0
if waits:
    assert lib.sd_bus_add_match(bus, None, b"type='signal',sender='" + NAME + b"'", on_signal, None) >= 0
lib.sd_bus_message_new_method_call(
    bus, ctypes.byref(call), NAME, b"/org/freedesktop/import1", MANAGER, sys.argv[1].encode())
for kind, text in zip(sys.argv[2], sys.argv[3:]):
    assert append(call, kind, text) >= 0, (kind, text)
if lib.sd_bus_call(bus, call, ctypes.c_uint64(30000000), ctypes.byref(error), ctypes.byref(reply)) < 0:
    print(error.name.decode())
    sys.exit(1)
read(reply, b"u", ctypes.c_uint32)
own = read(reply, b"o", ctypes.c_char_p)
if not waits:
    print(own.decode())
    sys.exit()
shown = 0
while True:
    for path, text in signals[shown:]:
        shown += 1
        if path == own:
            print(text, flush=True)
            if text.startswith("TransferRemoved"):
                sys.exit()
    if lib.sd_bus_process(bus, None) == 0:
        lib.sd_bus_wait(bus, ctypes.c_uint64(1000000))

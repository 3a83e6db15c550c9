# SPDX-License-Identifier: LGPL-2.1-or-later
"""bus_client.py CALL...: calls of one client, on one connection, which are "register NAME PID" for a container
or "unregister NAME". Prints the name of each one's error, or "success"."""
import ctypes
import sys


class Error(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("message", ctypes.c_char_p), ("need_free", ctypes.c_int)]


lib = ctypes.CDLL("libsystemd.so.0")
bus = ctypes.c_void_p()
assert lib.sd_bus_open_system(ctypes.byref(bus)) >= 0


def call(method, *arguments):
    reply, error = ctypes.c_void_p(), Error()
    r = lib.sd_bus_call_method(
        bus, b"org.freedesktop.machine1", b"/org/freedesktop/machine1", b"org.freedesktop.machine1.Manager",
        method, ctypes.byref(error), ctypes.byref(reply), *arguments)
    return "success" if r >= 0 else (error.name or b"no name").decode()


for line in sys.argv[1:]:
    word, name, *pid = line.split()
    if word == "register":
        print(call(b"RegisterMachine", b"sayssus", name.encode(), ctypes.c_int(0), b"test", b"container",
                   ctypes.c_uint32(int(pid[0])), b""))
    else:
        print(call(b"UnregisterMachine", b"s", name.encode()))

# SPDX-License-Identifier: LGPL-2.1-or-later
"""bus_leader.py METHOD NAME KEY=VALUE...: call RegisterMachineEx() or CreateMachineEx() for a container,
and print the name of the error, or "success". Keys are LeaderPID, LeaderPIDFD with a pid or a path of
which it becomes a descriptor, and LeaderPIDFDID with a number or @PID. Busctl sends no descriptors."""
import ctypes
import os
import sys


class Error(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("message", ctypes.c_char_p), ("need_free", ctypes.c_int)]


def descriptor(text):
    return os.pidfd_open(int(text)) if text.isdigit() else os.open(text, os.O_RDONLY)


lib = ctypes.CDLL("libsystemd.so.0")
bus, call, reply, error = ctypes.c_void_p(), ctypes.c_void_p(), ctypes.c_void_p(), Error()
assert lib.sd_bus_open_system(ctypes.byref(bus)) >= 0
method, name, *keys = sys.argv[1:]
lib.sd_bus_message_new_method_call(
    bus, ctypes.byref(call), b"org.freedesktop.machine1", b"/org/freedesktop/machine1",
    b"org.freedesktop.machine1.Manager", method.encode())
lib.sd_bus_message_append(call, b"s", name.encode())
lib.sd_bus_message_open_container(call, ctypes.c_char(b"a"), b"(sv)")
lib.sd_bus_message_append(call, b"(sv)", b"Class", b"s", b"container")
for key, _, value in (k.partition("=") for k in keys):
    if key == "LeaderPIDFD":
        typed = (b"h", ctypes.c_int(descriptor(value)))
    elif key == "LeaderPIDFDID":
        number = os.fstat(descriptor(value[1:])).st_ino if value[0] == "@" else int(value)
        typed = (b"t", ctypes.c_uint64(number))
    else:
        typed = (b"u", ctypes.c_uint32(int(value)))
    lib.sd_bus_message_append(call, b"(sv)", key.encode(), *typed)
lib.sd_bus_message_close_container(call)
if method == "CreateMachineEx":
    lib.sd_bus_message_append(call, b"a(sv)", ctypes.c_int(0))
r = lib.sd_bus_call(bus, call, ctypes.c_uint64(30000000), ctypes.byref(error), ctypes.byref(reply))
print("success" if r >= 0 else (error.name or b"no name").decode())

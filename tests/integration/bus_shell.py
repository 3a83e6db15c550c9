# SPDX-License-Identifier: LGPL-2.1-or-later
"""bus_shell.py MACHINE USER PATH ARGUMENT...: OpenMachineShell() with X=works, and print what the
program prints."""
import ctypes
import os
import sys

lib = ctypes.CDLL("libsystemd.so.0")
bus, reply, error = ctypes.c_void_p(), ctypes.c_void_p(), (ctypes.c_char * 64)()
assert lib.sd_bus_open_system(ctypes.byref(bus)) >= 0
call = ctypes.c_void_p()
lib.sd_bus_message_new_method_call(
    bus, ctypes.byref(call), b"org.freedesktop.machine1", b"/org/freedesktop/machine1",
    b"org.freedesktop.machine1.Manager", b"OpenMachineShell")
machine, user, path, *arguments = (a.encode() for a in sys.argv[1:])
lib.sd_bus_message_append(call, b"sss", machine, user, path)
for strings in (arguments, [b"X=works"]):
    lib.sd_bus_message_open_container(call, ctypes.c_char(b"a"), b"s")
    for string in strings:
        lib.sd_bus_message_append(call, b"s", string)
    lib.sd_bus_message_close_container(call)
r = lib.sd_bus_call(bus, call, ctypes.c_uint64(20000000), ctypes.byref(error), ctypes.byref(reply))
if r < 0:
    sys.exit(f"error {r}")
fd = ctypes.c_int()
assert lib.sd_bus_message_read(reply, b"h", ctypes.byref(fd)) >= 0
text = b""
while True:
    try:
        more = os.read(fd.value, 4096)
    except OSError:
        break
    if not more:
        break
    text += more
print(text.decode().replace("\r\n", "\n"), end="")

#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""held_file.py FILE SECONDS: whoever opens the file first waits so long. Prints "ready" when that is so."""
import ctypes
import os
import select
import struct
import sys
import time


class HeldFile:
    """A file whose opening waits until it is released: fanotify(7)."""

    FAN_CLASS_CONTENT, FAN_MARK_ADD, FAN_OPEN_PERM, FAN_ALLOW, AT_FDCWD = 4, 1, 0x10000, 1, -100

    def __init__(self, name):
        libc = ctypes.CDLL(None, use_errno=True)
        self.group = libc.fanotify_init(self.FAN_CLASS_CONTENT, os.O_CLOEXEC)
        if self.group < 0 or libc.fanotify_mark(self.group, self.FAN_MARK_ADD, ctypes.c_uint64(self.FAN_OPEN_PERM),
                                                self.AT_FDCWD, name.encode()):
            raise OSError(ctypes.get_errno(), "fanotify")

    def wait(self):
        """Until somebody opens it, and waits."""
        if not select.select([self.group], [], [], 60)[0]:
            return False
        self.opened = struct.unpack_from("IBBHQii", os.read(self.group, 4096))[5]
        return True

    def release(self):
        """Whoever opens it goes on, from now on."""
        os.write(self.group, struct.pack("iI", self.opened, self.FAN_ALLOW))
        os.close(self.opened)
        os.close(self.group)


if __name__ == "__main__":
    held = HeldFile(sys.argv[1])
    print("ready", flush=True)
    if held.wait():
        time.sleep(float(sys.argv[2]))
        held.release()

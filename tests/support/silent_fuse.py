#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""silent_fuse.py [--started] DIRECTORY: mount a FUSE there whose server never answers, print "ready", and wait.

With --started, it answers the kernel's first request, FUSE_INIT of fuse(4) and linux/fuse.h, and no other: what
asks for a file then waits in another place of the kernel.
"""
import ctypes
import os
import struct
import sys
import time

FUSE_INIT = 26
REQUEST = struct.Struct("=IIQQIIII")  # struct fuse_in_header
REPLY = struct.Struct("=IiQ")  # struct fuse_out_header
INIT = struct.Struct("=IIIIHHIIHHI28x")  # struct fuse_init_out

arguments = sys.argv[1:]
is_started = arguments[0] == "--started"
directory = arguments[-1]

libc = ctypes.CDLL(None, use_errno=True)
fd = os.open("/dev/fuse", os.O_RDWR)
options = f"fd={fd},rootmode=40000,user_id=0,group_id=0,allow_other".encode()
if libc.mount(b"silent", os.fsencode(directory), b"fuse", 0, options):
    sys.exit(os.strerror(ctypes.get_errno()))
if is_started:
    _, operation, unique, *_ = REQUEST.unpack_from(os.read(fd, 1 << 17))
    assert operation == FUSE_INIT
    os.write(fd, REPLY.pack(REPLY.size + INIT.size, 0, unique) + INIT.pack(7, 31, 0, 0, 0, 0, 4096, 0, 0, 0, 0))
print("ready", flush=True)
time.sleep(100000)

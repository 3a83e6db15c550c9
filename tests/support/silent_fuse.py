#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""silent_fuse.py [--started [--roots]] DIRECTORY: mount a FUSE there whose server never answers, print "ready", and wait.

With --started, it answers the kernel's first request, FUSE_INIT of fuse(4) and linux/fuse.h, and takes all others
without an answer: what asks for a file then waits in another place of the kernel, and not even SIGKILL ends it.

With --roots, each line of standard input has this process go to another root directory, DIRECTORY.0, DIRECTORY.1
and so on, whose etc is that file system.
"""
import ctypes
import os
import struct
import sys
import threading

FUSE_INIT = 26
REQUEST = struct.Struct("=IIQQIIII")  # struct fuse_in_header
REPLY = struct.Struct("=IiQ")  # struct fuse_out_header
INIT = struct.Struct("=IIIIHHIIHHI28x")  # struct fuse_init_out

*options, directory = sys.argv[1:]
is_started = "--started" in options
MS_BIND = 4096

libc = ctypes.CDLL(None, use_errno=True)
fd = os.open("/dev/fuse", os.O_RDWR)
data = f"fd={fd},rootmode=40000,user_id=0,group_id=0,allow_other".encode()


def mount(source, target, flags=0):
    if libc.mount(source, os.fsencode(target), b"fuse", flags, data):
        sys.exit(os.strerror(ctypes.get_errno()))


def take_requests():
    while os.read(fd, 1 << 17):
        pass


mount(b"silent", directory)
if is_started:
    _, operation, unique, *_ = REQUEST.unpack_from(os.read(fd, 1 << 17))
    assert operation == FUSE_INIT
    os.write(fd, REPLY.pack(REPLY.size + INIT.size, 0, unique) + INIT.pack(7, 31, 0, 0, 0, 0, 4096, 0, 0, 0, 0))
    threading.Thread(target=take_requests).start()
print("ready", flush=True)
if "--roots" in options:
    home = os.open("/", os.O_RDONLY)
    for i, _ in enumerate(sys.stdin):
        os.fchdir(home)
        os.chroot(".")
        os.makedirs(f"{directory}.{i}/etc")
        mount(os.fsencode(directory), f"{directory}.{i}/etc", MS_BIND)
        os.chroot(f"{directory}.{i}")
threading.Event().wait()

#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""silent_fuse.py [--started [--roots] | --memory | --exec [--connect=SOCKET | --bus]] DIRECTORY: mount a FUSE there whose server never answers,
print "ready", and wait.

With --started, it answers the kernel's first request, FUSE_INIT of fuse(4) and linux/fuse.h, and takes all others
without an answer: what asks for a file then waits in another place of the kernel, and not even SIGKILL ends it.

With --roots, each line of standard input has this process go to another root directory, DIRECTORY.0, DIRECTORY.1
and so on, whose etc is that file system.

With --memory, it answers all but the requests to write, and prints "ready PID" of a child process that maps a file of
it, whose former bytes the kernel must write first. Until then nobody else can look at that process's memory, as
one does who reads its command line.

With --exec, the child process executes a program when it gets SIGUSR1, and with that closes a file there, which the
kernel tells the server of, and waits. Until then it lets all wait who look at what could be another program's: its
system call, its namespaces, and so on. "locked" is printed when that has begun. With --connect, it calls
io.systemd.Machine there before, and with --bus, org.freedesktop.machine1.
"""
import ctypes
import errno
import mmap
import os
import signal
import socket
import struct
import sys
import threading

# linux/fuse.h
FUSE_LOOKUP, FUSE_FORGET, FUSE_GETATTR, FUSE_OPEN, FUSE_READ, FUSE_WRITE, FUSE_INIT = 1, 2, 3, 14, 15, 16, 26
FUSE_FLUSH, FUSE_INTERRUPT = 25, 36
SILENT = (FUSE_FORGET, FUSE_WRITE, FUSE_FLUSH, FUSE_INTERRUPT)
FOPEN_DIRECT_IO, FOPEN_KEEP_CACHE = 1, 2
REQUEST = struct.Struct("=IIQQIIII")  # struct fuse_in_header
REPLY = struct.Struct("=IiQ")  # struct fuse_out_header
INIT = struct.Struct("=IIIIHHIIHHI28x")  # struct fuse_init_out
ENTRY = struct.Struct("=QQQQII")  # struct fuse_entry_out, before its attributes
VALIDITY = struct.Struct("=QII")  # struct fuse_attr_out, before them
ATTRIBUTES = struct.Struct("=6Q10I")  # struct fuse_attr
OPENED = struct.Struct("=QII")  # struct fuse_open_out
ROOT, FILE = 1, 2
is_locked = threading.Event()

*options, directory = sys.argv[1:]
has_file = "--memory" in options or "--exec" in options
is_started = has_file or "--started" in options
MS_BIND = 4096

libc = ctypes.CDLL(None, use_errno=True)
fd = os.open("/dev/fuse", os.O_RDWR)
data = f"fd={fd},rootmode=40000,user_id=0,group_id=0,allow_other".encode()


def mount(source, target, flags=0):
    if libc.mount(source, os.fsencode(target), b"fuse", flags, data):
        sys.exit(os.strerror(ctypes.get_errno()))


def attributes(node):
    mode = 0o40755 if node == ROOT else 0o100644
    return ATTRIBUTES.pack(node, mmap.PAGESIZE, 8, 0, 0, 0, 0, 0, 0, mode, 1, 0, 0, 0, mmap.PAGESIZE, 0)


def answer(unique, body=b"", error=0):
    os.write(fd, REPLY.pack(REPLY.size + len(body), -error, unique) + body)


def take_requests():
    n_opened = 0
    while request := os.read(fd, 1 << 17):
        _, operation, unique, node, *_ = REQUEST.unpack_from(request)
        if operation in (FUSE_WRITE, FUSE_FLUSH):
            is_locked.set()
        if not has_file or operation in SILENT:
            continue
        if operation == FUSE_LOOKUP:
            answer(unique, ENTRY.pack(FILE, 0, 60, 60, 0, 0) + attributes(FILE))
        elif operation == FUSE_GETATTR:
            answer(unique, VALIDITY.pack(60, 0, 0) + attributes(node))
        elif operation == FUSE_OPEN:
            answer(unique, OPENED.pack(0, FOPEN_DIRECT_IO if n_opened else FOPEN_KEEP_CACHE, 0))
            n_opened += 1
        elif operation == FUSE_READ:
            answer(unique, bytes(mmap.PAGESIZE))
        else:
            answer(unique, error=errno.ENOSYS)


def call():
    for option in options:
        if option.startswith("--connect="):
            caller = socket.socket(socket.AF_UNIX)
            caller.connect(option.partition("=")[2])
            caller.sendall(b'{"method": "io.systemd.Machine.List", "parameters": {"pid": {"pid": 0}}}\0')
            os.set_inheritable(caller.detach(), True)
    if "--bus" not in options:
        return
    systemd = ctypes.CDLL("libsystemd.so.0")
    bus = ctypes.c_void_p()
    if systemd.sd_bus_open_system(ctypes.byref(bus)) < 0:
        sys.exit("no bus")
    machine1 = b"org.freedesktop.machine1", b"/org/freedesktop/machine1", b"org.freedesktop.machine1.Manager"
    for method, *arguments in (
        (b"GetMachineByPID", b"u", 0),
        (b"RegisterMachine", b"sayssus", b"later", ctypes.c_size_t(0), b"", b"container", os.getppid(), b""),
    ):
        systemd.sd_bus_call_method_async(bus, None, *machine1, method, None, None, *arguments)
    systemd.sd_bus_flush(bus)
    os.set_inheritable(systemd.sd_bus_get_fd(bus), True)


def lock():
    """Never returns. A map of a file that is open for direct access gets what was written by way of the cache."""
    os.close(fd)
    if "--exec" in options:
        call()
        os.open(directory + "/file", os.O_RDWR)
        signal.sigwait({signal.SIGUSR1})
        os.execlp("sleep", "sleep", "1000")
    cached, direct = (os.open(directory + "/file", os.O_RDWR) for _ in range(2))
    memory = mmap.mmap(cached, mmap.PAGESIZE)
    memory[0] = 1
    mmap.mmap(direct, mmap.PAGESIZE, flags=mmap.MAP_PRIVATE)


mount(b"silent", directory)
if is_started:
    _, operation, unique, *_ = REQUEST.unpack_from(os.read(fd, 1 << 17))
    assert operation == FUSE_INIT
    answer(unique, INIT.pack(7, 31, 0, 0, 0, 0, 4096, 0, 0, 0, 0))
    threading.Thread(target=take_requests).start()
words = "ready"
if has_file:
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
    child = os.fork()
    if child == 0:
        lock()
    if "--memory" in options:
        is_locked.wait()
    words = f"ready {child}"
print(words, flush=True)
if "--exec" in options:
    is_locked.wait()
    print("locked", flush=True)
if "--roots" in options:
    home = os.open("/", os.O_RDONLY)
    for i, _ in enumerate(sys.stdin):
        os.fchdir(home)
        os.chroot(".")
        os.makedirs(f"{directory}.{i}/etc")
        mount(os.fsencode(directory), f"{directory}.{i}/etc", MS_BIND)
        os.chroot(f"{directory}.{i}")
threading.Event().wait()

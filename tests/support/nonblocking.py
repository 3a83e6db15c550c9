#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""nonblocking.py in FILE COMMAND...: the command reads the file from a pipe that doesn't block, and that is empty for a while.
nonblocking.py out FILE COMMAND...: it writes the file to a pipe that doesn't block, and that is full for a while."""
import array
import fcntl
import os
import shutil
import subprocess
import sys
import termios
import time


def wait_for_bytes(pipe, process, count):
    """Until the pipe holds so many, or the process has died."""
    held = array.array("i", [-1])
    while held[0] != count and process.poll() is None:
        time.sleep(0.01)
        fcntl.ioctl(pipe, termios.FIONREAD, held)


way, name, command = sys.argv[1], sys.argv[2], sys.argv[3:]
read_end, write_end = os.pipe()
os.set_blocking(read_end, False)
os.set_blocking(write_end, False)
if way == "in":
    process = subprocess.Popen(command, stdin=read_end)
    os.set_blocking(write_end, True)
    with open(name, "rb") as file, os.fdopen(write_end, "wb", 0) as pipe:
        pipe.write(file.read(8192))
        wait_for_bytes(read_end, process, 0)
        os.close(read_end)
        try:
            shutil.copyfileobj(file, pipe)
        except BrokenPipeError:
            pass
else:
    process = subprocess.Popen(command, stdout=write_end)
    os.close(write_end)
    wait_for_bytes(read_end, process, fcntl.fcntl(read_end, fcntl.F_GETPIPE_SZ))
    os.set_blocking(read_end, True)
    with open(name, "wb") as file, os.fdopen(read_end, "rb", 0) as pipe:
        shutil.copyfileobj(pipe, file)
sys.exit(process.wait())

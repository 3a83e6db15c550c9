#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""deep_cgroups.py make|remove DIRECTORY DEPTH [PID]: cgroups one in another, deeper than a path can be long.

With a pid, this process is put into the deepest.
"""
import os
import sys


def main():
    command, directory, depth = sys.argv[1], sys.argv[2], int(sys.argv[3])
    fd = os.open(directory, os.O_RDONLY)
    for _ in range(depth):
        if command == "make":
            os.mkdir("a", dir_fd=fd)
        below = os.open("a", os.O_RDONLY, dir_fd=fd)
        os.close(fd)
        fd = below
    if len(sys.argv) > 4:
        os.write(os.open("cgroup.procs", os.O_WRONLY, dir_fd=fd), sys.argv[4].encode())
    for _ in range(depth if command == "remove" else 0):
        above = os.open("..", os.O_RDONLY, dir_fd=fd)
        os.close(fd)
        os.rmdir("a", dir_fd=above)
        fd = above


main()

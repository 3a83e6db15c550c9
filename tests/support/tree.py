#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""tree.py DIRECTORY: all that belongs to the files of a tree, a line each, for comparing two trees.

What isn't told: the inode and device themselves, but which names are one inode.
"""
import hashlib
import os
import stat
import sys


def attributes(path):
    return sorted(
        (name, os.getxattr(path, name, follow_symlinks=False).hex())
        for name in os.listxattr(path, follow_symlinks=False)
    )


def contents(path, st):
    if stat.S_ISREG(st.st_mode):
        with open(path, "rb") as file:
            return hashlib.sha256(file.read()).hexdigest()[:16]
    if stat.S_ISLNK(st.st_mode):
        return os.readlink(path)
    return st.st_rdev


def main(top):
    inodes = {}
    paths = [top]
    for directory, folders, files in os.walk(top):
        paths += [os.path.join(directory, name) for name in folders + files]
    for path in sorted(paths, key=os.fsencode):
        st = os.lstat(path)
        is_folder = stat.S_ISDIR(st.st_mode)
        print(
            os.fsencode(os.path.relpath(path, top)),
            oct(st.st_mode),
            st.st_uid,
            st.st_gid,
            # A directory's size is the file system's affair.
            "-" if is_folder else st.st_size,
            "-" if is_folder else st.st_nlink,
            inodes.setdefault(st.st_ino, len(inodes)),
            st.st_mtime_ns,
            contents(path, st) if not is_folder else "",
            attributes(path),
        )


main(sys.argv[1])

#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""hostile_tar.py KIND: write a tar archive to standard output that no packer makes from a tree."""
import io
import sys
import tarfile


class Archive:
    def __init__(self, stream, mode="w|"):
        self.tar = tarfile.open(fileobj=stream, mode=mode, format=tarfile.PAX_FORMAT)

    def add(self, name, type=tarfile.REGTYPE, data=b"", link="", mode=0o644, pax=None, **more):
        info = tarfile.TarInfo(name)
        info.type, info.size, info.linkname, info.mode = type, len(data), link, mode
        info.pax_headers = pax or {}
        for key, value in more.items():
            setattr(info, key, value)
        self.tar.addfile(info, io.BytesIO(data))

    def directory(self, name, **more):
        self.add(name, tarfile.DIRTYPE, mode=0o755, **more)

    def symlink(self, name, link):
        self.add(name, tarfile.SYMTYPE, link=link)

    def hardlink(self, name, link):
        self.add(name, tarfile.LNKTYPE, link=link)


def dotdot(a):
    a.add("a/../../../escaped", data=b"out\n")


def dotdot_link_target(a):
    a.hardlink("x", "../../../etc/passwd")


def absolute(a):
    a.add("/escaped", data=b"in\n")


def link_out(a):
    """A directory that is a link to one outside, and a file below it."""
    a.symlink("out", sys.argv[2])
    a.add("out/escaped", data=b"out\n")


def link_up(a):
    a.symlink("up", "../../../../../../../../" + sys.argv[2].lstrip("/"))
    a.add("up/escaped", data=b"out\n")


def hard_link_out(a):
    a.hardlink("x", sys.argv[2])


def hard_link_by_link(a):
    """The first leads out of the image, were it not for the child's root."""
    a.symlink("out", sys.argv[2])
    a.hardlink("x", "out/victim")


def second_through_first(a):
    """Each kind of entry, where a link of the same name leads to a file that must stay."""
    a.add("victim", data=b"victim\n", mode=0o600)
    a.directory("victims")
    for name in ("file", "hard", "dir", "fifo", "link", "./dotted"):
        a.symlink(name, "victims" if name == "dir" else "victim")
    a.add("file", data=b"file\n")
    a.hardlink("hard", "file")
    a.directory("dir/")
    a.add("dir/below", data=b"below\n")
    a.add("fifo", tarfile.FIFOTYPE)
    a.symlink("link", "elsewhere")
    a.add("dotted", data=b"dotted\n")


def follow_inside(a):
    """As in a system with merged /usr: an entry below a link that leads to a directory of the image."""
    a.directory("usr")
    a.directory("usr/lib")
    a.symlink("lib", "/usr/lib")
    a.add("lib/x", data=b"x\n")


def directory_replaced(a):
    a.directory("d")
    a.directory("d/e")
    a.add("d/e/f", data=b"f\n")
    a.add("d", data=b"file\n")
    a.add("g/h", data=b"h\n")


def missing_target(a):
    a.hardlink("x", "nowhere")


def dangling(a):
    a.symlink("d", "nowhere")
    a.add("d/x", data=b"x\n")


def root_is_a_link(a):
    a.symlink(".", "/etc")


def bomb(a):
    for i in range(40):
        a.add(f"f{i}", data=bytes(1 << 20))


def many(a):
    for i in range(300):
        a.add(f"f{i}")


def directory_again(a):
    """Two directories with long paths, by turns: a few kilobytes when it is compressed."""
    long = "/".join(["d" * 200] * 18)
    for i in range(20000):
        a.directory(f"{long}/{i % 2}", mtime=i)


def capability(a):
    """Both spellings of an attribute: cap_net_raw+ep."""
    import base64

    value = bytes.fromhex("0100000200200000000000000000000000000000")
    text = value.decode("latin-1")
    a.add("schily", pax={"SCHILY.xattr.security.capability": text}, mode=0o755)
    a.add(
        "libarchive",
        pax={"LIBARCHIVE.xattr.security.capability": base64.b64encode(value).decode().rstrip("=")},
        mode=0o755,
    )


def selinux(a):
    for i in range(20):
        a.add(f"f{i}", pax={"SCHILY.xattr.security.selinux": "system_u:object_r:etc_t:s0"})


def lone(a):
    """All in one directory, which holds a file of its own name."""
    a.directory("root.x86_64", uid=7, mtime=1000000000)
    a.directory("root.x86_64/usr/lib")
    a.add("root.x86_64/usr/lib/os-release", data=b"ID=x\n")
    a.add("root.x86_64/root.x86_64", data=b"same\n")


def no_id(a):
    a.add("x", uid=2**40)


def long_name(a):
    a.add("d/" * 2500 + "x")


def control_bytes(a):
    a.add("a\x1b]0;title\x07/../x")


def sparse_blocks(a):
    """A file with holes, which has one byte in each of its blocks: a few kilobytes for ten megabytes."""
    pieces = 2560
    sparse_map = b"%d\n" % pieces + b"".join(b"%d\n1\n" % (i * 4096) for i in range(pieces))
    sparse_map += bytes(-len(sparse_map) % 512)
    pax = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.name": "x", "GNU.sparse.realsize": str(pieces * 4096)}
    a.add("x", data=sparse_map + b"x" * pieces, pax=pax)


def header_huge(a):
    a.add("x", pax={"comment": "x" * (8 << 20)})


def lost_attributes(a):
    for i in range(2):
        a.add(f"x{i}", pax={"SCHILY.xattr.trusted.overlay.opaque": "y"})


if __name__ == "__main__":
    archive = Archive(sys.stdout.buffer)
    globals()[sys.argv[1].replace("-", "_")](archive)
    archive.tar.close()

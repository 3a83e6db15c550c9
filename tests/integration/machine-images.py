# SPDX-License-Identifier: LGPL-2.1-or-later
"""machine-images.py SOCKET: what io.systemd.MachineImage answers. The pool has the directory web1, the disk
disk and the hidden directory .hidden."""
import fcntl
import os
import struct
import sys

sys.path.insert(0, os.environ["SRCDIR"] + "/tests/support")
from varlink import Client, check_description, check_texts, done, equal, ok

path = sys.argv[1]
POOL = "/var/lib/machines"
I = "io.systemd.MachineImage."


def call(method, **parameters):
    with Client(path) as client:
        reply = client.call(I + method, parameters)
    error = reply.get("error")
    if error == "io.systemd.System":
        return "errno " + reply["parameters"]["errnoName"]
    return error.removeprefix(I).removeprefix("org.varlink.service.") if error else reply["parameters"]


def names():
    return sorted(n for n in os.listdir(POOL) if not n.startswith(".#"))


def all_images(**parameters):
    with Client(path) as client:
        return client.call_all(I + "List", parameters)


with Client(path) as client:
    info = client.call("org.varlink.service.GetInfo")["parameters"]["interfaces"]
equal(info, ["io.systemd.Machine", "io.systemd.MachineImage", "io.systemd.service", "org.varlink.service"], "GetInfo lists both interfaces")

images, error = all_images()
equal(([i["name"] for i in images], error), ([".disk2", ".hidden", ".host", "disk", "web1"], None), "List tells all images")
equal(call("List"), "ExpectedMore", "which needs more replies than one")
web1 = call("List", name="web1")
equal({k: web1[k] for k in ("name", "path", "type", "class", "readOnly")},
      {"name": "web1", "path": POOL + "/web1", "type": "directory", "class": "machine", "readOnly": False}, "List tells one image")
equal([k for k in ("hostname", "machineId", "OSRelease") if k in web1], [], "without what is in it")
web1 = call("List", name="web1", acquireMetadata="yes")
equal((web1["hostname"], web1["machineId"], web1["machineInfo"], web1["OSRelease"]),
      ("web1.example.org", "0102030405060708090a0b0c0d0e0f10", ["PRETTY_HOSTNAME=Web one"], ["NAME=Test OS", "ID=testos"]),
      "with acquireMetadata, it does; what a terminal wouldn't survive is left out")
machine_info, os_release = POOL + "/web1/etc/machine-info", POOL + "/web1/etc/os-release"
os.rename(machine_info, machine_info + "~")
os.mkfifo(machine_info)
os.rename(os_release, os_release + "~")
os.mkdir(os_release)
for how in ("yes", "graceful"):
    web1 = call("List", name="web1", acquireMetadata=how)
    equal((web1.get("hostname"), web1.get("machineId"), web1.get("machineInfo"), web1.get("OSRelease")),
          ("web1.example.org", "0102030405060708090a0b0c0d0e0f10", None, None),
          "with acquireMetadata=" + how + ", a file that can't be read is left out, and the others aren't")
os.unlink(machine_info)
os.rename(machine_info + "~", machine_info)
os.rmdir(os_release)
os.rename(os_release + "~", os_release)
equal(call("List", name="disk", acquireMetadata="yes"), "NotSupported", "a disk isn't looked into")
equal(call("List", name="disk", acquireMetadata="graceful").get("type"), "raw", "gracefully, it is told without that")
equal(all_images(acquireMetadata="yes"), ([], I + "NotSupported"), "one that can't be looked into ends all")
equal(len(all_images(acquireMetadata="graceful")[0]), 5, "but not gracefully")

# What is sent to a client that reads no more is an error, when only some of the images are sent.
with Client(path) as other, Client(path) as deaf:
    deaf.read_no_more()
    deaf.send(I + "List", more=True)
    equal((deaf.is_left(), bool(other.call(I + "List", {"name": "web1"}))), (True, True),
          "a client that reads no more is left, and others are served")

equal((call("Clone", name="web1", newName="web2"), names()), ({}, [".disk2.raw", ".hidden", "disk.raw", "web1", "web2"]), "Clone")
equal((call("Update", name="web2", newName="web3", readOnly=True), call("List", name="web3")["readOnly"]), ({}, True),
      "Update renames and marks at once")
equal((call("Update", name="web3", readOnly=False), call("List", name="web3")["readOnly"]), ({}, False), "and takes the mark back")
equal((call("Update", name="web3"), names()[-1]), ({}, "web3"), "Update of nothing changes nothing")
equal(call("Clone", name="disk", newName="copy", readOnly=True), {}, "Clone of a disk")
equal(call("List", name="copy")["readOnly"], True, "read-only")
equal((call("Remove", name="copy"), call("Remove", name="web3"), names()), ({}, {}, [".disk2.raw", ".hidden", "disk.raw", "web1"]), "Remove")

lock = open(POOL + "/.#web1.lck", "w")
fcntl.fcntl(lock, 37, struct.pack("hhqqi4x", fcntl.F_WRLCK, 0, 0, 0, 0))  # F_OFD_SETLK
for expected, name, method, parameters in (
        ("NoSuchImage", "no such image", "List", {"name": "nosuch"}),
        ("NoSuchImage", "no such image", "Remove", {"name": "nosuch"}),
        ("NoSuchImage", "no such image", "Clone", {"name": "nosuch", "newName": "x"}),
        ("NoSuchImage", "no such image", "Update", {"name": "nosuch", "readOnly": True}),
        ("InvalidParameter", "a name with a slash", "List", {"name": "a/b"}),
        ("InvalidParameter", "a name with a slash", "Remove", {"name": "a/b"}),
        ("InvalidParameter", "a new name with a slash", "Clone", {"name": "web1", "newName": "a/b"}),
        ("InvalidParameter", "a new name with a slash", "Update", {"name": "web1", "newName": "a/b"}),
        ("InvalidParameter", "another word", "List", {"name": "web1", "acquireMetadata": "perhaps"}),
        ("InvalidParameter", "a negative limit", "Update", {"name": "web1", "limit": -1}),
        ("errno EEXIST", "a name that is taken", "Clone", {"name": "disk", "newName": "web1"}),
        ("errno EEXIST", "a name that is taken", "Update", {"name": "disk", "newName": "web1"}),
        ("errno EROFS", "the host", "Remove", {"name": ".host"}),
        ("errno EROFS", "the host", "Update", {"name": ".host", "readOnly": True}),
        ("errno EBUSY", "an image in use", "Remove", {"name": "web1"}),
        ("NotSupported", "a file system without limits", "Update", {"name": "disk", "limit": 2**64 - 1}),
        ("NotSupported", "a file system without limits", "SetPoolLimit", {"limit": 1000000})):
    equal(call(method, **parameters), expected, f"{method}: {name}")
lock.close()
equal(call("CleanPool", mode="hidden"), "ExpectedMore", "CleanPool needs more replies than one")

# The interface is what its description says. CleanPool comes last.
with Client(path) as client:
    check_description(client, "io.systemd.MachineImage",
                      {"List": {"name": "web1", "acquireMetadata": "graceful"}, "Update": {"name": "web1"},
                       "Clone": {"name": "nosuch", "newName": "x"}, "Remove": {"name": "nosuch"}, "SetPoolLimit": {"limit": 1},
                       "CleanPool": {"mode": "hidden"}})
    check_texts(client, "io.systemd.MachineImage",
                {"List": {"name": "web1"}, "Update": {"name": "web1"}, "Clone": {"name": "nosuch", "newName": "x"},
                 "Remove": {"name": "nosuch"}, "SetPoolLimit": {"limit": 1}, "CleanPool": {"mode": "hidden"}})

# Others than root, where no polkit runs: they may look.
pid = os.fork()
if pid == 0:
    os.setgroups([])
    os.setgid(1)
    os.setuid(1)
    results = [call("List", name="web1").get("name")] + [
        call(m, **p) for m, p in (("Remove", {"name": "disk"}), ("Clone", {"name": "disk", "newName": "x"}),
                                  ("Update", {"name": "disk", "newName": "x"}), ("SetPoolLimit", {"limit": 1}))]
    with Client(path) as client:
        results.append(client.call_all(I + "CleanPool", {"mode": "all"})[1].rpartition(".")[2])
    os._exit(0 if results == ["web1"] + ["PermissionDenied"] * 5 else (print("#", results, flush=True), 1)[1])
equal(os.waitpid(pid, 0)[1], 0, "an ordinary user may look, and nothing else")
equal(names(), [".disk2.raw", ".hidden", "disk.raw", "web1"], "all images are there still")

with Client(path) as client:
    removed, error = client.call_all(I + "CleanPool", {"mode": "hidden"})
    equal((sorted(r["name"] for r in removed), error, names()), ([".disk2", ".hidden"], None, ["disk.raw", "web1"]),
          "CleanPool removes what is hidden, and tells each")
    equal(client.call_all(I + "CleanPool", {"mode": "hidden"}), ([{}], None), "and if there is none, that")
done()

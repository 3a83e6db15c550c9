#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""oci_images.py DIRECTORY: images of a registry, good and bad, in DIRECTORY.

Blobs are DIRECTORY/blobs/DIGEST, and DIRECTORY/types/DIGEST has the media type of a document. A tag is
DIRECTORY/repositories/NAME/TAG with a digest in it. The same images as layouts are in DIRECTORY/layouts.
"""
import bz2
import gzip
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile

ROOT = sys.argv[1]
OCI = "application/vnd.oci.image."
DOCKER = "application/vnd.docker."
MACHINE = {"x86_64": "amd64", "aarch64": "arm64", "i686": "386"}.get(os.uname().machine, os.uname().machine)


def path(*parts):
    name = os.path.join(ROOT, *parts)
    os.makedirs(os.path.dirname(name), exist_ok=True)
    return name


def blob(data):
    digest = "sha256:" + hashlib.sha256(data).hexdigest()
    with open(path("blobs", digest), "wb") as file:
        file.write(data)
    return digest


def descriptor(data, kind, **more):
    return {"mediaType": kind, "digest": blob(data), "size": len(data), **more}


def document(data, kind):
    text = json.dumps(data).encode()
    digest = blob(text)
    with open(path("types", digest), "w") as file:
        file.write(kind)
    return {"mediaType": kind, "digest": digest, "size": len(text)}


# entry: (NAME, CONTENTS) is a file; NAME/ a directory; (NAME, "->", TARGET) a link, "=>" a hard one.
def archive(entries):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for entry in entries:
            info = tarfile.TarInfo(entry[0].rstrip("/") if entry[0].strip("/") else entry[0])
            info.mtime = 1000000000
            info.mode = 0o644
            data = b""
            if len(entry) == 3:
                info.type = tarfile.SYMTYPE if entry[1] == "->" else tarfile.LNKTYPE
                info.linkname = entry[2]
            elif entry[0].endswith("/"):
                info.type, info.mode = tarfile.DIRTYPE, 0o755
            else:
                data = entry[1].encode() if isinstance(entry[1], str) else entry[1]
                info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return out.getvalue()


def zstd(data):
    return subprocess.run(["zstd", "-qc"], input=data, stdout=subprocess.PIPE, check=True).stdout


PACK = {"": lambda d: d, "gzip": lambda d: gzip.compress(d, mtime=0), "bzip2": bz2.compress, "zstd": zstd}


def configuration(tars, config, architecture=MACHINE, **more):
    return json.dumps(
        {
            "os": "linux",
            "architecture": architecture,
            "config": config,
            "rootfs": {
                "type": "layers",
                "diff_ids": ["sha256:" + hashlib.sha256(tar).hexdigest() for tar in tars],
            },
            **more,
        }
    ).encode()


def image(stack, settings=None, docker=False, pack="gzip", kind=None, architecture=MACHINE, **changes):
    """The descriptor of an image's manifest."""
    tars = [archive(entries) for entries in stack]
    packed = [PACK[pack](tar) for tar in tars]
    if kind is None:
        kind = DOCKER + "image.rootfs.diff.tar.gzip" if docker else OCI + "layer.v1.tar+gzip"
    manifest = {
        "schemaVersion": 2,
        "mediaType": (DOCKER + "distribution.manifest.v2+json") if docker else OCI + "manifest.v1+json",
        "config": descriptor(
            configuration(changes.pop("diff_ids", tars), settings or {}, architecture),
            (DOCKER + "container.image.v1+json") if docker else OCI + "config.v1+json",
        ),
        "layers": [descriptor(data, kind) for data in packed],
    }
    manifest.update(changes)
    return document(manifest, manifest["mediaType"])


def index(items, docker=False, **changes):
    kind = (DOCKER + "distribution.manifest.list.v2+json") if docker else OCI + "index.v1+json"
    manifests = []
    for item, platform in items:
        words = (platform or "").split("/")
        item = dict(item)
        if platform:
            item["platform"] = dict(zip(("os", "architecture", "variant"), words))
        manifests.append(item)
    return document({"schemaVersion": 2, "mediaType": kind, "manifests": manifests, **changes}, kind)


def tag(name, what, tag_name="latest"):
    with open(path("repositories", name, tag_name), "w") as file:
        file.write(what["digest"])
    return what


def read(digest):
    with open(path("blobs", digest), "rb") as file:
        return file.read()


def layout(name, *images):
    """A directory in OCI's layout. `images`: (descriptor, tag)."""
    to = path("layouts", name)
    os.makedirs(to + "/blobs/sha256")
    with open(to + "/oci-layout", "w") as file:
        file.write('{"imageLayoutVersion": "1.0.0"}')
    items = []
    for item, name_of in images:
        wanted = [item["digest"]]
        while wanted:
            digest = wanted.pop()
            data = read(digest)
            with open(f"{to}/blobs/{digest.replace(':', '/')}", "wb") as file:
                file.write(data)
            if os.path.exists(path("types", digest)):
                text = json.loads(data)
                parts = text.get("layers", []) + text.get("manifests", []) + [text.get("config")]
                wanted += [part["digest"] for part in parts if part]
        items.append({**item, "annotations": {"org.opencontainers.image.ref.name": name_of}} if name_of else item)
    with open(to + "/index.json", "w") as file:
        json.dump({"schemaVersion": 2, "manifests": items}, file)


def docker_archive(name, layers, tags, config=None, wrong=False):
    """What docker(1) saved for years: directories of layers, one of them a link to another."""
    to = path("layouts", name)
    os.makedirs(to)
    tars = [archive(entries) for entries in layers]
    text = configuration(tars[::-1] if wrong else tars, config or {})
    name_of = hashlib.sha256(text).hexdigest() + ".json"
    with open(f"{to}/{name_of}", "wb") as file:
        file.write(text)
    names = []
    for number, tar in enumerate(tars):
        os.makedirs(f"{to}/{number}")
        with open(f"{to}/{number}/real.tar", "wb") as file:
            file.write(tar)
        os.symlink(f"../{number}/real.tar", f"{to}/{number}/layer.tar")
        names.append(f"{number}/layer.tar")
    with open(to + "/manifest.json", "w") as file:
        json.dump([{"Config": name_of, "RepoTags": tags, "Layers": names}], file)


def main():
    base = [
        ("etc/",),
        ("etc/os-release", "ID=test\n"),
        ("etc/gone", "x"),
        ("usr/",),
        ("usr/lib/",),
        ("usr/lib/libc", "libc"),
        ("lib", "->", "usr/lib"),
        ("data/",),
        ("data/old", "old"),
        ("data/sub/",),
        ("data/sub/old", "old"),
        ("keep/",),
        ("keep/below", "below"),
        ("up", "->", "/../../.."),
    ]
    # Whiteouts stand behind what the same layer adds, and concern only what is below.
    upper = [
        ("etc/",),
        ("etc/new", "new"),
        ("etc/.wh.gone", ""),
        ("data/",),
        ("data/new", "new"),
        ("data/sub/",),
        ("data/sub/new", "new"),
        ("data/.wh..wh..opq", ""),
        ("keep/added", "added"),
        ("keep/.wh.added", ""),
        ("keep/.wh.nothing", ""),
        ("lib/added", "added"),
        ("lib/.wh.libc", ""),
        ("etc/hard", "=>", "etc/os-release"),
        ("keep/below2", "=>", "keep/below"),
        ("up/tmp-of-the-host", "inside"),
        ("up/.wh.etc-of-the-host", ""),
    ]
    config = {
        "Entrypoint": ["/bin/program", "two words"],
        "Cmd": ['quo"te', "back\\slash\\", "$x %i"],
        "Env": ["PATH=/bin:/usr/bin", "GREETING=hello world", "BAD=a\nBind=/", "1X=y", "no-equals"],
        "User": "1000:100",
        "WorkingDir": "/srv/my data",
        "StopSignal": "SIGINT",
        "Volumes": {"/var/lib/x": {}},
        "ExposedPorts": {"80/tcp": {}},
    }
    good = image([base, upper], config)
    for name in ("open", "token", "access", "neither", "control", "placeholder", "no-scope", "two-scopes", "quoted",
                 "schemes", "basic", "elsewhere", "plain-realm", "once", "altered", "other-digest", "to-plain",
                 "other-realm", "cut"):
        tag(name + "/app", good)
    tag("open/app", good, "1.0")
    tag("open/docker", image([base, upper], config, docker=True))
    for pack in PACK:
        if not pack == "zstd" or shutil.which("zstd"):
            # The type says gzip, whatever it is.
            tag("open/packed-" + (pack or "none"), image([base, upper], config, pack=pack))
    tag("open/docker-zstd", image([base, upper], config, docker=True, pack="gzip",
                                  kind=DOCKER + "image.rootfs.diff.tar.zstd"))
    arm = image([[("arm", "arm")]], architecture="arm64")
    both = [(image([[("windows", "")]], architecture="amd64"), "windows/amd64"), (arm, "unknown/unknown"),
            (good, "linux/" + MACHINE), (arm, "linux/mips64le")]
    tag("open/index", index(both))
    tag("open/list", index(both, docker=True))
    tag("open/nested", index([(index(both), None)]))
    tag("open/foreign-platform", index([(arm, "linux/s390x"), (arm, "linux/arm/v5")]))
    tag("open/arms", index([(image([[(v, v)]], architecture="arm"), "linux/arm/" + v) for v in ("v5", "v6", "v7", "v8")]))
    tag("open/arm64", arm)
    # What is wrong in a document.
    tag("open/both-kinds", image([base], manifests=[]))
    tag("open/wrong-type", image([base], mediaType=OCI + "index.v1+json"))
    tag("open/version-1", image([base], schemaVersion=1))
    tag("open/helm", image([base], config=descriptor(b"{}", "application/vnd.cncf.helm.config.v1+json")))
    tag("open/encrypted", image([base], kind=OCI + "layer.v1.tar+gzip+encrypted"))
    tag("open/no-layers", image([]))
    tag("open/other-diff-id", image([base, upper], diff_ids=[archive(base), archive(base)]))
    tag("open/one-diff-id", image([base, upper], diff_ids=[archive(base)]))
    huge = descriptor(b"x", OCI + "layer.v1.tar+gzip")
    huge["size"] = 1 << 50
    tag("open/huge", image([base], layers=[huge]))
    short = descriptor(gzip.compress(archive(base), mtime=0), OCI + "layer.v1.tar+gzip")
    short["size"] -= 1
    tag("open/longer", image([base], layers=[short]))
    missing = {"mediaType": OCI + "layer.nondistributable.v1.tar+gzip", "digest": "sha256:" + "0" * 64, "size": 100,
               "urls": [sys.argv[2] + "/outside"]}
    tag("open/urls", image([base], layers=[missing]))
    # What is wrong in a layer.
    for name, entries in {
        "wh-none": [("etc/.wh.", "")],
        "wh-dot": [("etc/.wh..", "")],
        "wh-wh": [("etc/.wh..wh.x", "")],
        "wh-way": [(".wh.x/y", "")],
        "wh-out": [("../.wh.x", "")],
        "no-target": [("etc/hard", "=>", "etc/nothing")],
        "link-out": [("out", "->", "/../../../../nowhere"), ("out/x", "")],
    }.items():
        tag("open/" + name, image([base, entries]))
    tag("open/bomb", image([base, [("zeros", b"\0" * (20 << 20))]]))
    # A directory takes the place of a link; what the link leads to isn't hidden.
    tag("open/link-replaced", image([base, [("lib/",), ("lib/.wh..wh..opq", ""), ("lib/own", "own")]]))
    # The same layer twice, one of nothing, and the same inode under another name replaced.
    tag("open/twice", image([base, [("keep/below2", "=>", "keep/below")], [("keep/below", "new")], [], []]))
    tag("open/init", image([base], {"Cmd": ["/sbin/init", "x"]}))
    tag("open/control", image([base], {"Cmd": ["/bin/sh", "-c", "a\nb"], "User": "a\nb", "WorkingDir": "/a\nBind=/",
                                       "StopSignal": "9\n"}))
    # Control characters of more than one byte, which a terminal takes for the beginning of a command.
    tag("open/control-utf8", image([base], {"Cmd": ["/bin/sh", "\u009b31m"], "Env": ["A=\u0085x", "B=h\u00e9"],
                                            "WorkingDir": "/\u009b31m"}))
    tag("open/variables", image([base], {"Env": [f"A{i}=x" for i in range(5000)], "User": "5"}))
    layout("app", (good, "1.0"))
    layout("two", (good, "example.org/app:1.0"), (arm, "arm"))
    layout("nested", (index(both), ""))
    docker_archive("saved", [base, upper], ["example.org/app:1.0"], config)
    docker_archive("saved-wrong", [base, upper], [], config, wrong=True)
    layout("damaged", (good, ""))
    layers = json.loads(read(good["digest"]))["layers"]
    with open(path("layouts", "damaged", "blobs", layers[0]["digest"].replace(":", "/")), "ab") as file:
        file.write(b"x")
    layout("escaping", (good, ""))
    name = path("layouts", "escaping", "blobs", layers[0]["digest"].replace(":", "/"))
    os.rename(name, os.path.join(ROOT, "escaped"))
    os.symlink(os.path.abspath(os.path.join(ROOT, "escaped")), name)
    print(good["digest"])


main()

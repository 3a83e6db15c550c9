#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""examples.py PAGE: the examples of a manual, a JSON object a line.

An example is what stands between .EX and .EE: a prompt, "$ " or "# ", a command in bold, which may have several
lines, and the output, if it is shown. Blocks without a prompt are text, with a null command."""
import json
import re
import sys

ESCAPES = {"-": "-", "e": "\\", "(aq": "'", "(dq": '"', "~": " ", "&": ""}


def plain(text):
    text = re.sub(r"\\f.", "", text)
    return re.sub(r"\\(\(..|.)", lambda match: ESCAPES[match[1]], text)


def main(path):
    with open(path, encoding="utf-8") as file:
        page = file.read()
    section = page[page.index(".SH EXAMPLES"):]
    section = section[:section.index('.SH "SEE ALSO"')] if '.SH "SEE ALSO"' in section else section
    for block in re.findall(r"^\.EX\n(.*?)^\.EE", section, re.M | re.S):
        parts = re.split(r"^([$#]) \\fB(.*?)\\fR\n", block, flags=re.M | re.S)
        if len(parts) == 1:
            print(json.dumps({"command": None, "output": plain(block)}))
            continue
        assert not parts[0], f"{path}: output in front of the first command: {parts[0]}"
        for prompt, command, output in zip(parts[1::3], parts[2::3], parts[3::3]):
            print(json.dumps({"prompt": prompt, "command": plain(command), "output": plain(output)}))


main(sys.argv[1])

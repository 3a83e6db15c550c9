# SPDX-License-Identifier: LGPL-2.1-or-later
"""bus_error.py METHOD SIGNATURE ARGUMENT...: call the Manager as busctl does, and print the
name of the error, or "success". busctl itself shows only the error's text."""
import re
import subprocess
import sys

busctl = subprocess.run(
    ["busctl", "--timeout=30", "call", "org.freedesktop.machine1", "/org/freedesktop/machine1",
     "org.freedesktop.machine1.Manager", *sys.argv[1:]],
    env={"PATH": "/usr/bin:/bin", "SYSTEMD_LOG_LEVEL": "debug"}, capture_output=True, text=True)
found = re.findall(r"error-name=(\S+)", busctl.stderr)
print("success" if busctl.returncode == 0 else found[-1] if found and found[-1] != "n/a" else busctl.stderr)

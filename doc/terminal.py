# SPDX-License-Identifier: LGPL-2.1-or-later
"""Make a picture of a terminal: text on standard input, SVG on standard output. Lines that begin
with "# " are commands."""
import html
import sys

WIDTH, LINE, LEFT, TOP = 8.4, 20, 16, 48
lines = sys.stdin.read().rstrip("\n").expandtabs().split("\n")
width = LEFT * 2 + WIDTH * max(72, max(map(len, lines)))
height = TOP + LINE * len(lines) + 8
print(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height}" '
      f'width="{width:.0f}" height="{height}" role="img">')
print("<title>A container is registered, resolves, has users with names, and dies</title>")
print('<rect width="100%" height="100%" rx="8" fill="#1b1f24"/>')
for x, colour in ((20, "#ff5f56"), (40, "#ffbd2e"), (60, "#27c93f")):
    print(f'<circle cx="{x}" cy="20" r="6" fill="{colour}"/>')
print('<g font-family="ui-monospace, DejaVu Sans Mono, monospace" font-size="14" fill="#d0d7de">')
for number, line in enumerate(lines):
    y = TOP + LINE * number + 4
    if line.startswith("# "):
        text = (f'<tspan fill="#7ee787">#</tspan> <tspan fill="#ffffff" font-weight="bold">'
                f"{html.escape(line[2:])}</tspan>")
    else:
        text = html.escape(line)
    print(f'<text x="{LEFT}" y="{y}" xml:space="preserve">{text}</text>')
print("</g></svg>")

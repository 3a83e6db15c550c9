#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""plot.py FIGURES PICTURE: draw latency against the number of machines, by gnuplot, as SVG.

FIGURES is the medians.tsv of scripts/bench, or a text with its table, such as
tests/bench/README.md, of which doc/latency.svg is drawn."""
import re
import subprocess
import sys

WAYS = {
    "host": "host by name, any family, any of them",
    "same-host": "host by name, the same again",
    "no-host": "host by name, miss",
    "user": "user by name",
    "uid": "user by id, any of them",
    "gid": "group by id",
}
COLUMNS = ["mymachines", "machined", "files", "extrausers", "db", "dnsmasq", "libvirt"]
TITLE_WIDTH, CELL_WIDTH = 44, 12


def read_table(text):
    """The blocks "N machines or entries (\N{MICRO SIGN}s)", one line a way, in columns of fixed width."""
    medians, count = {}, None
    ways = {title: way for way, title in WAYS.items()}
    for line in text.splitlines():
        head = re.match(r"(\d+) machines or entries \(", line)
        if head:
            count = int(head[1])
            assert line[TITLE_WIDTH:].split() == COLUMNS, line
        elif not line.strip():
            count = None
        elif count and line[:TITLE_WIDTH].strip() in ways:
            for i, service in enumerate(COLUMNS):
                cell = line[TITLE_WIDTH + i * CELL_WIDTH:][:CELL_WIDTH].strip()
                if cell:
                    medians[(ways[line[:TITLE_WIDTH].strip()], service, count)] = float(cell)
    return medians


def read_medians(text):
    rows = [line.split("\t") for line in text.splitlines()[1:]]
    return {(way, service, int(count)): float(value) for way, service, count, value in rows}


def commands(medians, picture):
    yield "set terminal svg size 1200,760 background 'white' font 'sans-serif,14'"
    yield "set output '%s'" % picture
    yield "set logscale xy\nset xlabel 'machines or entries'\nset ylabel 'microseconds'\nset grid"
    yield "set multiplot layout 2,3 title 'One look-up through libc: median'\nset key left top horizontal maxcols 2 samplen 1 font ',11'"
    # Room for the key above the lines.
    yield "set yrange [0.8:20000000]\nset ytics ('1' 1, '10' 10, '100' 100, '1,000' 1000, '10,000' 10000, '100,000' 100000)"
    yield "set xrange [9:11000]\nset xtics ('10' 10, '100' 100, '1,000' 1000, '10,000' 10000)"
    for way, title in WAYS.items():
        lines = []
        for i, service in enumerate(COLUMNS):
            points = sorted((n, value) for (w, s, n), value in medians.items() if (w, s) == (way, service))
            if points:
                name = "$%s_%s" % (way.replace("-", "_"), service)
                yield "%s << E\n%s\nE" % (name, "\n".join("%d %f" % point for point in points))
                lines.append("%s with linespoints linewidth %d linetype %d title '%s'" % (
                    name, 4 if service == "mymachines" else 2, i + 1, service))
        yield "set title '%s'\nplot %s" % (title, ", ".join(lines))


def main(figures, picture):
    with open(figures, encoding="utf-8") as file:
        text = file.read()
    medians = read_medians(text) if text.startswith("way\t") else read_table(text)
    assert medians, figures + " has no figures"
    subprocess.run(["gnuplot"], input="\n".join(commands(medians, picture)), text=True, check=True)


main(*sys.argv[1:])

#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""schema.py SCHEMA NAME: hold JSON on standard input to the schema's definition of that name.

The input is one value or, with --each, one value after the other. Prints what doesn't fit, and fails.
With --seen FILE, the names of the properties that were met are added to that file.
Knows the part of JSON Schema 2020-12 that ours uses, and refuses a schema that uses more, so that nothing
passes because it wasn't looked at."""
import json
import re
import sys

TYPES = {"object": dict, "array": list, "string": str, "null": type(None), "boolean": bool,
         "number": (int, float)}
WORDS = {"title", "description", "$schema", "$defs"}


class Schema:
    def __init__(self, document):
        self.document = document
        self.seen = set()

    def find(self, reference):
        assert reference.startswith("#/$defs/"), f"no reference of ours: {reference}"
        return self.document["$defs"][reference.removeprefix("#/$defs/")]

    def properties(self, rule):
        """The properties that this rule has, or the one that it refers to."""
        there = self.properties(self.find(rule["$ref"])) if "$ref" in rule else {}
        return {**there, **rule.get("properties", {})}

    def faults(self, rule, value, at="$"):
        for word, operand in rule.items():
            if word not in WORDS:
                check = getattr(self, "check_" + word.lstrip("$"), None)
                assert check, f"the schema has a word that isn't known: {word}"
                yield from check(rule, operand, value, at)

    def check_ref(self, _, operand, value, at):
        yield from self.faults(self.find(operand), value, at)

    def check_type(self, _, operand, value, at):
        def fits(name):
            if name == "integer":
                return isinstance(value, int) and not isinstance(value, bool)
            return isinstance(value, TYPES[name])
        names = operand if isinstance(operand, list) else [operand]
        if not any(fits(name) for name in names):
            yield f"{at}: {json.dumps(value)} is not of the type {' or '.join(names)}"

    def check_enum(self, _, operand, value, at):
        if value not in operand:
            yield f"{at}: {json.dumps(value)} is none of {operand}"

    def check_const(self, _, operand, value, at):
        if value is not operand:
            yield f"{at}: {json.dumps(value)} isn't {json.dumps(operand)}"

    def check_anyOf(self, _, operand, value, at):
        if all(any(self.faults(rule, value, at)) for rule in operand):
            yield f"{at}: {json.dumps(value)} fits none of anyOf"

    def check_pattern(self, _, operand, value, at):
        if isinstance(value, str) and not re.search(operand, value):
            yield f"{at}: {json.dumps(value)} doesn't match {operand}"

    def check_minLength(self, _, operand, value, at):
        if isinstance(value, str) and len(value) < operand:
            yield f"{at}: {json.dumps(value)} is too short"

    def check_maxLength(self, _, operand, value, at):
        if isinstance(value, str) and len(value) > operand:
            yield f"{at}: {json.dumps(value)} is too long"

    def check_minimum(self, _, operand, value, at):
        if isinstance(value, int) and value < operand:
            yield f"{at}: {value} is less than {operand}"

    def check_maximum(self, _, operand, value, at):
        if isinstance(value, int) and value > operand:
            yield f"{at}: {value} is more than {operand}"

    def check_items(self, _, operand, value, at):
        if isinstance(value, list):
            for i, item in enumerate(value):
                yield from self.faults(operand, item, f"{at}[{i}]")

    def check_minItems(self, _, operand, value, at):
        if isinstance(value, list) and len(value) < operand:
            yield f"{at}: has fewer than {operand} items"

    def check_maxItems(self, _, operand, value, at):
        if isinstance(value, list) and len(value) > operand:
            yield f"{at}: has more than {operand} items"

    def check_uniqueItems(self, _, operand, value, at):
        if operand and isinstance(value, list) and len({json.dumps(i) for i in value}) < len(value):
            yield f"{at}: has an item twice"

    def check_required(self, _, operand, value, at):
        if isinstance(value, dict):
            for name in operand:
                if name not in value:
                    yield f"{at}: has no {name}"

    def check_properties(self, _, operand, value, at):
        if isinstance(value, dict):
            for name, rule in operand.items():
                if name in value:
                    self.seen.add(name)
                    yield from self.faults(rule, value[name], f"{at}.{name}")

    def check_additionalProperties(self, rule, operand, value, at):
        assert operand is False
        if isinstance(value, dict):
            for name in value.keys() - rule.get("properties", {}).keys():
                yield f"{at}: has {name}, which the schema doesn't know"

    def check_unevaluatedProperties(self, rule, operand, value, at):
        assert operand is False
        if isinstance(value, dict):
            for name in value.keys() - self.properties(rule).keys():
                yield f"{at}: has {name}, which the schema doesn't know"


def values(text):
    decoder = json.JSONDecoder()
    while text := text.lstrip():
        value, end = decoder.raw_decode(text)
        yield value
        text = text[end:]


def main(path, name, *options):
    with open(path, encoding="utf-8") as file:
        schema = Schema(json.load(file))
    text = sys.stdin.read()
    found = list(values(text)) if "--each" in options else [json.loads(text)]
    faults = [fault for value in found for fault in schema.faults({"$ref": "#/$defs/" + name}, value)]
    if "--seen" in options:
        with open(options[options.index("--seen") + 1], "a", encoding="utf-8") as file:
            file.writelines(word + "\n" for word in sorted(schema.seen))
    print(*faults, sep="\n", end="\n" if faults else "")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

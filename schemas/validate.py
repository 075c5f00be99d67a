#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""validate.py SOURCE: the schemas, by a validator that is not ours.

The schemas are schemas; every example is accepted; every document that is bad by its form is refused,
by the schema or by Python's JSON reader made as strict as ours; what is bad only by its meaning has
a good form.
"""
import json
import pathlib
import sys

try:
    from jsonschema import Draft202012Validator
except ImportError:
    print("skipped: python3-jsonschema is not there (apt-get install python3-jsonschema)")
    sys.exit(77)


def no_duplicates(pairs):
    keys = [key for key, _ in pairs]
    if len(keys) != len(set(keys)):
        raise ValueError("a key is given twice")
    return dict(pairs)


def refuse(text):
    raise ValueError(text + " is not JSON")


def depth(value):
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if inner is None else 1 + max(map(depth, inner), default=0)


def strings(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner)


def load(path):
    data = path.read_bytes()
    if len(data) > 1 << 20:
        raise ValueError("too long")
    document = json.loads(data.decode("utf-8"), object_pairs_hook=no_duplicates,
                          parse_constant=refuse)
    if depth(document) > 16:
        raise ValueError("too deep")
    for text in strings(document):
        text.encode("utf-8")  # half a surrogate pair fails here
    return document


def check(path, validator):
    """Why this document is refused, or None."""
    try:
        document = load(path)
    except (ValueError, RecursionError) as error:
        return f"{type(error).__name__}: {error}"
    errors = sorted(validator.iter_errors(document), key=lambda error: list(map(str, error.path)))
    return f"/{'/'.join(map(str, errors[0].path))}: {errors[0].message}" if errors else None


def main():
    source = pathlib.Path(sys.argv[1])
    wrong = 0
    counts = {}
    for path in sorted((source / "schemas").glob("*.schema.json")):
        Draft202012Validator.check_schema(json.loads(path.read_text()))
    for kind, folder, refused in (("setup", "examples", False), ("setup", "tests/cli/bad", True),
                                  ("setup", "tests/cli/bad-meaning", False),
                                  ("state", "tests/unit/migration/golden", False),
                                  ("state", "tests/cli/state-bad", True),
                                  ("state", "tests/cli/state-bad-meaning", False)):
        schema = json.loads((source / f"schemas/vhost-{kind}.schema.json").read_text())
        validator = Draft202012Validator(schema)
        paths = sorted((source / folder).glob("*.json"))
        counts[folder] = len(paths)
        for path in paths:
            why = check(path, validator)
            if bool(why) != refused:
                wrong += 1
                print(f"{path}: {'accepted' if refused else 'refused: ' + str(why)}")
            elif why:
                print(f"{path.name}: {why[:100]}")
    print(", ".join(f"{count} in {folder}" for folder, count in counts.items()) + f", {wrong} wrong")
    return 1 if wrong or not all(counts.values()) else 0


sys.exit(main())

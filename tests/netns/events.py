#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Waits for an event in the growing output of `culvertctl -j events`.

events.py FILE SECONDS NAME [FIELD=VALUE...]

Prints the first such event that no earlier call has printed (FILE.seen remembers which), or exits with status 1
when none came in time.
"""
import json
import sys
import time

POLL_S = 0.01


def text(value):
    return value if isinstance(value, str) else json.dumps(value)


def matches(event, name, fields):
    return event.get("event") == name and all(text(event.get(field)) == value for field, value in fields)


def read_lines(path):
    """Complete lines only: the last one may still be written."""
    try:
        with open(path) as f:
            return [line for line in f.readlines() if line.endswith("\n")]
    except FileNotFoundError:
        return []


def main():
    path, seconds, name = sys.argv[1], float(sys.argv[2]), sys.argv[3]
    fields = [argument.split("=", 1) for argument in sys.argv[4:]]
    seen = {int(line) for line in read_lines(path + ".seen")}
    deadline = time.monotonic() + seconds
    while True:
        for number, line in enumerate(read_lines(path)):
            if number not in seen and matches(json.loads(line), name, fields):
                with open(path + ".seen", "a") as f:
                    f.write(f"{number}\n")
                print(line, end="")
                return
        if time.monotonic() >= deadline:
            sys.exit(1)
        time.sleep(POLL_S)


if __name__ == "__main__":
    main()

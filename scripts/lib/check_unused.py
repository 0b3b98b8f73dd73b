#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""check_unused.py [--root DIR] BUILD...: which function is global without need, or there for nobody.

Reads the symbols of all object files of finished builds, and the inline functions of all headers. Prints each fault as
FILE: NAME: WHAT and exits with 1 when there is any. A function that is reached by its address from a table of its own
file is used there, and so has to be static. What only a benchmark uses is used.
"""

import argparse
import json
import os
import subprocess
import sys
from collections import Counter

from check_layers import CALLED_FROM_OUTSIDE, STANDS_IN, WORD, Tree

# What only tests call, and why it is there all the same.
FOR_TESTS = {
    "cv_handshake_thread_turn": "a turn of the handshake thread, for tests that have no thread",
    "cv_worker_turn": "a turn of the worker's loop, for tests that have no thread",
    "cv_dataplane_link_attached": "whether the other end is there, for tests of the attachment",
    "sync_running": "for tests that wait until store and data plane are in line",
    "cv_parameter_name": "for docs/protocol.md, whose names are checked",
    "cv_peer_room_bytes": "for programs that use peer/ as a library",
    "cv_peer_tls_generate": "for programs that use peer/ as a library",
}


def objects(root, build):
    """(object file, source file below the root) of all that was compiled."""
    with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as f:
        for command in json.load(f):
            source = os.path.relpath(os.path.normpath(os.path.join(command["directory"], command["file"])), root)
            target = os.path.join(build, command["output"])
            if source.startswith(".."):
                continue
            if not os.path.exists(target):
                sys.exit(f"{target} is not there: the build has to be whole")
            yield target, source


def symbols(files):
    """(object file, letter, name) of each symbol of each file."""
    listing = subprocess.check_output(["nm", "--format=posix", "--print-file-name", *files], text=True)
    for line in listing.splitlines():
        file, _, rest = line.partition(": ")
        name, letter = rest.split()[:2]
        yield file, letter, name


def read_builds(root, builds):
    """What each source defines for others, and which sources refer to each name."""
    source_of = {target: source for build in builds for target, source in objects(root, build)}
    if not source_of:
        sys.exit("no object files in " + " ".join(builds))
    defined, users = {}, {}
    for file, letter, name in symbols(source_of):
        if letter == "U":
            users.setdefault(name, set()).add(source_of[file])
        elif letter in "TW" and not name.startswith("__"):
            defined.setdefault(source_of[file], set()).add(name)
    return defined, users


def fault_of(source, name, users):
    if not users:
        return "no other file uses it: static, or gone"
    if not source.startswith("tests/") and all(user.startswith("tests/") for user in users):
        return "only tests use it"
    return None


def check_symbols(defined, users):
    for source in sorted(defined):
        for name in sorted(defined[source]):
            others = users.get(name, set()) - {source}
            fault = fault_of(source, name, others)
            if name in FOR_TESTS:
                fault = None if fault else "FOR_TESTS names it without need"
            if fault and name not in CALLED_FROM_OUTSIDE and source not in STANDS_IN:
                yield f"{source}: {name}: {fault}"


def check_inlines(tree):
    words = {path: Counter(WORD.findall(source.with_macros)) for path, source in tree.sources.items()}
    for path, source in sorted(tree.sources.items()):
        for function in source.functions if path.endswith(".h") else ():
            name = function.name
            users = {user for user, count in words.items() if count[name] > (user == path)}
            fault = fault_of(path, name, users) if users else "nobody uses it"
            if function.defined and fault:
                yield f"{path}: {name}: {fault}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--root", default=os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
    parser.add_argument("builds", nargs="+", metavar="BUILD")
    options = parser.parse_args()
    faults = list(check_symbols(*read_builds(options.root, options.builds)))
    faults += check_inlines(Tree(options.root))
    for fault in faults:
        print(fault)
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""test_layers.py CHECK CHECKOUT: the layer check finds what it is for, and finds nothing in this checkout.

Each case makes a small tree of files, one of them wrong, and asks for the one line that names the fault. Speaks TAP.
"""

import os
import shutil
import subprocess
import sys
import tempfile

CHECK, CHECKOUT = sys.argv[1:3]

# Right by every rule: two units of lib/, one above the other, and one of peer/ that uses both.
SOUND = {
    "lib/ground.h": "#pragma once\nint cv_ground(int);\n",
    "lib/ground.c": '#include "ground.h"\n\nint cv_ground(int x)\n{\n    return x;\n}\n',
    "lib/protocol/frame.h": "#pragma once\n#include <stdint.h>\n\nint cv_frame(int);\n",
    "lib/protocol/frame.c": '#include "frame.h"\n\n#include "ground.h"\n\n'
    "static int twice(int x)\n{\n    return 2 * x;\n}\n\n"
    "int cv_frame(int x)\n{\n    return cv_ground(twice(x));\n}\n",
    "peer/main.c": '#include "protocol/frame.h"\n\n/* extern int in_a_comment; */\nstatic int helper(int);\n\n'
    "int main(void)\n{\n    return helper(1);\n}\n\n"
    "static int helper(int x)\n{\n    return cv_frame(x);\n}\n",
}

CASES = [
    (
        "an arrow up between folders",
        {
            "lib/ground.c": SOUND["lib/ground.c"] + '#include "protocol/number.h"\n',
            "lib/protocol/number.h": "#pragma once\n",
        },
        "lib/ground.c:7: lib/ground.c includes lib/protocol/number.h: an arrow up from lib to lib/protocol",
    ),
    (
        "an arrow up to another tree",
        {
            "lib/protocol/frame.h": '#pragma once\n#include "../../peer/view.h"\n\nint cv_frame(int);\n',
            "peer/view.h": "#pragma once\n",
        },
        "lib/protocol/frame.h:2: lib/protocol/frame.h includes peer/view.h: an arrow up from lib to peer",
    ),
    (
        "an arrow between trees side by side",
        {"peer/view.c": '#include "../control/names.h"\n', "control/names.h": "#pragma once\n"},
        "peer/view.c:1: peer/view.c includes control/names.h: "
        "an arrow between peer and control, which stand side by side",
    ),
    (
        "a folder that stands apart",
        {"control/cli/main.c": '#include "names.h"\n', "control/names.h": "#pragma once\n"},
        "control/cli/main.c:1: control/cli/main.c includes control/names.h: "
        "control/cli stands apart and may not know control",
    ),
    (
        "angle brackets hide no arrow",
        {
            "lib/ground.h": "#pragma once\n#include <protocol/number.h>\n\nint cv_ground(int);\n",
            "lib/protocol/number.h": "#pragma once\n",
        },
        "lib/ground.h:2: lib/ground.h includes lib/protocol/number.h: an arrow up from lib to lib/protocol",
    ),
    (
        "a circle of two units in a folder",
        {
            "lib/upper.h": '#pragma once\n#include "lower.h"\n',
            "lib/lower.h": "#pragma once\n",
            "lib/lower.c": '#include "lower.h"\n\n#include "upper.h"\n',
        },
        "lib/lower.c:3: a circle: lib/lower.c:3 includes lib/upper.h, lib/upper.h:2 includes lib/lower.h",
    ),
    (
        "the shortest circle of a longer one",
        {
            "lib/a.h": '#pragma once\n#include "b.h"\n',
            "lib/b.h": '#pragma once\n#include "c.h"\n',
            "lib/c.h": '#pragma once\n#include "a.h"\n#include "b.h"\n',
        },
        "lib/b.h:2: a circle: lib/b.h:2 includes lib/c.h, lib/c.h:3 includes lib/b.h "
        "(3 units hang in circles here: lib/a lib/b lib/c)",
    ),
    (
        "extern in a .c file",
        {"peer/view.c": "\nextern int cv_ground_calls;\n"},
        "peer/view.c:2: extern in a .c file: include the header of who defines it",
    ),
    (
        "a copied declaration",
        {"peer/view.c": "int cv_ground(int);\n"},
        "peer/view.c:1: a copied declaration: cv_ground, which lib/ground.c defines",
    ),
    (
        "a declaration copied into another header",
        {"peer/view.h": "#pragma once\n\nint cv_ground(int);\n", "peer/view.c": '#include "view.h"\n'},
        "peer/view.h:3: declares cv_ground, which lib/ground.c defines",
    ),
    (
        "one header of several .c files",
        {
            "lib/both.h": "#pragma once\n\nint cv_one(void);\nint *cv_two(const char *text,\n            int count);\n"
            "int cv_three(void);\n",
            "lib/both.c": '#include "both.h"\n\nint cv_one(void)\n{\n    return 1;\n}\n',
            "lib/two.c": '#include "both.h"\n\nint *cv_two(const char *text, int count)\n{\n    return 0;\n}\n\n'
            "int cv_three(void)\n{\n    return 3;\n}\n",
        },
        "lib/both.h:4: declares cv_two and 1 more, which lib/two.c defines",
    ),
    (
        "a header that declares what nobody defines",
        {"lib/ground.h": "#pragma once\nint cv_ground(int);\nint cv_gone(int);\n"},
        "lib/ground.h:3: declares cv_gone, which no .c file defines",
    ),
    (
        "a variable in a foreign header",
        {
            "lib/shown.h": "#pragma once\nextern const int cv_shown[];\n",
            "lib/hidden.c": '#include "shown.h"\n\nconst int cv_shown[] = {1};\n',
        },
        "lib/shown.h:2: declares cv_shown, which lib/hidden.c defines",
    ),
    (
        "a global function without a header",
        {"peer/view.c": "__attribute__((format(printf, 1, 2))) void show(const char *format, ...)\n{\n}\n"},
        "peer/view.c:1: show is neither static nor in a header",
    ),
    (
        "an include of no file",
        {"peer/view.c": '#include "gone.h"\n'},
        'peer/view.c:1: "gone.h" is no file of ours: <...> is for others',
    ),
    (
        "an include that may be any of two",
        {
            "tests/fuzz/view.c": '#include "both.h"\n',
            "tests/unit/both.h": "#pragma once\n",
            "lib/both.h": "#pragma once\n",
        },
        'tests/fuzz/view.c:1: "both.h" may be any of lib/both.h, tests/unit/both.h',
    ),
    (
        "an include of a .c file",
        {"peer/view.c": '#include "ground.c"\n'},
        "peer/view.c:1: peer/view.c includes lib/ground.c, which is no header",
    ),
    (
        "a folder without a place",
        {"lib/attic/old.h": "#pragma once\n"},
        "lib/attic/old.h:1: the folder lib/attic has no place in LAYERS of scripts/lib/check_layers.py",
    ),
]

count = failures = 0


def say(ok, name, *details):
    global count, failures
    count += 1
    failures += not ok
    print(f"{'ok' if ok else 'not ok'} {count} - {name}")
    for line in details if not ok else ():
        print(f"# {line}")


def check(root):
    """The exit code, and the lines that the check prints."""
    run = subprocess.run([sys.executable, CHECK, "--root", root], stdout=subprocess.PIPE, text=True, check=False)
    return run.returncode, run.stdout.splitlines()


def write(root, files):
    for path, text in files.items():
        os.makedirs(os.path.dirname(os.path.join(root, path)), exist_ok=True)
        with open(os.path.join(root, path), "w", encoding="utf-8") as f:
            f.write(text)


def copy_sources(root):
    """The checkout's own C files."""
    for tree in ("control", "dataplane", "lib", "peer", "perf", "tests"):
        shutil.copytree(
            os.path.join(CHECKOUT, tree),
            os.path.join(root, tree),
            ignore=lambda folder, names: [
                n for n in names if not n.endswith((".c", ".h")) and not os.path.isdir(os.path.join(folder, n))
            ],
        )


def made_up_trees():
    with tempfile.TemporaryDirectory() as root:
        write(root, SOUND)
        code, lines = check(root)
        say(code == 0 and not lines, "a sound tree passes", *lines)
    for name, files, fault in CASES:
        with tempfile.TemporaryDirectory() as root:
            write(root, SOUND | files)
            code, lines = check(root)
            say(code == 1 and lines == [fault], name, f"expected: {fault}", *(f"printed:  {line}" for line in lines))


def tables():
    """What a table may say that none of this checkout's has to."""
    sys.path.insert(0, os.path.dirname(CHECK))
    layers = ["t/apart: t/low/shared.h", "t", "t/left = t/right", "t/low"]
    order = __import__("check_layers").Order(["t = u", "v"], layers)
    cases = [
        ("t/apart/x.c", "t/low/shared.h", None),
        ("t/apart/x.c", "t/low/other.h", "t/apart stands apart and may not know t/low"),
        ("t/apart/x.c", "v/any.h", None),
        ("t/x.c", "t/apart/x.h", "an arrow up from t to t/apart"),
        ("t/left/x.c", "t/right/x.h", "an arrow between t/left and t/right, which stand side by side"),
        ("t/left/x.c", "t/low/x.h", None),
        ("u/x.c", "t/low/x.h", "an arrow between u and t, which stand side by side"),
    ]
    for source, target, fault in cases:
        found = order.fault(source, target)
        say(found == fault, f"{source} and {target}", f"expected: {fault}", f"found:    {found}")


def folders():
    run = subprocess.run([sys.executable, CHECK, "--root", CHECKOUT, "datplane"], stderr=subprocess.PIPE, text=True)
    say(run.returncode == 1 and "no C file in datplane/" in run.stderr, "a folder that is none", run.stderr)
    run = subprocess.run([sys.executable, CHECK, "--root", CHECKOUT, "./lib"], check=False)
    say(run.returncode == 0, "a folder that is one")


def this_checkout():
    code, lines = check(CHECKOUT)
    say(code == 0, "this checkout passes", *lines)
    with tempfile.TemporaryDirectory() as root:
        copy_sources(root)
        path = os.path.join(root, "lib/address.c")
        with open(path, encoding="utf-8") as f:
            last = len(f.read().splitlines())
        with open(path, "a", encoding="utf-8") as f:
            f.write('#include "config/config.h"\n')
        code, found = check(root)
        fault = (
            f"lib/address.c:{last + 1}: lib/address.c includes lib/config/config.h: "
            "an arrow up from lib to lib/config"
        )
        say(code == 1 and fault in found, "this checkout with one arrow up does not", f"expected: {fault}", *found)


made_up_trees()
tables()
folders()
this_checkout()
print(f"1..{count}")
sys.exit(1 if failures else 0)

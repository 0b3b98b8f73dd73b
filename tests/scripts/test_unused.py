#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""test_unused.py CHECK: the look for functions that nobody calls finds them, in a small tree that it compiles.

Speaks TAP.
"""

import json
import os
import subprocess
import sys
import tempfile

CHECK = sys.argv[1]

FILES = {
    "lib/two.h": "#pragma once\nint cv_called(void);\nint cv_tested(void);\nint cv_own(void);\nint cv_dead(void);\nint cv_worker_turn(void);\n\n"
    "static inline int cv_inline_called(void)\n{\n    return 1;\n}\n\n"
    "static inline int cv_inline_dead(void)\n{\n    return 2;\n}\n\n"
    "static inline int cv_inline_tested(void)\n{\n    return 3;\n}\n",
    "lib/two.c": '#include "two.h"\n\nint cv_own(void)\n{\n    return 1;\n}\n\n'
    "int (*const cv_table[])(void) = {cv_own};\n\n"
    "int cv_called(void)\n{\n    return cv_table[0]();\n}\n\nint cv_tested(void)\n{\n    return 2;\n}\n\n"
    "int cv_dead(void)\n{\n    return 3;\n}\n\nint cv_worker_turn(void)\n{\n    return 4;\n}\n",
    "peer/main.c": '#include "two.h"\n\nint main(void)\n{\n    return cv_called() + cv_inline_called() + cv_worker_turn();\n}\n',
    "tests/unit/test_two.c": '#include "two.h"\n\nint main(void)\n{\n    return cv_tested() + cv_inline_tested();\n}\n',
}

FAULTS = {
    "a function that nobody calls": "lib/two.c: cv_dead: no other file uses it: static, or gone",
    "one that only a table of its own file has": "lib/two.c: cv_own: no other file uses it: static, or gone",
    "one that only tests call": "lib/two.c: cv_tested: only tests use it",
    "one that is excused and need not be": "lib/two.c: cv_worker_turn: FOR_TESTS names it without need",
    "an inline one that nobody calls": "lib/two.h: cv_inline_dead: nobody uses it",
    "an inline one that only tests call": "lib/two.h: cv_inline_tested: only tests use it",
}


def compile_all(root):
    build = os.path.join(root, "build")
    os.mkdir(build)
    commands = []
    for path, text in FILES.items():
        file = os.path.join(root, path)
        os.makedirs(os.path.dirname(file), exist_ok=True)
        with open(file, "w", encoding="utf-8") as f:
            f.write(text)
    for path in filter(lambda path: path.endswith(".c"), FILES):
        target = path.replace("/", "_") + ".o"
        subprocess.check_call(["cc", "-Ilib", "-c", path, "-o", os.path.join("build", target)], cwd=root)
        commands.append({"directory": build, "file": os.path.join("..", path), "output": target})
    with open(os.path.join(build, "compile_commands.json"), "w", encoding="utf-8") as f:
        json.dump(commands, f)
    return build


def main():
    with tempfile.TemporaryDirectory() as root:
        build = compile_all(root)
        run = subprocess.run(
            [sys.executable, CHECK, "--root", root, build], stdout=subprocess.PIPE, text=True, check=False
        )
    lines = run.stdout.splitlines()
    results = {name: fault in lines for name, fault in FAULTS.items()}
    results["nothing else"] = run.returncode == 1 and len(lines) == len(FAULTS)
    for number, (name, ok) in enumerate(results.items(), 1):
        print(f"{'ok' if ok else 'not ok'} {number} - {name}")
    if not all(results.values()):
        print("".join(f"# {line}\n" for line in lines), end="")
    print(f"1..{len(results)}")
    sys.exit(0 if all(results.values()) else 1)


main()

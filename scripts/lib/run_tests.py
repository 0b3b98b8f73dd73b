# SPDX-License-Identifier: BSD-3-Clause
"""run_tests.py BUILD "SUITE..." PATTERN: runs tests with meson and counts their cases.

A program that speaks TAP counts as its cases, any other as one. Suites that lay out network namespaces run
one test at a time, so that timing in one does not depend on another.
"""

import json
import os
import re
import subprocess
import sys

ONE_AT_A_TIME = {"netns", "interop"}
LOG_TAIL_LINES = 60
RESULT_LINE = re.compile(r"^\s*\d+/\d+ ")
TAP_LINE = re.compile(r"^(not )?ok\b[ \d]*(?:- )?(.*)$", re.MULTILINE)


def selected(build, suites, pattern):
    tests = json.loads(subprocess.check_output(["meson", "introspect", "--tests", build]))
    for test in tests:
        suite = test["suite"][0].partition(":")[2]
        if suite in suites and pattern in test["name"]:
            yield suite, test["name"]


def run_phase(build, phase, suites, names, processes):
    """Runs the tests, showing meson's line for each as it ends. Returns what meson recorded of each."""
    command = ["meson", "test", "-C", build, "--no-rebuild", "--logbase", phase, "--num-processes", str(processes)]
    for suite in suites:
        command += ["--suite", suite]
    log = os.path.join(build, "meson-logs", phase + ".json")
    if os.path.exists(log):
        os.unlink(log)
    with subprocess.Popen(command + names, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as meson:
        said = ""
        for line in meson.stdout:
            said += line
            if RESULT_LINE.match(line):
                print(line, end="", flush=True)
    if not os.path.exists(log):
        sys.exit(f"meson test ran nothing:\n{said}")
    with open(log) as f:
        return [json.loads(line) for line in f]


def count(test):
    """(passed, failed, skipped) cases of one test."""
    passed = failed = skipped = 0
    for not_ok, rest in TAP_LINE.findall(test.get("stdout") or ""):
        if "# skip" in rest.lower():
            skipped += 1
        elif not_ok:
            failed += 1
        else:
            passed += 1
    if test["result"] == "SKIP":
        return 0, 0, max(skipped, 1)
    if test["result"] != "OK":
        return passed, max(failed, 1), skipped
    return (passed, failed, skipped) if passed or skipped else (1, 0, 0)


def show_failure(test):
    text = (test.get("stdout") or "") + (test.get("stderr") or "")
    print(f"\n--- {test['name']}: {test['result']}, exit code {test['returncode']}; the end of its output:")
    for line in text.splitlines()[-LOG_TAIL_LINES:]:
        print("    " + line)


def main():
    build, suites, pattern = sys.argv[1], set(sys.argv[2].split()), sys.argv[3]
    tests = list(selected(build, suites, pattern))
    results = []
    for phase, wanted, processes in (
        ("parallel", suites - ONE_AT_A_TIME, os.cpu_count()),
        ("serial", suites & ONE_AT_A_TIME, 1),
    ):
        names = sorted({name for suite, name in tests if suite in wanted})
        if names:
            results += run_phase(build, phase, sorted(wanted), names, processes)
    bad = [test for test in results if count(test)[1]]
    for test in bad:
        show_failure(test)
    if bad:
        print("\nfailed: " + ", ".join(test["name"] for test in bad))
    if not results:
        print("no test matches")
    passed, failed, skipped = (sum(column) for column in zip((0, 0, 0), *map(count, results)))
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""), flush=True)
    sys.exit(1 if failed or not passed else 0)


if __name__ == "__main__":
    main()

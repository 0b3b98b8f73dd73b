# SPDX-License-Identifier: BSD-3-Clause
"""run_tests.py BUILD "SUITE..." PATTERN: runs tests with meson and counts their cases.

A program that speaks TAP counts as its cases, any other as one. Most tests wait for something, so several share a
core; those that tests/meson.build lists as alone run after the others, one by one. CULVERT_TESTS_AT_ONCE sets how
many others there are at a time.
"""

import json
import os
import re
import subprocess
import sys

PER_CORE = 3
MEMORY_MB = 500  # of one test; those that need more run alone
TIMEOUT_MULTIPLIER = 4  # a test's time-out is for a test that has the machine for itself
LOG_TAIL_LINES = 60
SLOWEST = 10
RESULT_LINE = re.compile(r"^\s*\d+/\d+ ")
TAP_LINE = re.compile(r"^(not )?ok\b[ \d]*(?:- )?(.*)$", re.MULTILINE)


def selected(build, suites, pattern):
    """Names of tests."""
    tests = json.loads(subprocess.check_output(["meson", "introspect", "--tests", build]))
    for test in tests:
        if test["suite"][0].partition(":")[2] in suites and pattern in test["name"]:
            yield test["name"]


def at_once():
    if "CULVERT_TESTS_AT_ONCE" in os.environ:
        return int(os.environ["CULVERT_TESTS_AT_ONCE"])
    with open("/proc/meminfo") as f:
        available_mb = int(re.search(r"MemAvailable: +(\d+)", f.read()).group(1)) // 1024
    return max(1, min(PER_CORE * len(os.sched_getaffinity(0)), available_mb // MEMORY_MB))


def run(build, suites, names):
    """Runs the tests, showing meson's line for each as it ends. Returns what meson recorded of each."""
    command = ["meson", "test", "-C", build, "--no-rebuild", "--num-processes", str(at_once())]
    command += ["--timeout-multiplier", str(TIMEOUT_MULTIPLIER)]
    for suite in sorted(suites):
        command += ["--suite", suite]
    log = os.path.join(build, "meson-logs", "testlog.json")
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


def short_name(test):
    return test["name"].rpartition(" ")[2]


def show_slowest(results):
    slowest = sorted(results, key=lambda test: -test["duration"])[:SLOWEST]
    print("slowest: " + ", ".join(f"{short_name(test)} {test['duration']:.0f} s" for test in slowest))


def main():
    build, suites, pattern = sys.argv[1], set(sys.argv[2].split()), sys.argv[3]
    names = sorted(set(selected(build, suites, pattern)))
    results = run(build, suites, names) if names else []
    bad = [test for test in results if count(test)[1]]
    for test in bad:
        show_failure(test)
    print()
    if len(results) > SLOWEST:
        show_slowest(results)
    if bad:
        print("failed: " + ", ".join(short_name(test) for test in bad))
    if not results:
        print("no test matches")
    passed, failed, skipped = (sum(column) for column in zip((0, 0, 0), *map(count, results)))
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""), flush=True)
    sys.exit(1 if failed or not passed else 0)


if __name__ == "__main__":
    main()

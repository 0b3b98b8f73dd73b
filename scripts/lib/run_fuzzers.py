# SPDX-License-Identifier: BSD-3-Clause
"""run_fuzzers.py BUILD SECONDS PATTERN: runs each libFuzzer program of a build for so long, one on each core.

What it finds on the way stays in BUILD/corpus/NAME, an input that breaks something in BUILD/artifacts.
"""

import glob
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor


def fuzz(program, build, seconds):
    """True when nothing broke."""
    name = os.path.basename(program).removeprefix("fuzz_")
    found = os.path.join(build, "corpus", name)
    artifacts = os.path.join(build, "artifacts", "")
    log = os.path.join(build, "corpus", name + ".log")
    os.makedirs(found, exist_ok=True)
    os.makedirs(artifacts, exist_ok=True)
    seeds = [path for path in [f"tests/fuzz/corpus/{name}"] if os.path.isdir(path)]
    command = [program, f"-max_total_time={seconds}", f"-artifact_prefix={artifacts}", "-print_final_stats=1"]
    with open(log, "w") as f:
        code = subprocess.run(command + [found] + seeds, stdout=f, stderr=subprocess.STDOUT).returncode
    with open(log, errors="replace") as f:
        lines = f.read().splitlines()
    runs = next((line.split()[-1] for line in lines if "number_of_executed_units" in line), "?")
    said = [f"{name}: {'ok' if code == 0 else 'FAILED'}, {runs} runs"]
    if code:
        said += ["    " + line for line in lines[-60:] + [f"the input that did it is in {artifacts}"]]
    print("\n".join(said) + "\n", end="", flush=True)
    return code == 0


def main():
    build, seconds, pattern = sys.argv[1], sys.argv[2], sys.argv[3]
    programs = sorted(glob.glob(os.path.join(build, "tests/fuzz/fuzz_*")))
    programs = [p for p in programs if os.access(p, os.X_OK) and os.path.isfile(p) and pattern in os.path.basename(p)]
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as cores:
        results = list(cores.map(lambda program: fuzz(program, build, seconds), programs))
    print(f"{sum(results)} passed, {len(results) - sum(results)} failed", flush=True)
    sys.exit(0 if results and all(results) else 1)


if __name__ == "__main__":
    main()

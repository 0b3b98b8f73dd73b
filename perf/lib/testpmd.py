# SPDX-License-Identifier: BSD-3-Clause
"""DPDK's own forwarding program, the yardstick: started, spoken to and read as a person would."""

import re
import selectors
import statistics
import subprocess
import time

from console import Failure

PARTS = 10
COUNTER = re.compile(r"TX-packets: (\d+)")


class Testpmd:
    """dpdk-testpmd on one port, forwarding on one core. A context manager: its end is the program's."""

    def __init__(self, cores, vdev, mode, settings):
        self.command = [
            "stdbuf", "-oL", "dpdk-testpmd", "-l", f"{cores[0]},{cores[1]}", "--in-memory", "--no-pci", "--no-telemetry",
            "--log-level=error", f"--vdev={vdev}", "--", "-i", f"--forward-mode={mode}", "--nb-cores=1",
            "--no-lsc-interrupt", *settings,
        ]
        self.said = []

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, bufsize=0)
        self.pending = b""
        return self

    def __exit__(self, *_):
        try:
            self._command("quit")
            self.process.communicate(timeout=30)
        except (OSError, ValueError, subprocess.TimeoutExpired):
            self.process.kill()
            self.process.wait()

    def _command(self, text):
        self.process.stdin.write(text.encode() + b"\n")

    def _await(self, pattern, seconds):
        """The first line from now on in which the pattern is found."""
        deadline = time.monotonic() + seconds
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            while True:
                while b"\n" in self.pending:
                    line, self.pending = self.pending.split(b"\n", 1)
                    self.said.append(line.decode(errors="replace"))
                    found = pattern.search(self.said[-1])
                    if found:
                        return found
                left = deadline - time.monotonic()
                data = self.process.stdout.read(65536) if left > 0 and selector.select(left) else b""
                if not data:
                    tail = "\n".join(self.said[-15:])
                    raise Failure(f"dpdk-testpmd did not say what was expected ({pattern.pattern}):\n{tail}")
                self.pending += data

    def _sample(self):
        self._command("show port stats 0")
        packets = int(self._await(COUNTER, 10).group(1))
        return time.monotonic(), packets

    def measure_mpps(self, warm_up, seconds):
        """Million packets per second sent: the median of ten parts of the window."""
        self._await(re.compile("^Done"), 180)
        self._command("start")
        self._await(re.compile("forwards packets on"), 30)
        time.sleep(warm_up)
        samples = [self._sample()]
        for _ in range(PARTS):
            time.sleep(seconds / PARTS)
            samples.append(self._sample())
        rates = [(end[1] - begin[1]) / (end[0] - begin[0]) / 1e6 for begin, end in zip(samples, samples[1:])]
        if min(rates) == 0:
            raise Failure("dpdk-testpmd forwards no packets")
        return statistics.median(rates)

# SPDX-License-Identifier: BSD-3-Clause
"""coturn, the TURN server that relays are measured by, and its own load generator."""

import os
import re
import subprocess
import time

from console import Failure, say

PORT = 3478
START_SECONDS = 10
LOAD_SECONDS = 300
RECEIVED = re.compile(r"tot_send_msgs=(\d+), tot_recv_msgs=(\d+)")
CLIENTS = 8  # as many as in its cheapest case; the load generator takes 0.15 s to make one
TRIES = 3
LOSS_MAX = 0.02  # what is lost has cost something, too
OPTIONS = [
    "-n", "--no-cli", "--no-auth", "--no-tls", "--no-dtls", "--no-tcp", "--no-tcp-relay", "--no-multicast-peers",
    "--allow-loopback-peers", "--relay-threads=1", "--listening-ip=127.0.0.1", "--relay-ip=127.0.0.1",
    f"--listening-port={PORT}", "--realm=bench", "--log-file=stdout", "--simple-log",
]


class Coturn:
    """turnserver on one core with one relay thread, on the loopback interface: UDP without TLS or authentication, which
    is its cheapest case. A context manager: its end is the program's."""

    def __init__(self, folder, cores):
        self.folder = folder
        self.cores = cores

    def __enter__(self):
        command = ["taskset", "-c", str(self.cores[1]), "turnserver", *OPTIONS,
                   f"--pidfile={self.folder}/turnserver.pid", f"--userdb={self.folder}/turndb"]
        with open(f"{self.folder}/turnserver.log", "wb") as log:
            self.process = subprocess.Popen(command, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        time.sleep(1)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(timeout=START_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def _cpu_ns(self):
        """User and system time of all its threads."""
        with open(f"/proc/{self.process.pid}/stat", encoding="ascii", errors="replace") as f:
            fields = f.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) * 1_000_000_000 // os.sysconf("SC_CLK_TCK")

    def _load(self, size, messages):
        """Clients in pairs, that many messages from each to the other. CPU time, messages that arrived, lost ones."""
        command = ["taskset", "-c", str(self.cores[0]), "turnutils_uclient", "-y", "-c", "-m", str(CLIENTS), "-n",
                   str(messages), "-l", str(size), "-z", "0", "-p", str(PORT), "127.0.0.1"]
        before = self._cpu_ns()
        try:
            done = subprocess.run(command, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True, timeout=LOAD_SECONDS, check=False)
        except subprocess.TimeoutExpired as error:
            raise Failure(f"turnutils_uclient was not done after {LOAD_SECONDS} seconds") from error
        after = self._cpu_ns()
        counts = RECEIVED.findall(done.stdout)
        if done.returncode != 0 or not counts or int(counts[-1][1]) == 0:
            raise Failure(f"turnutils_uclient moved no messages:\n{done.stdout[-2000:]}")
        sent, received = map(int, counts[-1])
        return after - before, received, sent - received

    def message_ns(self, size, messages):
        """CPU time per message that arrived, of some `messages`."""
        best = None
        for _ in range(TRIES):
            seen = self._load(size, messages // CLIENTS)
            if best is None or seen[2] < best[2]:
                best = seen
            if best[2] <= best[1] * LOSS_MAX:
                break
        else:
            say(f"coturn or its load lost {best[2]} of {best[1] + best[2]} messages, and so looks dearer than it is: "
                "leave the machine idle")
        return best[0] / best[1]

# SPDX-License-Identifier: BSD-3-Clause
"""culvert-dataplane, started for a benchmark, and the tool that gives it pairs and reads its counters."""

import json
import os
import subprocess

from console import Failure
from sessions import make_certificate

CONFIG = """\
relay:
  relay_ports: 40000-40063
  dataplane_socket: {folder}/dataplane.sock
dataplane:
  workers: [{worker}]
  main_core: {main}
  hugepages: "on"
  ports:
    - name: bench
      driver: pcap
      device: {pcap}
      addresses: [198.18.0.1/24]
      gateways: [198.18.0.254]
      devargs: "infinite_rx=1"
  limits:
    pairs: {pairs}
    mbufs: {mbufs}
"""

# With it there is a listening port, on which pairs may be.
SESSIONS = """\
    sessions: 64
  session:
    certificate: {folder}/relay.pem
    key: {folder}/relay.key
"""


class Dataplane:
    """The data plane on two cores and one pcap port. A context manager: its end is the program's.

    port: None: without sessions, all pairs on relay ports. Else with a listening port; "listen": all pairs are on it."""

    def __init__(self, build, folder, cores, pcap, pairs, mbufs, port=None):
        self.build = build
        self.pairs = pairs
        self.port = port
        self.socket = f"{folder}/dataplane.sock"
        self.config = f"{folder}/culvert.yaml"
        self.log = f"{folder}/dataplane.log"
        with open(self.config, "w", encoding="ascii") as f:
            f.write(CONFIG.format(folder=folder, main=cores[0], worker=cores[1], pcap=pcap, pairs=pairs, mbufs=mbufs))
            if port:
                f.write(SESSIONS.format(folder=folder))
        if port and not os.path.exists(f"{folder}/relay.pem"):
            make_certificate(folder, "relay", "P-256")

    def __enter__(self):
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen([f"{self.build}/dataplane/culvert-dataplane", "-c", self.config],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if os.path.exists(self.socket):
            os.unlink(self.socket)

    def measure(self, warm_up, seconds):
        """Puts the pairs; what was seen in the window (tools/measure_dataplane.c)."""
        measure = subprocess.run(
            [f"{self.build}/perf/tools/measure_dataplane", "--socket", self.socket, "--pairs", str(self.pairs),
             "--warm-up", str(warm_up), "--seconds", str(seconds), *(["--listen"] if self.port == "listen" else [])],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
        if measure.returncode != 0:
            with open(self.log, encoding="utf-8", errors="replace") as f:
                raise Failure(f"the data plane was not measured: {measure.stderr.strip()}\n{f.read()}".rstrip())
        return json.loads(measure.stdout)

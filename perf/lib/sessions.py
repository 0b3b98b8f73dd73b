# SPDX-License-Identifier: BSD-3-Clause
"""What a data plane with sessions is started with for a benchmark: certificates and a configuration."""

import subprocess

from console import Failure

KEYS = {
    "P-256": ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
    "Ed25519": ["-newkey", "ed25519"],
}

CONFIG = """\
relay:
  relay_ports: 40000-40063
  dataplane_socket: {folder}/dataplane.sock
dataplane:
  workers: [{worker}]
  main_core: {main}
  hugepages: "{hugepages}"
  listen_port: 443
  crypto: {crypto}
  ports:
    - name: bench
      driver: "{driver}"
      device: {device}
      addresses: [198.18.0.1/24]
      gateways: [198.18.0.254]
  session:
    certificate: {folder}/relay.pem
    key: {folder}/relay.key
    idle: 1h
    handshakes_per_prefix: 1000
  limits:
    pairs: {pairs}
    sessions: {sessions}
    mbufs: {mbufs}
"""

SESSION_BYTES = 48 << 10  # of DPDK memory, at most, the reserve for all of them included
MBUF_BYTES = 2560
OTHER_BYTES = 256 << 20


def make_certificate(folder, name, key):
    """folder/name.pem and .key, self-signed."""
    done = subprocess.run(["openssl", "req", "-x509", *KEYS[key], "-nodes", "-keyout", f"{folder}/{name}.key", "-out",
                           f"{folder}/{name}.pem", "-subj", f"/CN={name}", "-days", "3650"],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        raise Failure(f"openssl made no certificate:\n{done.stdout}")


class Setup:
    """A relay's certificate and a peers', of one type of key, and the data plane's configuration."""

    def __init__(self, folder, cores, key="Ed25519", crypto="auto", sessions=10000, pairs=10000, mbufs=16384,
                 driver="null", device="memory", hugepages="on"):
        self.folder = folder
        self.config = f"{folder}/culvert.yaml"
        self.memory_bytes = sessions * SESSION_BYTES + mbufs * MBUF_BYTES + OTHER_BYTES
        for name in ("relay", "peer"):
            make_certificate(folder, name, key)
        with open(self.config, "w", encoding="ascii") as f:
            f.write(CONFIG.format(folder=folder, main=cores[0], worker=cores[1], crypto=crypto, sessions=sessions,
                                  pairs=pairs, mbufs=mbufs, driver=driver, device=device, hugepages=hugepages))

    def options(self):
        """Of the tools."""
        return ["--config", self.config, "--certificate", f"{self.folder}/peer.pem", "--key", f"{self.folder}/peer.key"]

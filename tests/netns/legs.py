# SPDX-License-Identifier: BSD-3-Clause
"""A peer's legs: the file that add_pair in relay.sh writes, and a socket for each of its lines.

A line is `ADDRESS PORT TOKEN`: where the relay port is, and the leg's token in hex; "-" for a leg without one.
"""
import select
import socket
import time
from dataclasses import dataclass

SOCKET_BUFFER_BYTES = 4 << 20
SO_RCVBUFFORCE = 33
ROOM_WITHIN_S = 10


@dataclass
class Leg:
    sock: socket.socket
    relay: tuple
    token: bytes

    def send_token(self):
        if self.token:
            self.send(self.token)

    def send(self, datagram):
        """Waits while the system has no room, on a machine that may be busy: nothing may be lost here that a test would
        count as lost by the relay. What cannot be sent at all, for want of a way, is lost as on any network."""
        deadline = time.monotonic() + ROOM_WITHIN_S
        while time.monotonic() < deadline:
            try:
                self.sock.sendto(datagram, self.relay)
                return
            except BlockingIOError:
                select.select([], [self.sock], [], 0.1)
            except OSError:
                return
        raise SystemExit(f"the system had no room for a datagram in {ROOM_WITHIN_S} s")


def open_socket(address, port):
    sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, SOCKET_BUFFER_BYTES)
    sock.setblocking(False)
    sock.bind((address, port))
    return sock


def open_legs(path, port=0):
    """All legs of a file; from `port` on, one local port each, or any when it is 0."""
    legs = []
    with open(path) as lines:
        for number, line in enumerate(lines):
            address, relay_port, token = line.split()
            sock = open_socket("::" if ":" in address else "0.0.0.0", port and port + number)
            legs.append(Leg(sock, (address, int(relay_port)), b"" if token == "-" else bytes.fromhex(token)))
    return legs

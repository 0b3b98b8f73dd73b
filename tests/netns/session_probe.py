#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Probes of a session, from several sockets to several ports of the relay.

  session_probe.py HOST TICKET SOCKETS PORT...

Each socket sends one to each port, with its own number (from 1). Prints {"sent": ..., "answers": ...}: what came back,
which ought to be nothing.
"""

import json
import select
import socket
import sys

LISTEN_S = 0.3


def main():
    host, ticket, count, ports = sys.argv[1], bytes.fromhex(sys.argv[2]), int(sys.argv[3]), sys.argv[4:]
    family, _, _, _, _ = socket.getaddrinfo(host, 0, type=socket.SOCK_DGRAM)[0]
    sockets = [socket.socket(family, socket.SOCK_DGRAM) for _ in range(count)]
    for number, sock in enumerate(sockets, 1):
        for port in ports:
            sock.sendto(b"\x04" + number.to_bytes(3, "big") + ticket, (host, int(port)))
    answers = len(select.select(sockets, [], [], LISTEN_S)[0])
    print(json.dumps({"sent": count * len(ports), "answers": answers}))


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""First flights of clients that never go on: session_initials.py HOST COUNT [--for SECONDS] [--rate N] [--garbage]

Sends COUNT first flights, each from a port of its own, and says what came back as one JSON object: how many got a
handshake, a Retry, nothing. With --for it goes on that long at --rate per second, without waiting for answers, and
with --garbage every second datagram is noise.
"""

import argparse
import json
import os
import select
import socket
import ssl
import time

from aioquic.buffer import Buffer
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.connection import QuicConnection
from aioquic.quic.packet import QuicPacketType, pull_quic_header

WAIT_S = 1.0
FLIGHTS, PORTS = 32, 65  # of a flood


def first_flight():
    configuration = QuicConfiguration(is_client=True, alpn_protocols=["culvert/1"], verify_mode=ssl.CERT_NONE)
    quic = QuicConnection(configuration=configuration)
    quic.connect(("192.0.2.1", 443), now=0)
    return quic.datagrams_to_send(now=0)[0][0]


def open_socket(host):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.connect((host, 443))
    sock.setblocking(False)
    return sock


def kind_of(sock):
    try:
        header = pull_quic_header(Buffer(data=sock.recv(2048)))
    except OSError:
        return "nothing"
    return "retry" if header.packet_type == QuicPacketType.RETRY else "handshake"


def ask(host, count):
    sockets = [open_socket(host) for _ in range(count)]
    for sock in sockets:
        sock.send(first_flight())
        time.sleep(0.002)  # in order
    deadline = time.monotonic() + WAIT_S
    silent = set(sockets)
    while silent and (left := deadline - time.monotonic()) > 0:
        silent -= set(select.select(list(silent), [], [], left)[0])
    answers = [kind_of(sock) for sock in sockets]
    return {kind: answers.count(kind) for kind in ("handshake", "retry", "nothing")}


def flood(arguments):
    """Few flights, often, and from many ports: each port with each flight is another client to the relay."""
    flights = [first_flight() for _ in range(FLIGHTS)]
    sockets = [open_socket(arguments.host) for _ in range(PORTS)]
    sent, start = 0, time.monotonic()
    while (now := time.monotonic()) < start + arguments.seconds:
        while sent < (now - start) * arguments.rate:
            packet = flights[sent // PORTS % FLIGHTS]
            if arguments.garbage and sent % 2:
                packet = os.urandom(1 + sent % 1400)
            try:
                sockets[sent % PORTS].send(packet)
            except OSError:
                pass
            sent += 1
        time.sleep(0.002)
    return {"sent": sent}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("host")
    parser.add_argument("count", type=int)
    parser.add_argument("--for", type=float, default=0, dest="seconds")
    parser.add_argument("--rate", type=int, default=1000)
    parser.add_argument("--garbage", action="store_true")
    arguments = parser.parse_args()
    print(json.dumps(flood(arguments) if arguments.seconds else ask(arguments.host, arguments.count)), flush=True)


if __name__ == "__main__":
    main()

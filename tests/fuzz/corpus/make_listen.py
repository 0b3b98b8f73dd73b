#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Writes the seeds of fuzz_listen (see there for their form) into listen/ beside this file. The first flights of real
clients are those among the seeds of fuzz_initial."""

import pathlib
import struct

PACKET, TOKEN, TURN, KEEP = range(4)
PAD = 8
A, B, REBOUND, STRANGER = range(4)
V1 = b"\0\0\0\1"
HERE = pathlib.Path(__file__).parent


def packet(source, content, how=0):
    return struct.pack("<BBH", PACKET, source | how, len(content)) + content


def token(source, leg):
    return struct.pack("<BBH", TOKEN, source, leg)


def turn(ms=0):
    return struct.pack("<BBH", TURN, 0, ms)


def keep(ms=1):
    return struct.pack("<BBH", KEEP, 0, ms)


def bound(*legs):
    return b"".join(token(source, leg) + keep() for source, leg in legs)


def long_header(first, dcid, scid, version=V1):
    return bytes([first]) + version + bytes([len(dcid)]) + dcid + bytes([len(scid)]) + scid + bytes(30)


def short_header(dcid):
    return b"\x40" + dcid + bytes(30)


def flight(name):
    """The datagrams of a client among fuzz_initial's seeds."""
    data, datagrams = (HERE / "initial" / name).read_bytes()[1:], []
    while len(data) >= 4:
        what, _, count = struct.unpack("<BBH", data[:4])
        count = 0 if what else count
        if count >= 1200:
            datagrams.append(data[4:4 + count])
        data = data[4 + count:]
    return datagrams


def seeds():
    pair = bound((A, 0), (B, 1))
    shared = pair + bound((A, 2), (STRANGER, 3))
    stun = bytes([0, 1, 0, 0, 0x21, 0x12, 0xA4, 0x42]) + bytes(12)
    hello, other = flight("client_v1"), flight("client_alpn")
    handshakes = packet(B, long_header(0xE0, b"of A....", b"of B....")) + packet(STRANGER, long_header(0xE0, b"of A....", b"other B."))
    return {
        "empty": b"",
        "pair": pair + packet(A, short_header(b"of B....")) + packet(B, short_header(b"of A....")),
        "all_is_the_legs": pair + packet(A, stun) + packet(B, long_header(0xF0, b"of A....", b"retry...")) +
            packet(B, long_header(0xC0, b"", b"", bytes(4))) + packet(A, b"") + packet(A, bytes(32)),
        "shared": shared + handshakes + keep() + packet(A, short_header(b"of B....")) + packet(A, short_header(b"other B.")),
        "rebound": shared + handshakes + keep(5000) + packet(REBOUND, short_header(b"of B....")) + keep() +
            packet(REBOUND, short_header(b"other B.")) + keep(),
        "crowded": bound(*((A, 2 * leg) for leg in range(10))) + keep(31000) + token(A, 18) + keep(),
        "both_legs": bound((A, 0), (A, 1)),
        "initial": pair + turn(1) + packet(A, long_header(0xC0, b"original", b"own"), PAD) + turn() + keep(),
        "session": pair + turn(1) + b"".join(packet(A, data) for data in hello) + turn() + turn(20000),
        "others": pair + turn(1) + b"".join(packet(A, data) for data in other) + turn() + keep() + packet(A, other[0]),
        "strangers": packet(STRANGER, stun) + packet(STRANGER, short_header(b"12345678")) + packet(STRANGER, hello[0]) + turn(),
        "gone": pair + turn(1) + packet(A, other[0]) + bound((B, 4)) + keep(31000) + turn(),
    }


folder = HERE / "listen"
folder.mkdir(exist_ok=True)
for seed, content in seeds().items():
    (folder / seed).write_bytes(content)

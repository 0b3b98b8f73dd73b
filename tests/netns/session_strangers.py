#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""What the listening port says to packets of no session: version negotiation, stateless reset, Retry, silence."""

import os
import random
import socket
import struct
import sys
import time

HOST = sys.argv[1]


def ask(packet, seconds=1.0):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(seconds)
        s.sendto(packet, (HOST, 443))
        try:
            return s.recv(2000)
        except socket.timeout:
            return None


def long_header(version, dcid, scid, rest):
    return bytes([0xC0]) + struct.pack(">I", version) + bytes([len(dcid)]) + dcid + bytes([len(scid)]) + scid + rest


def check(condition, what):
    if not condition:
        sys.exit(what)


dcid, scid = os.urandom(8), os.urandom(5)
answer = ask(long_header(0x1A2A3A4A, dcid, scid, bytes(1200)))
check(answer is not None and answer[0] & 0x80 and answer[1:5] == bytes(4), "no version negotiation")
check(answer[5] == 5 and answer[6:11] == scid and answer[12:20] == dcid, "version negotiation with other IDs")
check({answer[i : i + 4] for i in range(20, len(answer), 4)} >= {b"\0\0\0\1", b"\x6b\x33\x43\xcf"}, "versions")
check(ask(long_header(0x1A2A3A4A, dcid, scid, bytes(500))) is None, "version negotiation for a small packet")

answer = ask(bytes([0x40]) + os.urandom(99))
check(answer is not None and 21 <= len(answer) < 100 and answer[0] & 0xC0 == 0x40, "no stateless reset")
first = bytes([0x40]) + os.urandom(16)
tokens = {ask(first + os.urandom(60))[-16:] for _ in range(3)}
check(len(tokens) == 1, "another reset token for the same connection ID")
for size in (22, 31, 43):
    answer = ask(bytes([0x40]) + os.urandom(size - 1))
    check(answer is not None and len(answer) == size - 1, f"no reset a byte shorter than a packet of {size}")
check(ask(bytes([0x40]) + os.urandom(20)) is None, "a reset for a packet as small as a reset")

# Resets are limited, to 1,000 in 100 ms: as many as that come at most, however many are asked for.
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
    s.setsockopt(socket.SOL_SOCKET, 33, 16 << 20)  # SO_RCVBUFFORCE
    s.setsockopt(socket.IPPROTO_UDP, 103, 77)  # UDP_SEGMENT: 64 packets in one call
    s.settimeout(0.5)
    begin = time.monotonic()
    for i in range(300):
        s.sendto((first + os.urandom(60)) * 64, (HOST, 443))
    answers, end = 0, begin
    try:
        while s.recv(2000):
            answers, end = answers + 1, time.monotonic()
    except socket.timeout:
        pass
    allowed = 1000 * ((end - begin) / 0.1 + 2)
    check(100 <= answers <= allowed, f"{answers} resets in {end - begin:.2f} s")

stun = struct.pack(">HHI", 1, 0, 0x2112A442) + os.urandom(12)
answer = ask(stun)
check(answer is not None and answer[:2] == b"\x01\x01" and answer[4:20] == stun[4:20], "no answer to STUN")

for garbage in (b"", b"\0" * 30, os.urandom(16), bytes([0xFF]) * 1300, bytes([0xC0]) + bytes(20)):
    answer = ask(garbage, 0.2)
    check(answer is None or len(answer) <= len(garbage), f"{len(answer or b'')} bytes for {len(garbage)}")

# Anything: random bytes behind the first bytes of every kind of packet, at any length.
random.seed(1)
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
    for i in range(5000):
        kind = random.choice((0x40, 0x60, 0xC0, 0xC3, 0xD0, 0xE0, 0xF0, 0x80, random.randrange(256)))
        version = random.choice((b"\0\0\0\1", b"\x6b\x33\x43\xcf", b"\0\0\0\0", os.urandom(4)))
        ids = b"".join(bytes([n]) + os.urandom(n) for n in (random.choice((0, 8, 16, 20)), random.choice((0, 8, 20))))
        token = random.choice((b"\0", bytes([0x10]) + os.urandom(16), b"\x40\x60\xb7" + os.urandom(95)))
        size = random.choice((1200, 1200, 1350, random.randrange(1, 1400)))
        packet = bytes([kind]) + version + ids + token + b"\x44\x80" + os.urandom(size)
        s.sendto(packet[:size], (HOST, 443))
        if i % 100 == 0:
            time.sleep(0.01)

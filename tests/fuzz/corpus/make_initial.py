#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Writes the seeds of fuzz_initial (see there for their form) into initial/ beside this file. The first flights of
real clients are aioquic's, and new each time: seeds are kept, not remade."""

import pathlib
import ssl
import struct

from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.connection import QuicConnection
from aioquic.quic.packet import QuicProtocolVersion

PACKET, PASS = range(2)
PAD, REPLY, TOKEN, TICKET = 8, 16, 32, 64
ALWAYS, RETRY_OVER_2, PREFIX_2 = 1, 2, 4
V1, V2, OTHER = b"\0\0\0\1", b"\x6b\x33\x43\xcf", b"\x1a\x2a\x3a\x4a"
INITIAL = {V1: 0xC0, V2: 0xD0, OTHER: 0xC0}


def packet(content, how=0):
    return struct.pack("<BBH", PACKET, how, len(content)) + content


def later(ms):
    return struct.pack("<BBH", PASS, 0, ms)


def initial(version=V1, dcid=b"original", scid=b"own", token=b"", body=b"\x44\x80" + bytes(range(64))):
    ids = bytes([len(dcid)]) + dcid + bytes([len(scid)]) + scid
    return bytes([INITIAL[version]]) + version + ids + bytes([len(token)]) + token + body


def after_token(version=V1):
    """What TOKEN makes an Initial of: the header's beginning and the rest behind the token."""
    return bytes([INITIAL[version]]) + version + b"\x44\x80" + bytes(range(64))


def client(version, alpn="culvert/1"):
    configuration = QuicConfiguration(is_client=True, alpn_protocols=[alpn], verify_mode=ssl.CERT_NONE)
    configuration.original_version = version
    configuration.supported_versions = [version]
    quic = QuicConnection(configuration=configuration)
    quic.connect(("192.0.2.1", 443), now=0)
    return b"".join(packet(data) for data, _ in quic.datagrams_to_send(now=0))


def seeds():
    strangers = b"".join(packet(initial(dcid=b"%08d" % n), PAD | n % 8) for n in range(20))
    retried = packet(initial(), PAD) + packet(after_token(), PAD | TOKEN)
    return {
        "empty": (0, b""),
        "client_v1": (0, client(QuicProtocolVersion.VERSION_1) + later(300) + later(2000) + later(20000)),
        "client_v2": (0, client(QuicProtocolVersion.VERSION_2) + packet(b"\xe0" + V1 + bytes(40), REPLY)),
        "client_alpn": (0, client(QuicProtocolVersion.VERSION_1, "h3")),
        "client_retry": (ALWAYS, client(QuicProtocolVersion.VERSION_1) + packet(after_token(), PAD | TOKEN)),
        "undecryptable": (0, packet(initial(), PAD) + packet(initial(), PAD) + later(9000)),
        "strangers": (0, strangers),
        "strangers_loaded": (RETRY_OVER_2, strangers),
        "strangers_prefix": (PREFIX_2, strangers),
        "retry": (ALWAYS, retried + packet(initial(), PAD)),
        "retry_v2": (ALWAYS, packet(initial(V2), PAD) + packet(after_token(V2), PAD | TOKEN)),
        "retry_late": (ALWAYS, packet(initial(), PAD) + later(11000) + packet(after_token(), PAD | TOKEN)),
        "retry_v6": (ALWAYS, packet(initial(), PAD | 5) + packet(after_token(), PAD | TOKEN | 5)),
        "token_of_nobody": (ALWAYS, packet(initial(token=b"\xb7" + bytes(40)), PAD)),
        "token_of_new_token": (0, packet(initial(token=b"\x36" + bytes(40)), PAD)),
        "small": (0, packet(initial())),
        "other_version": (0, packet(initial(OTHER), PAD) + packet(initial(OTHER))),
        "version_0": (0, packet(bytes([0xC0]) + bytes(4) + b"\x08original\x03own\x00\x00\x00\x01", PAD)),
        "short": (0, packet(b"\x40" + bytes(99)) + packet(b"\x40" + bytes(20)) + packet(b"\x40" + bytes(41), 4)),
        "handshake": (0, packet(b"\xe0" + V1 + b"\x10" + bytes(16) + b"\x00\x44\x80" + bytes(99), PAD)),
        "zero_rtt": (0, packet(b"\xd0" + V1 + b"\x08original\x03own\x44\x80" + bytes(99), PAD)),
        "long_ids": (0, packet(initial(dcid=bytes(21)), PAD) + packet(initial(scid=bytes(21)), PAD)),
        "no_ids": (0, packet(initial(dcid=b"", scid=b""), PAD)),
        "stun": (0, packet(bytes.fromhex("0001000021 12a442".replace(" ", "")) + bytes(12))),
        "probe": (0, packet(b"\4abc" + bytes(16)) + packet(initial(), PAD) + packet(b"\4abc" + bytes(16), TICKET)),
        "probe_cut": (0, packet(b"\4abc" + bytes(15)) + packet(b"\4abc" + bytes(17)) + packet(b"\5abc" + bytes(16))),
        "nothing": (0, packet(b"") + packet(b"\0") + packet(b"\xc0") + packet(b"\x40")),
    }


def main():
    folder = pathlib.Path(__file__).parent / "initial"
    folder.mkdir(exist_ok=True)
    for name, (choice, steps) in seeds().items():
        (folder / name).write_bytes(bytes([choice]) + steps)


if __name__ == "__main__":
    main()

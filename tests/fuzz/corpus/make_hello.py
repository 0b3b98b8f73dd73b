#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Writes the seeds of fuzz_hello (see there for their form) into hello/ beside this file. The first flights of real
clients are aioquic's, and new each time: seeds are kept, not remade."""

import pathlib
import ssl
import struct

from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.connection import QuicConnection
from aioquic.quic.packet import QuicProtocolVersion

DATAGRAM, FRAMES = range(2)


def step(what, content):
    return struct.pack("<BH", what, len(content)) + content


def client(version, name="relay.example"):
    configuration = QuicConfiguration(is_client=True, alpn_protocols=["culvert/1"], verify_mode=ssl.CERT_NONE)
    configuration.server_name = name
    configuration.original_version = version
    configuration.supported_versions = [version]
    quic = QuicConnection(configuration=configuration)
    quic.connect(("192.0.2.1", 443), now=0)
    return [data for data, _ in quic.datagrams_to_send(now=0)]


def extension(kind, content):
    return struct.pack(">HH", kind, len(content)) + content


def listed(content):
    return struct.pack(">H", len(content)) + content


ALPN = extension(16, listed(b"\x02h3\x09culvert/1"))
NAME = extension(0, listed(b"\0" + listed(b"relay.example")))


def hello(extensions, session=b"", longer=0):
    body = b"\3\3" + bytes(32) + bytes([len(session)]) + session + listed(b"\x13\1\x13\2") + b"\1\0"
    body += listed(extensions)
    return b"\1" + (len(body) + longer).to_bytes(3, "big") + body


def crypto(offset, content):
    return b"\6" + struct.pack(">HH", 0x4000 | offset, 0x4000 | len(content)) + content


def frames(*parts):
    return step(FRAMES, b"".join(parts))


def seeds():
    v1, v2 = client(QuicProtocolVersion.VERSION_1), client(QuicProtocolVersion.VERSION_2)
    whole = hello(ALPN + NAME, bytes(32))
    large = hello(extension(51, bytes(1216)) + NAME + ALPN)
    pieces = [crypto(at, whole[at : at + 9]) for at in range(0, len(whole), 9)]
    return {
        "empty": b"",
        "client_v1": b"".join(step(DATAGRAM, data) for data in v1),
        "client_v2": b"".join(step(DATAGRAM, data) for data in v2),
        "client_cut": step(DATAGRAM, v1[0][:300]) + step(DATAGRAM, v1[0]),
        "two_clients": step(DATAGRAM, v1[0]) + step(DATAGRAM, v2[0]),
        "one_packet": frames(crypto(0, whole)),
        "two_packets": frames(crypto(0, large[:1000])) + frames(crypto(1000, large[1000:])),
        "swapped": frames(crypto(1000, large[1000:])) + frames(crypto(0, large[:1000])),
        "pieces": frames(*pieces[::2], b"\0\1") + frames(*pieces[1::2]),
        "overlap": frames(crypto(0, whole[:60]), crypto(30, whole[30:])),
        "contradiction": frames(crypto(0, whole[:60]), crypto(30, bytes(40))),
        "too_long": frames(crypto(0, hello(ALPN, longer=5000))),
        "longer": frames(crypto(0, hello(ALPN, longer=1))),
        "far": frames(b"\6" + b"\xff" * 8 + b"\1\1"),
        "no_extensions": frames(crypto(0, hello(b""))),
        "twice": frames(crypto(0, hello(ALPN + ALPN))),
        "empty_lists": frames(crypto(0, hello(extension(16, listed(b"")) + extension(0, listed(b""))))),
        "name_types": frames(crypto(0, hello(extension(0, listed(b"\1" + listed(b"x") + b"\0" + listed(b"y")))))),
        "acknowledgement": frames(b"\2\0\0\0\0"),
        "close": frames(b"\x1c\0\0\0"),
    }


def main():
    folder = pathlib.Path(__file__).parent / "hello"
    folder.mkdir(exist_ok=True)
    for name, content in seeds().items():
        (folder / name).write_bytes(content)


if __name__ == "__main__":
    main()

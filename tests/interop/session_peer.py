#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""A peer of the session protocol with somebody else's QUIC stack (aioquic), written from docs/protocol.md.

  session_peer.py --relay 192.0.2.1:443 --cert F --key F --legs FILE [--ask PEER-ID] [--key-update]

Registers, and then asks for a pair with the peer of that ID, or takes whatever is offered. When the pair is
made, "ADDRESS PORT TOKEN" of its own leg is written to the file. The session stays until SIGTERM; what happens
is told in lines of JSON on stdout.
"""

import argparse
import asyncio
import base64
import ipaddress
import json
import os
import signal
import ssl
import sys

from aioquic.asyncio import QuicConnectionProtocol, connect
from aioquic.buffer import UINT_VAR_MAX, Buffer, BufferReadError, encode_uint_var
from aioquic.quic import events
from aioquic.quic.configuration import QuicConfiguration

assert UINT_VAR_MAX == 2**62 - 1

REGISTER, REGISTERED, OBSERVED_ADDRESS, PAIR_REQUEST, PAIR_OFFER, PAIR_ACCEPT = range(0x29E1F0, 0x29E1F6)
PAIR_MADE, REFUSED, PAIR_CLOSED = 0x29E1F7, 0x29E1F8, 0x29E1FA
UDP_LEG = 1
NONE = 0xC00


def tell(**what):
    print(json.dumps(what), flush=True)


def capsule(kind, value):
    return encode_uint_var(kind) + encode_uint_var(len(value)) + value


def read_ip(buf):
    return str(ipaddress.ip_address(buf.pull_bytes(4 if buf.pull_uint8() == 4 else 16)))


def show_id(raw):
    return base64.b32encode(raw).decode().rstrip("=").lower()


def parse_id(text):
    return base64.b32decode(text.upper() + "====")


class Peer(QuicConnectionProtocol):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.held = b""
        self.registered = asyncio.get_running_loop().create_future()
        self.ended = asyncio.get_running_loop().create_future()
        self.options = None

    def say(self, kind, *parts):
        # An unknown capsule goes along each time, as RFC 9297 section 5.4 has it.
        self._quic.send_stream_data(self.stream, capsule(0x17, b"grease") + capsule(kind, b"".join(parts)))
        self.transmit()

    def start(self, options):
        self.options = options
        self.stream = self._quic.get_next_available_stream_id()
        self.say(REGISTER, encode_uint_var(0), encode_uint_var(UDP_LEG))

    def ask(self, peer):
        self.say(PAIR_REQUEST, encode_uint_var(1), parse_id(peer), bytes([UDP_LEG]))

    def quic_event_received(self, event):
        if isinstance(event, events.StreamDataReceived):
            self.held += event.data
            while self.take_capsule():
                pass
        elif isinstance(event, events.ConnectionTerminated) and not self.ended.done():
            tell(event="closed", code=event.error_code, reason=event.reason_phrase)
            self.ended.set_result(None)

    def take_capsule(self):
        buf = Buffer(data=self.held)
        try:
            kind = buf.pull_uint_var()
            value = buf.pull_bytes(buf.pull_uint_var())
        except BufferReadError:
            return False
        self.held = self.held[buf.tell():]
        self.take(kind, Buffer(data=value))
        return True

    def take(self, kind, buf):
        if kind == REGISTERED:
            buf.pull_uint_var()
            tell(event="registered", id=show_id(buf.pull_bytes(32)), pairs=buf.pull_uint_var())
        elif kind == OBSERVED_ADDRESS:
            tell(event="observed", ip=read_ip(buf), port=buf.pull_uint16())
            if not self.registered.done():
                self.registered.set_result(None)
        elif kind == PAIR_OFFER:
            offer = buf.pull_uint_var()
            tell(event="offer", offer=offer, peer=show_id(buf.pull_bytes(32)), seconds=buf.pull_uint_var())
            self.say(PAIR_ACCEPT, encode_uint_var(offer), bytes([UDP_LEG]))
        elif kind == PAIR_MADE:
            self.take_made(buf)
        elif kind == REFUSED:
            origin, number, code = buf.pull_uint8(), buf.pull_uint_var(), buf.pull_uint_var()
            text = buf.pull_bytes(buf.pull_uint8()).decode()
            tell(event="refused", origin=origin, number=number, code=code, text=text)
        elif kind == PAIR_CLOSED:
            tell(event="pair_closed", pair=buf.pull_uint_var(), code=buf.pull_uint_var())

    def take_made(self, buf):
        origin, number, pair = buf.pull_uint8(), buf.pull_uint_var(), buf.pull_uint_var()
        assert buf.pull_uint8() == UDP_LEG
        port = buf.pull_uint16()
        ips = [read_ip(buf) for _ in range(buf.pull_uint8())]
        token = buf.pull_bytes(32)
        assert buf.eof()
        own = ipaddress.ip_address(self.options.relay[0]).version
        ip = next(ip for ip in ips if ipaddress.ip_address(ip).version == own)
        with open(self.options.legs + ".new", "w") as f:
            f.write(f"{ip} {port} {token.hex()}\n")
        os.rename(self.options.legs + ".new", self.options.legs)
        tell(event="made", origin=origin, number=number, pair=pair, relay_port=port)


async def run(options):
    configuration = QuicConfiguration(is_client=True, alpn_protocols=["culvert/1"], idle_timeout=60,
                                      verify_mode=ssl.CERT_NONE, max_datagram_frame_size=65535)
    configuration.load_cert_chain(options.cert, options.key)
    async with connect(*options.relay, configuration=configuration, create_protocol=Peer,
                       wait_connected=True) as peer:
        asyncio.get_running_loop().add_signal_handler(
            signal.SIGTERM, lambda: peer.close(error_code=NONE, reason_phrase=""))
        peer.start(options)
        await asyncio.wait_for(peer.registered, 20)
        if options.key_update:
            peer._quic.request_key_update()
            for _ in range(3):  # the relay needs some packets to see that it is done
                await peer.ping()
                await asyncio.sleep(0.3)
            tell(event="key_updated")
        if options.ask:
            peer.ask(options.ask)
        await peer.ended


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--relay", required=True, help="ADDRESS:PORT of the relay's sessions")
    parser.add_argument("--cert", required=True)
    parser.add_argument("--key", required=True)
    parser.add_argument("--legs", required=True, help="where to write the leg")
    parser.add_argument("--ask", help="peer ID of the other peer")
    parser.add_argument("--key-update", action="store_true", help="begin a key update after registering")
    options = parser.parse_args()
    host, _, port = options.relay.rpartition(":")
    options.relay = (host.strip("[]"), int(port))
    asyncio.run(run(options))
    return 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""A peer of the session protocol with somebody else's QUIC stack (aioquic), written from docs/protocol.md.

  session_peer.py --relay 192.0.2.1:443 --cert F --key F --legs FILE [--leg udp|tunnel] [--ask PEER-ID]
                  [--local ADDRESS:PORT] [--forward ADDRESS:PORT] [--secrets FILE] [--key-update]

Registers, and then asks for a pair with the peer of that ID, or takes whatever is offered. When the pair is
made, "ADDRESS PORT TOKEN" of its own leg is written to the file. The session stays until SIGTERM; what happens
is told in lines of JSON on stdout.

A tunnel leg is bridged to a UDP socket at --local, which is what is written to the file, with "-" for a token: what
comes in there goes into the leg, what comes out of the leg goes to --forward, or to who sent last.
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
import time

from aioquic.asyncio import QuicConnectionProtocol, connect
from aioquic.buffer import UINT_VAR_MAX, Buffer, BufferReadError, encode_uint_var
from aioquic.quic import events
from aioquic.quic.configuration import QuicConfiguration

assert UINT_VAR_MAX == 2**62 - 1

REGISTER, REGISTERED, OBSERVED_ADDRESS, PAIR_REQUEST, PAIR_OFFER, PAIR_ACCEPT = range(0x29E1F0, 0x29E1F6)
PAIR_MADE, REFUSED, PAIR_CLOSED, TUNNEL_LIMIT, GO_AWAY = 0x29E1F7, 0x29E1F8, 0x29E1FA, 0x29E1FB, 0x29E1FC
UDP_LEG, TUNNEL_LEG = 1, 2
LEGS = {"udp": UDP_LEG, "tunnel": TUNNEL_LEG}
NONE = 0xC00

PACKET_BYTES = 1452  # of UDP payload, which a path of 1,500 bytes lets through
# A short header with a connection ID of up to 20 bytes, a packet number and the AEAD tag; a DATAGRAM frame's type and
# length; a channel.
PACKET_OVERHEAD = 1 + 20 + 4 + 16 + 3 + 2
QUEUE_S = 0.05
KEEP_ALIVE_S = 25  # or the NAT forgets: docs/protocol.md


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


def parse_address(text):
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port)


class Bridge(asyncio.DatagramProtocol):
    """The local UDP socket of a tunnel leg."""

    def __init__(self, peer, forward):
        self.peer = peer
        self.program = forward
        self.fixed = forward is not None

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, address):
        if not self.fixed:
            self.program = address
        self.peer.tunnel_out(data)

    def deliver(self, data):
        if self.program is not None:
            self.transport.sendto(data, self.program)


class Peer(QuicConnectionProtocol):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.held = b""
        self.channel = None
        self.bridge = None
        self.waiting = []  # when each datagram was given to aioquic, which keeps what its window holds back
        self.counts = {"out": 0, "in": 0, "late": 0, "too_big": 0, "no_channel": 0}
        self.registered = asyncio.get_running_loop().create_future()
        self.ended = asyncio.get_running_loop().create_future()
        self.options = None

    def say(self, kind, *parts):
        # An unknown capsule goes along each time, as RFC 9297 section 5.4 has it.
        self._quic.send_stream_data(self.stream, capsule(0x17, b"grease") + capsule(kind, b"".join(parts)))
        self.transmit()

    def start(self, options):
        self.options = options
        self.leg = LEGS[options.leg]
        self.stream = self._quic.get_next_available_stream_id()
        self.say(REGISTER, encode_uint_var(0), encode_uint_var(self.leg))

    def ask(self, peer):
        self.say(PAIR_REQUEST, encode_uint_var(1), parse_id(peer), bytes([self.leg]))

    # ---- The tunnel leg ----

    def tunnel_out(self, payload):
        if self.channel is None:
            self.counts["no_channel"] += 1
        elif len(payload) > PACKET_BYTES - PACKET_OVERHEAD:
            self.counts["too_big"] += 1
        else:
            self._quic.send_datagram_frame(encode_uint_var(self.channel) + payload)
            self.waiting.append(time.monotonic())
            self.counts["out"] += 1
            self.drop_late()
            self._transmit_soon()

    def drop_late(self):
        """Oldest first, as docs/protocol.md advises: QUIC inside the tunnel is to see loss, not seconds of delay."""
        pending = self._quic._datagrams_pending
        del self.waiting[: len(self.waiting) - len(pending)]
        while pending and self.waiting[0] < time.monotonic() - QUEUE_S:
            pending.popleft()
            self.waiting.pop(0)
            self.counts["late"] += 1

    def tunnel_in(self, data):
        buf = Buffer(data=data)
        if buf.pull_uint_var() == self.channel and self.bridge is not None:
            self.counts["in"] += 1
            self.bridge.deliver(data[buf.tell():])
        else:
            self.counts["no_channel"] += 1

    # ---- The control stream ----

    def quic_event_received(self, event):
        if isinstance(event, events.StreamDataReceived):
            self.held += event.data
            while self.take_capsule():
                pass
        elif isinstance(event, events.DatagramFrameReceived):
            self.tunnel_in(event.data)
        elif isinstance(event, events.ConnectionTerminated) and not self.ended.done():
            tell(event="closed", code=event.error_code, reason=event.reason_phrase, tunnel=self.counts)
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
            self.say(PAIR_ACCEPT, encode_uint_var(offer), bytes([self.leg]))
        elif kind == PAIR_MADE:
            self.take_made(buf)
        elif kind == REFUSED:
            origin, number, code = buf.pull_uint8(), buf.pull_uint_var(), buf.pull_uint_var()
            text = buf.pull_bytes(buf.pull_uint8()).decode()
            tell(event="refused", origin=origin, number=number, code=code, text=text)
        elif kind == PAIR_CLOSED:
            tell(event="pair_closed", pair=buf.pull_uint_var(), code=buf.pull_uint_var())
            self.channel = None
        elif kind == GO_AWAY:
            tell(event="go_away", seconds=buf.pull_uint_var())
        elif kind == TUNNEL_LIMIT:
            tell(event="limit", channel=buf.pull_uint_var(), bytes=buf.pull_uint_var())

    def take_made(self, buf):
        origin, number, pair = buf.pull_uint8(), buf.pull_uint_var(), buf.pull_uint_var()
        assert buf.pull_uint8() == self.leg
        if self.leg == UDP_LEG:
            where, more = self.udp_leg(buf)
        else:
            self.channel, limit = buf.pull_uint_var(), buf.pull_uint_var()
            where = "{} {} -".format(*self.options.local)
            more = {"channel": self.channel, "bytes": limit}
        assert buf.eof()
        with open(self.options.legs + ".new", "w") as f:
            f.write(where + "\n")
        os.rename(self.options.legs + ".new", self.options.legs)
        tell(event="made", origin=origin, number=number, pair=pair, **more)

    def udp_leg(self, buf):
        port = buf.pull_uint16()
        ips = [read_ip(buf) for _ in range(buf.pull_uint8())]
        token = buf.pull_bytes(32)
        own = ipaddress.ip_address(self.options.relay[0]).version
        ip = next(ip for ip in ips if ipaddress.ip_address(ip).version == own)
        return f"{ip} {port} {token.hex()}", {"relay_port": port}


async def run(options):
    configuration = QuicConfiguration(is_client=True, alpn_protocols=["culvert/1"], idle_timeout=60,
                                      verify_mode=ssl.CERT_NONE, max_datagram_frame_size=65535,
                                      max_datagram_size=PACKET_BYTES)
    configuration.load_cert_chain(options.cert, options.key)
    if options.secrets:
        configuration.secrets_log_file = open(options.secrets, "w", buffering=1)
    async with connect(*options.relay, configuration=configuration, create_protocol=Peer,
                       wait_connected=True) as peer:
        asyncio.get_running_loop().add_signal_handler(
            signal.SIGTERM, lambda: peer.close(error_code=NONE, reason_phrase=""))
        if options.leg == "tunnel":
            _, peer.bridge = await asyncio.get_running_loop().create_datagram_endpoint(
                lambda: Bridge(peer, options.forward), local_addr=options.local)
        peer.start(options)
        await asyncio.wait([peer.registered, peer.ended], timeout=20, return_when=asyncio.FIRST_COMPLETED)
        if peer.ended.done():
            return
        if not peer.registered.done():
            sys.exit("not registered in 20 s")
        if options.key_update:
            peer._quic.request_key_update()
            for _ in range(3):  # the relay needs some packets to see that it is done
                await peer.ping()
                await asyncio.sleep(0.3)
            tell(event="key_updated")
        if options.ask:
            peer.ask(options.ask)
        while not (await asyncio.wait([peer.ended], timeout=KEEP_ALIVE_S))[0]:
            peer._quic.send_ping(0)
            peer.transmit()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--relay", required=True, type=parse_address, help="ADDRESS:PORT of the relay's sessions")
    parser.add_argument("--cert", required=True)
    parser.add_argument("--key", required=True)
    parser.add_argument("--legs", required=True, help="where to write the leg")
    parser.add_argument("--leg", choices=LEGS, default="udp", help="kind of the own leg")
    parser.add_argument("--local", type=parse_address, default=("127.0.0.1", 5000), help="ADDRESS:PORT of the bridge")
    parser.add_argument("--forward", type=parse_address, help="ADDRESS:PORT of the program behind it")
    parser.add_argument("--ask", help="peer ID of the other peer")
    parser.add_argument("--secrets", help="where to write TLS's secrets")
    parser.add_argument("--key-update", action="store_true", help="begin a key update after registering")
    options = parser.parse_args()
    asyncio.run(run(options))
    return 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""A peer of the session protocol with somebody else's QUIC stack (aioquic), written from docs/protocol.md.

  session_peer.py --relay 192.0.2.1:443 --cert F --key F --legs FILE [--leg udp+tunnel+listen] [--ask PEER-ID] ...

Registers, and then asks for a pair with the peer of that ID, or takes whatever is offered. When a pair is made,
"ADDRESS PORT TOKEN" of its own leg is written to the file. The session stays until SIGTERM; what happens is told in
lines of JSON on stdout. With --return it comes back when it was lost, and with its pairs.

A pair is bridged to a UDP socket at --local, which is what is written to the file, with "-" for a token
(culvert_legs.py). Of further pairs it is the ports after that one. UDP legs are bridged with --bridge only.

Commands are lines that come by the FIFO --commands: see session_commands.py.
"""

import argparse
import asyncio
import hashlib
import json
import os
import signal
import socket
import ssl
import sys

import culvert_wire as wire
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.connection import QuicConnection
from cryptography.hazmat.primitives import serialization
from culvert_legs import PACKET_BYTES, Pair, family_of, open_socket
from culvert_order import REQUEST, RESUMED
from culvert_session import Session
from session_commands import Commands, parse_address, parse_kinds, parse_reachable

PAUSE_S, PAUSE_MAX_S = 1, 60
TRIES = 20
COMES_BACK = [wire.ERRORS[name] for name in ("internal", "relay_full", "going_away")]
FAMILIES = {"4": socket.AF_INET, "6": socket.AF_INET6}


def certificate_id(certificate):
    spki = certificate.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return wire.ID().take(wire.Reader(hashlib.sha256(spki).digest()))


async def first(*futures):
    await asyncio.wait(futures, return_when=asyncio.FIRST_COMPLETED)


class Peer:
    """What outlives a session: who this instance is, its pairs, and when it comes back."""

    def __init__(self, options):
        self.options = options
        self.kinds = parse_kinds(options.leg)
        self.relay, self.relay_id = options.relay, options.relay_id
        self.session = None
        self.pairs = {}
        self.shared = None  # the leg that uses the session's socket
        self.challenges = {}  # pair -> the last one
        self.asked, self.wishes = {}, {}  # request, and then pair -> what was asked, to be asked for anew
        self.stopping = False
        self.counts = {"out": 0, "in": 0, "late": 0, "too_big": 0, "no_channel": 0}
        self.kept = {"instance": options.instance or os.urandom(16).hex(), "token": None}
        if options.state and os.path.exists(options.state):
            with open(options.state) as f:
                self.kept = json.load(f)

    def tell(self, **what):
        print(json.dumps(what), flush=True)

    def keep(self, token):
        self.kept["token"] = token
        if self.options.state:
            with open(self.options.state + ".new", "w") as f:
                json.dump(self.kept, f)
            os.rename(self.options.state + ".new", self.options.state)

    # ---- Sessions ----

    def configuration(self):
        configuration = QuicConfiguration(
            is_client=True, alpn_protocols=["culvert/1"], idle_timeout=self.options.idle, verify_mode=ssl.CERT_NONE,
            max_datagram_frame_size=65535, max_datagram_size=PACKET_BYTES)
        configuration.load_cert_chain(self.options.cert, self.options.key)
        if self.options.secrets:
            configuration.secrets_log_file = open(self.options.secrets, "a", buffering=1)
        return configuration

    async def open(self):
        family = family_of(self.relay[0])
        address = self.relay if family == socket.AF_INET else (*self.relay, 0, 0)
        _, session = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: Session(QuicConnection(configuration=self.configuration()), self), sock=open_socket(self.relay[0]))
        session.connect(address)
        return session

    def connected(self, session):
        """The relay shows a certificate as well, and the peer checks it."""
        seen = certificate_id(session._quic.tls._peer_certificate)
        if self.relay_id not in (None, seen):
            self.tell(event="wrong_relay", id=seen)
            self.stopping = True
            session.stop("none", "another relay")
            return
        parameters = {"SERVICE": self.options.service}
        if self.kept["token"]:
            parameters["RESUME"] = self.kept["token"]
        session.say("REGISTER", parameters, minor=0, kinds=self.kinds, instance=self.kept["instance"],
                    reachable=parse_reachable(self.options.reachable))

    async def live(self):
        """One session after the other; two beside each other while it goes to another relay."""
        current, pause = None, PAUSE_S
        while not self.stopping:
            session = await self.open()
            self.session = self.session or session
            await first(session.up, session.ended, session.away)
            if session.up.done():
                if current is not None:
                    current.stop("none")
                current, pause = session, PAUSE_S
            elif not session.ended.done():  # GO_AWAY in place of REGISTERED
                self.go_to(*session.away.result())
                session.stop("none")
            elif current is None and not self.comes_back(session.ended.result()):
                return
            if current is not session:
                pause = await self.wait(pause)
            if current is not None:
                await first(current.ended, current.away)
                if current.ended.done():
                    ended, current = current.ended.result(), None
                    if not self.comes_back(ended):
                        return
                    pause = await self.wait(pause)
                else:
                    self.go_to(*current.away.result())

    async def wait(self, pause):
        await asyncio.sleep(pause)
        return min(2 * pause, PAUSE_MAX_S)

    def go_to(self, addresses, port, relay_id):
        own = family_of(self.relay[0])
        self.relay = next((a for a in addresses if family_of(a) == own), addresses[0]), port
        if relay_id and relay_id != self.relay_id:
            self.relay_id = relay_id
            self.keep(None)  # which is another relay's

    def comes_back(self, ended):
        """With its pairs, when the session was lost; they are gone when it was closed."""
        if ended.how != "lost":
            self.keep(None)
            self.keep_only([])
        wanted = self.options.returns and not self.stopping
        return wanted and (ended.how == "lost" or ended.code in COMES_BACK)

    def registered(self, session):
        """What is not resumed is asked for again."""
        self.keep(session.limits.get("RESUMPTION_TOKEN"))
        self.session = session
        if "RESUMED" in session.limits:
            return
        again = [*self.asked.values(), *self.wishes.values()]
        self.asked, self.wishes = {}, {}
        self.keep_only([])
        for fields, parameters, _ in again:
            self.ask(fields, parameters, TRIES)

    def observed(self, session):
        if self.options.ask:
            self.ask({"peer": self.options.ask, "kinds": self.kinds}, self.parameters())
            self.options.ask = None
        if self.options.key_update:
            self.options.key_update = False
            self.task = asyncio.ensure_future(self.update_keys(session))

    async def update_keys(self, session):
        session._quic.request_key_update()
        for _ in range(3):  # the relay needs some packets to see that it is done
            await session.ping()
            await asyncio.sleep(0.3)
        self.tell(event="key_updated")

    def parameters(self):
        given = {"SERVICE": (self.options.ask_service or None), "DATA": self.options.data}
        return {name: value for name, value in given.items() if value is not None}

    # ---- Pairs ----

    def ask(self, fields, parameters, tries=0):
        number = self.session.ask("PAIR_REQUEST", parameters, **fields)
        self.asked[number] = fields, parameters, tries

    def ask_leg(self, pair, kinds):
        self.session.ask("LEG_REQUEST", pair=pair, kinds=kinds)

    def offered(self, session, read):
        offer, answer = read.fields["offer"], self.options.answer
        data = {} if self.options.data is None else {"DATA": self.options.data}
        if answer == "accept":
            session.say("PAIR_ACCEPT", data, offer=offer, kinds=self.kinds)
        elif answer == "refuse":
            session.say("PAIR_REFUSE", data, offer=offer, code=wire.ERRORS["not_wanted"])

    def refused(self, refused):
        """Where a pair is made anew the other peer may come later than this one."""
        if refused["origin"] != REQUEST:
            return
        fields, parameters, tries = self.asked.pop(refused["number"], (None, None, 0))
        if tries and refused["code"] == wire.ERRORS["no_such_peer"]:
            asyncio.get_running_loop().call_later(PAUSE_S, self.ask, fields, parameters, tries - 1)

    def made(self, made):
        if made["origin"] == REQUEST and made["number"] in self.asked:
            self.wishes[made["pair"]] = self.asked.pop(made["number"])
        if made["origin"] == RESUMED and made["pair"] in self.pairs:
            self.pairs[made["pair"]].resume(made)
            return
        used = {pair.local[1] for pair in self.pairs.values()}
        host, port = self.options.local
        while port in used:
            port += 1
        forward = self.options.forward
        if forward is not None:
            forward = forward[0], forward[1] + port - self.options.local[1]
        self.pairs[made["pair"]] = Pair(self, made, (host, port), forward)

    def closed(self, number, code):
        self.forget(number)
        if code != wire.ERRORS["going_away"]:
            self.wishes.pop(number, None)

    def forget(self, number):
        if pair := self.pairs.pop(number, None):
            pair.close()

    def keep_only(self, numbers):
        for number in set(self.pairs) - set(numbers):
            self.forget(number)

    def from_channel(self, channel, payload):
        for pair in self.pairs.values():
            if channel in pair.channels():
                pair.deliver(payload)
                return
        self.counts["no_channel"] += 1

    def challenged(self, pair, data):
        self.tell(event="challenge", pair=pair.number, answered=self.options.prove)
        self.challenges[pair.number] = data
        if self.options.prove:
            self.prove(pair.number)

    def prove(self, pair):
        self.session.say("CHALLENGE_ANSWER", challenge=self.challenges[pair].hex())

    def choose(self, addresses):
        """The relay's for a leg."""
        own = FAMILIES.get(self.options.leg_family, family_of(self.relay[0]))
        return next((a for a in addresses if family_of(a) == own), addresses[0])

    async def keep_alive(self):
        while True:
            await asyncio.sleep(self.options.keep_alive)
            if self.session is not None and not self.session.ended.done():
                self.session._quic.send_ping(0)
                self.session.transmit()
            for pair in self.pairs.values():
                pair.leg.keep_alive()


async def run(options):
    peer = Peer(options)
    commands = Commands(peer, options.commands) if options.commands else None

    def stop():
        peer.stopping = True
        if peer.session is not None:
            peer.session.stop("none")

    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop)
    alive = asyncio.ensure_future(peer.keep_alive())
    await peer.live()
    alive.cancel()
    del commands


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--relay", required=True, type=parse_address, help="ADDRESS:PORT of the relay's sessions")
    add("--relay-id", help="who the relay must be")
    add("--cert", required=True)
    add("--key", required=True)
    add("--legs", required=True, help="where to write the leg")
    add("--leg", default="udp", help="kinds of the own leg: udp, tunnel, listen, joined by +; none if empty")
    add("--bridge", action="store_true", help="UDP legs are bridged, too")
    add("--share", action="store_true", help="a leg on the session's port uses the session's socket")
    add("--leg-family", choices=FAMILIES, help="IP of UDP legs; the session's by default")
    add("--local", type=parse_address, default=("127.0.0.1", 5000), help="ADDRESS:PORT of the bridge")
    add("--forward", type=parse_address, help="ADDRESS:PORT of the program behind it")
    add("--ask", help="peer ID of the other peer")
    add("--ask-service", help="SERVICE of that request")
    add("--data", help="DATA of that request, and of answers")
    add("--answer", choices=["accept", "refuse", "none"], default="accept", help="to offers")
    add("--service", action="append", default=[], help="takes requests for it; may be repeated")
    add("--reachable", default="anyone", help="anyone, nobody, or peer IDs with commas between")
    add("--instance", help="its ID, 32 hex digits")
    add("--state", help="where the instance and its resumption token are kept")
    add("--no-prove", dest="prove", action="store_false", help="challenges are not answered")
    add("--commands", help="FIFO that commands come by")
    add("--idle", type=float, default=60, help="seconds after which a silent session is lost")
    add("--keep-alive", type=float, default=25, help="seconds, or the NAT forgets")
    add("--return", dest="returns", action="store_true", help="comes back when the session was lost")
    add("--secrets", help="where to write TLS's secrets")
    add("--key-update", action="store_true", help="begin a key update after registering")
    asyncio.run(run(parser.parse_args()))
    return 0


if __name__ == "__main__":
    sys.exit(main())

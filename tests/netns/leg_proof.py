#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""A stand-in for culvert-control and three hosts, for tests of legs in the data plane alone: proof of an address, tokens of
one use, a leg that changes within its pair.

  leg_proof.py DATAPLANE_SOCKET RELAY HOST=ADDRESS...    the hosts alice, bob and victim, each a network namespace

Says each step on standard output, and ends with 1 at the first that is not as it should be.
"""

import os
import select
import socket
import struct
import sys
import time

import session_control
from session_control import NAME, address

CLONE_NEWNET = 0x40000000
PORT, NEXT_PORT = 40000, 40001
TOKEN, TUNNEL = 1, 4
NEEDED, VOUCHED = 0, 1
PROVEN, UNPROVEN, SILENT = 1, 2, 3
EKEYREJECTED, EADDRINUSE = 129, 98
ACCOUNT = 4096
HEADERS = 28
SIZE = 1200


def in_namespace(name, *kind):
    """A socket of that network namespace."""
    home, there = os.open("/proc/self/ns/net", os.O_RDONLY), os.open(f"/run/netns/{name}", os.O_RDONLY)
    os.setns(there, CLONE_NEWNET)
    try:
        return socket.socket(socket.AF_INET, *kind)
    finally:
        os.setns(home, CLONE_NEWNET)
        os.close(home)
        os.close(there)


def ip16(text):
    return b"\0" * 10 + b"\xff\xff" + socket.inet_aton(text)


def leg(fill, proof, port=PORT, one_use=0, vouched=None):
    return struct.pack("=QBBHHBB32s18s18s16s4x", 0, TOKEN, 0, 0, port, proof, one_use, bytes([fill]) * 32, b"", b"",
                       ip16(vouched) if vouched else b"")


def fail(what):
    sys.exit(f"FAILED: {what}")


class Control(session_control.Control):
    def __init__(self, path):
        self.sequence, self.results, self.states, self.events = 0, {}, {}, []
        self.attach(path)

    def take(self):
        select.select([self.wakes_us], [], [], 0.02)
        while (message := self.incoming.pop()) is not None:
            kind, _, sequence = struct.unpack_from("=HHI", message)
            name, body = NAME[kind], message[8:]
            if name == "RESULT":
                self.results[sequence] = struct.unpack_from("=i", body, 8)[0]
            elif name == "PAIR_STATE":
                self.states[sequence] = [
                    dict(zip(("pkts", "bytes", "withheld"), struct.unpack_from("=QQQ", body, at + 48)),
                         proof=body[at + 27], port=struct.unpack_from("=H", body, at + 30)[0], changing=body[at + 32])
                    for at in (24, 128)]
            elif name.startswith("LEG_"):
                self.events.append(dict(name=name, leg="ab"[body[8]], proof=body[10], bind=body[11],
                                        port=struct.unpack_from("=H", body, 12)[0], address=address(body[14:32])))

    def until(self, what, done, seconds=10):
        deadline = time.monotonic() + seconds
        while not (found := done()):
            if time.monotonic() > deadline:
                fail(f"{what}; events: {self.events}")
            self.take()
        return found

    def order(self, name, body, error=0):
        self.request(name, body)
        sequence = self.sequence
        self.until(f"{name} is answered", lambda: sequence in self.results)
        if self.results[sequence] != -error:
            fail(f"{name}: {self.results[sequence]}, not {-error}")

    def leg_order(self, name, token=b"", vouched=b"", challenge=b"", error=0):
        self.order(name, struct.pack("=QB7x32s16s20s", 7, 1, token, vouched, challenge), error)

    def state(self):
        self.request("PAIR_GET", struct.pack("=Q", 7))
        sequence = self.sequence
        return self.until("PAIR_GET is answered", lambda: self.states.get(sequence))

    def event(self, name, seconds=10, **fields):
        def found():
            for event in self.events:
                if event["name"] == name and all(event[key] == value for key, value in fields.items()):
                    self.events.remove(event)
                    return event
            return None

        return self.until(f"{name} {fields}", found, seconds)

    def no_event(self, what):
        self.state()
        if self.events:
            fail(f"{what}: {self.events}")


class Host:
    def __init__(self, name, where, relay):
        self.name, self.relay = name, relay
        self.socket = in_namespace(name, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.socket.bind((where, 7000))
        self.socket.setblocking(False)
        self.address = where

    def send(self, data, port=PORT):
        self.socket.sendto(data, (self.relay, port))

    def send_as(self, source, data):
        """From that host's address and port."""
        udp = struct.pack("!HHHH", 7000, PORT, 8 + len(data), 0) + data
        header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, socket.inet_aton(source),
                             socket.inet_aton(self.relay))
        with in_namespace(self.name, socket.SOCK_RAW, socket.IPPROTO_RAW) as raw:
            raw.sendto(header + udp, (self.relay, 0))

    def received(self):
        datagrams = []
        while True:
            try:
                datagrams.append(self.socket.recv(2048))
            except BlockingIOError:
                return datagrams


def flood(control, sender, to=1, port=PORT, count=300):
    """All of them have been forwarded to that leg or withheld when it returns. How many were withheld."""
    before = control.state()
    for number in range(count):
        sender.send(struct.pack("!I", number).ljust(SIZE, b"\x40"), port)
        if number % 20 == 0:
            time.sleep(0.001)

    def counted():
        now = control.state()
        passed = now[1 - to]["pkts"] - before[1 - to]["pkts"]
        withheld = now[to]["withheld"] - before[to]["withheld"]
        return (withheld,) if passed + withheld >= count else None

    return control.until("all packets are counted", counted)[0]


def bytes_of(datagrams):
    return sum(len(datagram) + HEADERS for datagram in datagrams)


def unproven(control, alice, bob, victim):
    print("a leg is bound to an address by somebody else", flush=True)
    control.order("PAIR_PUT", struct.pack("=QIIQ", 7, 0, 0, 0) + leg(1, VOUCHED) + leg(2, NEEDED, one_use=1))
    alice.send(b"\1" * 32)
    control.event("LEG_BOUND", leg="a", proof=PROVEN)
    bob.send_as(victim.address, b"\2" * 32)
    control.event("LEG_BOUND", leg="b", proof=UNPROVEN, port=PORT, address=f"{victim.address}:7000")
    if flood(control, alice) < 290:
        fail("an address that nobody has proven got nearly all")
    control.until("a challenge came", lambda: select.select([victim.socket], [], [], 0)[0])
    time.sleep(0.05)
    datagrams = victim.received()
    if not SIZE < bytes_of(datagrams) <= ACCOUNT:
        fail(f"it was sent {bytes_of(datagrams)} bytes")
    if flood(control, alice) != 300:
        fail("a second flood was not withheld")
    control.event("LEG_LIMITED", leg="b", proof=UNPROVEN)
    return next(datagram for datagram in datagrams + victim.received() if len(datagram) == 20)


def prove(control, alice, victim, challenge):
    print("its challenge comes back", flush=True)
    if challenge[:9] != struct.pack("!BQ", 5, 7):
        fail(f"a challenge that begins {challenge[:9].hex()}")
    control.leg_order("LEG_PROVE", challenge=challenge[:19] + bytes([challenge[19] ^ 1]), error=EKEYREJECTED)
    control.leg_order("LEG_PROVE", challenge=challenge)
    control.event("LEG_PROVEN", leg="b", proof=PROVEN)
    if flood(control, alice) != 0:
        fail("a proven address is not sent everything")
    control.until("all have come", lambda: select.select([victim.socket], [], [], 0)[0])
    time.sleep(0.05)
    if len([datagram for datagram in victim.received() if len(datagram) == SIZE]) < 300:
        fail("packets were lost on the way to a proven address")


def tokens(control, alice, bob, victim):
    print("its token binds once", flush=True)
    bob.send(b"\2" * 32)
    victim.send(b"\2" * 32)
    time.sleep(0.2)
    control.no_event("a token of one use moved its leg")
    control.leg_order("LEG_TOKEN", token=b"\1" * 32, error=EADDRINUSE)
    control.leg_order("LEG_TOKEN", token=b"\3" * 32)
    bob.send(b"\2" * 32)
    time.sleep(0.2)
    control.no_event("a former token moved its leg")
    bob.send(b"\3" * 32)
    control.event("LEG_MOVED", leg="b", proof=UNPROVEN, address=f"{bob.address}:7000")
    if any(len(datagram) == 32 for datagram in alice.received()):
        fail("a token was forwarded")
    control.leg_order("LEG_VOUCH", vouched=ip16(bob.address))
    control.event("LEG_PROVEN", leg="b", address=f"{bob.address}:7000")


def change(control, alice, bob):
    print("it changes its port under traffic both ways", flush=True)
    bob.received()
    control.order("LEG_CHANGE", struct.pack("=QB7x", 7, 1) + leg(4, NEEDED, NEXT_PORT, 1, bob.address))
    if control.state()[1]["changing"] != 1:
        fail("PAIR_STATE does not say that a leg is changing")
    to_bob, to_alice, port = set(), set(), PORT
    for number in range(1500):
        alice.send(struct.pack("!I", number) + b"\x40" * 96)
        bob.send(struct.pack("!I", number) + b"\x40" * 96, port if number % 2 or number > 1200 else PORT)
        if number == 500:
            bob.send(b"\4" * 32, NEXT_PORT)
            port = NEXT_PORT
        time.sleep(0.0005)
    control.event("LEG_CHANGED", leg="b", bind=TOKEN, port=NEXT_PORT, proof=PROVEN, address=f"{bob.address}:7000")
    time.sleep(0.2)
    to_bob.update(struct.unpack_from("!I", datagram)[0] for datagram in bob.received() if len(datagram) == 100)
    to_alice.update(struct.unpack_from("!I", datagram)[0] for datagram in alice.received() if len(datagram) == 100)
    if len(to_bob) != 1500 or len(to_alice) != 1500:
        fail(f"lost on the way: {1500 - len(to_bob)} to bob, {1500 - len(to_alice)} to alice; dropped: {control.drops()}")
    if control.state()[1]["port"] != NEXT_PORT or control.state()[1]["changing"] != 0:
        fail(f"PAIR_STATE: {control.state()[1]}")
    print("its former leg ends", flush=True)

    def stopped():
        before = control.state()[1]["pkts"]
        bob.send(b"\x40" * 100, PORT)
        time.sleep(0.05)
        return control.state()[1]["pkts"] == before

    control.until("packets to the old port stop", stopped, 20)


def silence(control, alice, bob):
    print("nothing comes from a leg for 30 s", flush=True)
    alice.received()
    control.event("LEG_UNPROVEN", leg="a", proof=SILENT, seconds=45)
    if flood(control, bob, 0, NEXT_PORT) < 290:
        fail("a silent address got nearly all")
    control.until("some have come", lambda: select.select([alice.socket], [], [], 0)[0])
    time.sleep(0.05)
    datagrams = alice.received()
    if not SIZE < bytes_of(datagrams) <= ACCOUNT:
        fail(f"a silent address was sent {bytes_of(datagrams)} bytes")
    alice.send(b"\x40" * 100)
    control.event("LEG_PROVEN", leg="a", proof=PROVEN)
    if flood(control, bob, 0, NEXT_PORT) != 0:
        fail("an address that speaks again is not sent everything")


def main():
    path, relay = sys.argv[1:3]
    hosts = [Host(*argument.split("="), relay) for argument in sys.argv[3:]]
    control = Control(path)
    alice, bob, victim = hosts
    challenge = unproven(control, alice, bob, victim)
    prove(control, alice, victim, challenge)
    tokens(control, alice, bob, victim)
    change(control, alice, bob)
    silence(control, alice, bob)


if __name__ == "__main__":
    main()

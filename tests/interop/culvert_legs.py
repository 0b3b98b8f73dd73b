# SPDX-License-Identifier: BSD-3-Clause
"""Pairs and their legs, as docs/protocol.md describes them, and the program that speaks through a pair.

The program is bridged: what it sends to a local UDP socket goes into the leg that the pair has at the time, what comes
out of any leg goes to --forward, or to who sent last. Without --bridge a UDP leg is left to the program itself, which
finds the relay port and the token of the latest in the file --legs.
"""

import asyncio
import ipaddress
import os
import socket
import time

import culvert_wire as wire

TOKEN_AGAIN_S = (0, 1, 3, 7)
GIVE_UP_S = 5  # then another kind of leg may do better
OLD_LEG_S = 10
QUEUE_S = 0.05
BURST = 64
BUFFER_BYTES = 4 << 20
PACKET_BYTES = 1452  # of UDP payload, which a path of 1,500 bytes lets through
# A short header with a connection ID of up to 20 bytes, a packet number and the AEAD tag; a DATAGRAM frame's type and
# length; a channel.
PACKET_OVERHEAD = 1 + 20 + 4 + 16 + 3 + 2


def family_of(host):
    return socket.AF_INET if ipaddress.ip_address(host).version == 4 else socket.AF_INET6


def open_socket(host, local=None):
    """One that reads without waiting; connected to nothing, for ICMP errors are no concern of a peer's."""
    sock = socket.socket(family_of(host), socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
    sock.setblocking(False)
    sock.bind(local or ("", 0))
    return sock


def send(sock, data, address):
    try:
        sock.sendto(data, address)
    except OSError:
        pass  # lost, as on any network


def read_burst(sock):
    for _ in range(BURST):
        try:
            yield sock.recvfrom(65536)
        except BlockingIOError:
            return
        except OSError:
            continue


class Program:
    """The local socket of a pair's program."""

    def __init__(self, pair, local, forward):
        self.pair, self.fixed, self.address = pair, forward is not None, forward
        self.local = local
        self.sock = open_socket(local[0], local)
        asyncio.get_running_loop().add_reader(self.sock, self.readable)

    def readable(self):
        for data, address in read_burst(self.sock):
            if not self.fixed:
                self.address = address
            self.pair.send(data)

    def deliver(self, data):
        if self.address is not None:
            send(self.sock, data, self.address)

    def close(self):
        asyncio.get_running_loop().remove_reader(self.sock)
        self.sock.close()


class UdpLeg:
    """A socket of its own, bound by the token."""

    def __init__(self, pair, value):
        self.pair, self.loop = pair, asyncio.get_running_loop()
        self.value, self.bound, self.timers = value, False, []
        host = pair.peer.choose(value["addresses"])
        self.relay = (host, value["port"])
        self.open()
        self.bind()

    def open(self):
        self.sock = open_socket(self.relay[0])
        self.loop.add_reader(self.sock, self.readable)

    def bind(self):
        """Until something comes back; and if nothing does, the network may let only the session through."""
        self.stop_timers()
        self.bound = False
        self.timers = [self.loop.call_later(s, self.send_token) for s in TOKEN_AGAIN_S]
        self.timers.append(self.loop.call_later(GIVE_UP_S, self.pair.no_answer, self))

    def stop_timers(self):
        for timer in self.timers:
            timer.cancel()
        self.timers = []

    def send_token(self):
        self.send(bytes.fromhex(self.value["token"]))

    def new_token(self, token):
        """The one before has bound."""
        self.value["token"] = token
        self.is_bound()

    def is_bound(self):
        if not self.bound:
            self.bound = True
            self.stop_timers()
            self.pair.leg_bound(self)

    def send(self, data):
        send(self.sock, data, self.relay)

    def readable(self):
        for data, address in read_burst(self.sock):
            if address[:2] == self.relay:
                self.received(data)

    def received(self, data):
        if wire.challenged_pair(data) == self.pair.number:
            self.pair.peer.challenged(self.pair, data)
            return
        self.is_bound()
        self.pair.deliver(data)

    def keep_alive(self):
        self.send_token()

    def resume(self, value):
        self.value = value

    def move(self):
        """To another socket, as a NAT or another network would have it."""
        old = self.sock
        self.open()
        self.loop.remove_reader(old)
        old.close()

    def close(self):
        self.stop_timers()
        self.loop.remove_reader(self.sock)
        self.sock.close()


class SharedLeg(UdpLeg):
    """A UDP leg on the session's port, from the session's own socket (--share)."""

    def open(self):
        self.pair.peer.shared = self

    def send(self, data):
        self.pair.peer.session.send_aside(data, self.relay)

    def resume(self, value):
        self.value = value
        self.bind()  # the session has another socket now

    def move(self):
        pass

    def close(self):
        self.stop_timers()
        if self.pair.peer.shared is self:
            self.pair.peer.shared = None


class TunnelLeg:
    bound = True

    def __init__(self, pair, value):
        self.pair, self.value = pair, value
        self.waiting = []  # when each datagram was given to aioquic, which keeps what its window holds back

    def send(self, data):
        session, counts = self.pair.peer.session, self.pair.peer.counts
        if len(data) > PACKET_BYTES - PACKET_OVERHEAD:
            counts["too_big"] += 1
            return
        session.send_datagram(wire.encode_datagram(self.value["channel"], data))
        self.waiting.append(time.monotonic())
        counts["out"] += 1
        self.drop_late(session._quic._datagrams_pending, counts)

    def drop_late(self, pending, counts):
        """Oldest first, as the page advises: QUIC inside the tunnel is to see loss, not seconds of delay."""
        del self.waiting[: max(len(self.waiting) - len(pending), 0)]
        while pending and self.waiting and self.waiting[0] < time.monotonic() - QUEUE_S:
            pending.popleft()
            self.waiting.pop(0)
            counts["late"] += 1

    def resume(self, value):
        self.value, self.waiting = value, []

    def keep_alive(self):
        pass

    def close(self):
        pass


class FileLeg(UdpLeg):
    """Left to a program of its own: there is no socket here."""

    def open(self):
        self.bound = True

    def bind(self):
        pass

    def send(self, data):
        pass

    close = keep_alive = send_token = move = lambda self: None


class Pair:
    """Its number, the program, its leg, and while that changes the one before and the one to come."""

    def __init__(self, peer, made, local, forward):
        self.peer, self.number, self.made = peer, made["pair"], made
        self.room = 65527
        self.coming = None
        self.old = []
        self.program = None
        self.local, self.forward = local, forward
        self.leg = self.make(made["leg"])

    def make(self, value):
        kind, options = value["kind"], self.peer.options
        if kind != wire.TUNNEL_LEG and not options.bridge:
            leg = FileLeg(self, value)
            self.write(f"{leg.relay[0]} {leg.relay[1]} {value['token']}")
            return leg
        if self.program is None:
            self.program = Program(self, self.local, self.forward)
        self.write("{} {} -".format(*self.local))
        if kind == wire.TUNNEL_LEG:
            return TunnelLeg(self, value)
        return (SharedLeg if kind == wire.LISTEN_LEG and options.share else UdpLeg)(self, value)

    def write(self, where):
        path = self.peer.options.legs
        with open(path + ".new", "w") as f:
            f.write(where + "\n")
        os.rename(path + ".new", path)

    def send(self, data):
        if len(data) > self.room:
            self.peer.counts["too_big"] += 1
        else:
            self.leg.send(data)

    def deliver(self, data):
        if self.program is not None:
            self.peer.counts["in"] += isinstance(self.leg, TunnelLeg)
            self.program.deliver(data)

    def resume(self, made):
        """The same pair in the next session; its leg may have changed just when the one before ended."""
        value, had = made["leg"], self.leg.value
        self.made = made
        if value["kind"] == had["kind"] and value.get("port") == had.get("port"):
            self.leg.resume(value)
        else:
            self.change(value)

    def change(self, value):
        """LEG_MADE: in use as soon as it is bound; what still comes by the one before is taken for a while."""
        if self.coming is not None:
            self.coming.close()
        self.coming = self.make(value)
        if self.coming.bound:
            self.leg_bound(self.coming)

    def leg_bound(self, leg):
        if leg is not self.coming:
            return
        before, self.leg, self.coming = self.leg, leg, None
        self.old.append(before)
        asyncio.get_running_loop().call_later(OLD_LEG_S, self.forget, before)
        self.peer.tell(event="leg_changed", pair=self.number, kind=leg.value["kind"])

    def forget(self, leg):
        if leg in self.old:
            self.old.remove(leg)
            leg.close()

    def new_token(self, token):
        (self.coming or self.leg).new_token(token)

    def no_answer(self, leg):
        """A UDP leg by which nothing comes: others take the session's port, or its way."""
        others = wire.LISTEN_LEG | wire.TUNNEL_LEG if leg.value["kind"] == wire.UDP_LEG else wire.TUNNEL_LEG
        if leg in (self.leg, self.coming) and self.peer.kinds & others:
            self.peer.ask_leg(self.number, self.peer.kinds & others)

    def channels(self):
        return [leg.value.get("channel") for leg in [self.leg, *self.old]]

    def close(self):
        for part in [self.leg, self.coming, self.program, *self.old]:
            if part is not None:
                part.close()
        self.old = []

#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Moves numbered datagrams through pairs, both ways at once, and tells what became of each.

udp.py LEGS [--count N] [--size BYTES] [--window N] [--rate N] [--resend]

Run it on both sides. Each sends --count datagrams on every leg of the file LEGS. Without --resend what is lost
stays lost, and is counted. Once both directions work it says "connected" on stderr, and "received N" for every
tenth of them. The last line on stdout is JSON: sent, received, lost, duplicates, changed (damaged on the way),
resent, and the SHA-256 of what was sent and received, in order. SIGUSR1 sends the tokens again.
"""
import argparse
import hashlib
import json
import os
import selectors
import signal
import struct
import sys
import time
import zlib

from legs import open_legs

# kind, number, lowest number missing, one more than the highest received, CRC-32 of all the rest
HEADER = struct.Struct("!4sIIII")
HELLO, HEARD, DATA, ACK, FIN, FIN_ACK = b"HELO", b"HERD", b"DATA", b"ACKS", b"FINS", b"FINA"
BURST = 64
HELLO_EVERY_S = 0.1
TOKEN_EVERY_S = 0.5
STALL_S = 0.3
REPAIR_EVERY_S = 0.05
FIN_EVERY_S = 0.1
LINGER_S = 0.4
SOURCE = os.urandom(1 << 16)


class Exchange:
    """One leg's share. States: greeting -> moving -> finishing -> done."""

    def __init__(self, leg, options):
        self.leg = leg
        self.options = options
        self.state = "greeting"
        self.next = 0  # to be sent
        self.acked = 0
        self.progress_at = 0.0
        self.timer_at = 0.0
        self.token_at = 0.0
        self.started_at = None
        self.repaired = -1
        self.repaired_at = 0.0
        self.got = {}
        self.missing = 0
        self.highest = 0
        self.other_finished = False
        self.ack_due = False
        self.duplicates = self.changed = self.resent = 0
        self.sent_once = 0

    def payload(self, number):
        length = self.options.size - HEADER.size
        start = number * 61 % (len(SOURCE) - length)
        return SOURCE[start : start + length]

    def transmit(self, kind, number=0, payload=b""):
        head = HEADER.pack(kind, number, self.missing, self.highest, 0)[:-4]
        self.leg.send(head + struct.pack("!I", zlib.crc32(payload, zlib.crc32(head))) + payload)
        self.ack_due = False

    def receive(self, datagram, now):
        if len(datagram) < HEADER.size:
            self.changed += 1
            return
        kind, number, missing, highest, crc = HEADER.unpack_from(datagram)
        payload = datagram[HEADER.size :]
        if zlib.crc32(payload, zlib.crc32(datagram[: HEADER.size - 4])) != crc:
            self.changed += 1
            return
        if kind == HELLO:  # proves one direction only: the other leg may be bound a moment later
            self.transmit(HEARD)
        else:
            self.start(now)
        if kind == DATA:
            self.receive_data(number, payload)
        elif kind == FIN:
            self.other_finished = True
            self.transmit(FIN_ACK)
        elif kind == FIN_ACK and self.state == "finishing":
            self.state = "closing"
        if self.options.resend and missing < highest:
            self.repair(missing, now)
        acked = missing if self.options.resend else highest
        if acked > self.acked:
            self.acked = acked
            self.progress_at = now

    def repair(self, number, now):
        """Later ones have arrived: sends this one again, unless that was just done."""
        if number == self.repaired and now - self.repaired_at < REPAIR_EVERY_S:
            return
        self.repaired, self.repaired_at = number, now
        self.resent += 1
        self.transmit(DATA, number, self.payload(number))

    def receive_data(self, number, payload):
        self.ack_due = True
        if number in self.got:
            self.duplicates += 1
            return
        self.got[number] = payload
        self.highest = max(self.highest, number + 1)
        while self.missing in self.got:
            self.missing += 1

    def start(self, now):
        if self.state == "greeting":
            self.state = "moving"
            self.started_at = self.progress_at = now

    def greet(self, now):
        if now >= self.token_at:
            self.token_at = now + TOKEN_EVERY_S
            self.leg.send_token()
        if now >= self.timer_at:
            self.timer_at = now + HELLO_EVERY_S
            self.transmit(HELLO)

    def allowed(self, now):
        """How far the numbers may go by now."""
        limit = self.options.count
        if self.options.window:
            limit = min(limit, self.acked + self.options.window)
        if self.options.rate:
            limit = min(limit, int((now - self.started_at) * self.options.rate) + 1)
        return limit

    def move(self, now):
        limit = self.allowed(now)
        for _ in range(BURST):
            if self.next >= limit:
                break
            self.resent += self.next < self.sent_once
            self.transmit(DATA, self.next, self.payload(self.next))
            self.next += 1
            self.sent_once = max(self.sent_once, self.next)
        if self.acked < self.next and now - self.progress_at > STALL_S:
            self.progress_at = now
            if self.options.resend:
                self.next = self.acked
            elif self.options.window:
                self.acked = self.next  # lost for good
        if self.next == self.options.count and (self.acked == self.next or not self.options.window):
            self.state = "finishing"

    def step(self, now):
        if self.state == "greeting":
            self.greet(now)
        elif self.state == "moving":
            self.move(now)
        elif self.state == "finishing" and now >= self.timer_at:
            self.timer_at = now + FIN_EVERY_S
            self.transmit(FIN)
        if self.ack_due:
            self.transmit(ACK)

    def done(self):
        return self.state == "closing" and self.other_finished

    def hashes(self):
        sent = hashlib.sha256(b"".join(self.payload(n) for n in range(self.options.count)))
        received = hashlib.sha256(b"".join(self.got[n] for n in sorted(self.got)))
        return sent.digest(), received.digest()


class Peer:
    def __init__(self, options):
        self.options = options
        self.exchanges = [Exchange(leg, options) for leg in open_legs(options.legs, options.port)]
        self.selector = selectors.DefaultSelector()
        for exchange in self.exchanges:
            self.selector.register(exchange.leg.sock, selectors.EVENT_READ, exchange)
        self.said = -1
        signal.signal(signal.SIGUSR1, self.send_tokens)

    def send_tokens(self, *_):
        for exchange in self.exchanges:
            exchange.leg.send_token()

    def tell_progress(self):
        if any(exchange.state == "greeting" for exchange in self.exchanges):
            return
        if self.said < 0:
            self.said = 0
            print("connected", file=sys.stderr, flush=True)
        total = self.options.count * len(self.exchanges)
        tenths = sum(len(exchange.got) for exchange in self.exchanges) * 10 // total
        while self.said < tenths:
            self.said += 1
            print(f"received {self.said * total // 10}", file=sys.stderr, flush=True)

    def receive(self, exchange, now):
        for _ in range(BURST):
            try:
                exchange.receive(exchange.leg.sock.recv(4096), now)
            except BlockingIOError:
                return
            except OSError:  # an ICMP error of something sent before
                pass

    def run(self):
        deadline = time.monotonic() + self.options.timeout
        done_at = None
        while True:
            for key, _ in self.selector.select(0.005):
                self.receive(key.data, time.monotonic())
            now = time.monotonic()
            for exchange in self.exchanges:
                exchange.step(now)
            self.tell_progress()
            if all(exchange.done() for exchange in self.exchanges):
                done_at = done_at or now
                if now - done_at > LINGER_S:
                    return
            if now > deadline:
                states = sorted({exchange.state for exchange in self.exchanges})
                raise SystemExit(f"not done in {self.options.timeout} s: {states}, {json.dumps(self.report())}")

    def report(self):
        def total(of):
            return sum(of(exchange) for exchange in self.exchanges)

        sent, received = hashlib.sha256(), hashlib.sha256()
        for exchange in self.exchanges:
            one_sent, one_received = exchange.hashes()
            sent.update(one_sent)
            received.update(one_received)
        got = total(lambda e: len(e.got))
        return {
            "sent": total(lambda e: e.sent_once),
            "received": got,
            "lost": self.options.count * len(self.exchanges) - got,
            "duplicates": total(lambda e: e.duplicates),
            "changed": total(lambda e: e.changed),
            "resent": total(lambda e: e.resent),
            "sha256_sent": sent.hexdigest(),
            "sha256_received": received.hexdigest(),
        }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("legs", help="file of legs: see legs.py")
    parser.add_argument("--count", type=int, default=2000, help="datagrams on each leg")
    parser.add_argument("--size", type=int, default=1200, help="bytes of a datagram")
    parser.add_argument("--window", type=int, default=64, help="datagrams on the way; 0: as many as it takes")
    parser.add_argument("--rate", type=int, default=0, help="datagrams a second on each leg; 0: no limit")
    parser.add_argument("--resend", action="store_true", help="send again what was lost")
    parser.add_argument("--port", type=int, default=0, help="local port of the first leg; the others follow")
    parser.add_argument("--timeout", type=float, default=60, help="seconds")
    peer = Peer(parser.parse_args())
    peer.run()
    print(json.dumps(peer.report()), flush=True)


if __name__ == "__main__":
    main()

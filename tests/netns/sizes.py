#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Checks that a pair changes no byte of any datagram, whatever its size.

sizes.py LEGS ask|answer [--smallest N] [--largest N] [--each N] [--resends N]

`ask` sends a datagram of each size from --smallest to --largest, --each times; `answer` checks the bytes and
answers each with one of the same size and other bytes, which `ask` checks. The bytes follow from side, size and
turn, so each side knows what it must get. A tunnel leg may lose what its session's window holds back for too long, so
there `ask` sends again, up to --resends times in a row, what is not answered in a second. The last line of stdout is
JSON: received, changed, missing.
"""
import argparse
import hashlib
import json
import random
import select
import time

from legs import open_legs

WINDOW = 32
RESEND_AFTER_S = 1.0
LOST_AFTER_S = 10.0  # of silence, on a machine that may be busy
HELLO = {"ask": hashlib.sha256(b"ask").digest()[:20], "answer": hashlib.sha256(b"answer").digest()[:20]}
OTHER = {"ask": "answer", "answer": "ask"}


def contents(side, smallest, largest, each):
    """(size, turn) -> the bytes; 32 of them are never a token, as tokens are random."""
    return {
        (size, turn): random.Random(f"{side} {size} {turn}").randbytes(size)
        for turn in range(each)
        for size in range(smallest, largest + 1)
    }


class Side:
    def __init__(self, options):
        self.side = options.side
        self.timeout = options.timeout
        self.leg = open_legs(options.legs)[0]
        self.to_send = contents(self.side, options.smallest, options.largest, options.each)
        # By its bytes: very short ones may coincide.
        self.expected = {}
        theirs = contents(OTHER[self.side], options.smallest, options.largest, options.each)
        for key, data in theirs.items():
            self.expected.setdefault(data, []).append(key)
        self.total = len(self.to_send)
        self.received = self.changed = 0
        self.greeted = False
        self.known = {}  # those that have come: the key of each
        self.resends = options.resends

    def next_datagrams(self, wait_s):
        select.select([self.leg.sock], [], [], wait_s)
        while True:
            try:
                yield self.leg.sock.recv(4096)
            except BlockingIOError:
                return

    def accept(self, datagram):
        """Which of the expected datagrams this is, or None."""
        if datagram == HELLO[OTHER[self.side]]:
            self.greeted = True
            if self.side == "answer":
                self.leg.send(HELLO["answer"])
            return None
        if not datagram:
            return None
        keys = self.expected.get(datagram)
        if not keys:
            if self.resends and datagram in self.known:
                return self.known[datagram]  # its answer was lost
            self.changed += 1
            return None
        self.received += 1
        self.known[datagram] = keys.pop()
        return self.known[datagram]

    def greet(self):
        """`ask` greets until it is greeted; then both legs are bound. `answer` only sends its token meanwhile, or an
        empty datagram where there is none: a bridge into a pair has to know where it is."""
        deadline = time.monotonic() + self.timeout
        while not self.greeted:
            if time.monotonic() > deadline:
                raise SystemExit(f"the other side was not heard in {self.timeout} s")
            self.leg.send_token()
            if self.side == "ask":
                self.leg.send(HELLO["ask"])
            elif not self.leg.token:
                self.leg.send(b"")
            for datagram in self.next_datagrams(0.2):
                self.answer_one(datagram)  # the first that is asked may come with the greeting

    def answer_one(self, datagram):
        key = self.accept(datagram)
        if key and self.side == "answer":
            self.leg.send(self.to_send[key])

    def ask(self):
        waiting, heard_at, resends = set(), time.monotonic(), self.resends
        keys = iter(self.to_send)
        key = next(keys)
        while key or waiting:
            while key and len(waiting) < WINDOW:
                waiting.add(key)
                self.leg.send(self.to_send[key])
                key = next(keys, None)
            for datagram in self.next_datagrams(0.05):
                heard_at, resends = time.monotonic(), self.resends
                waiting.discard(self.accept(datagram))
            if time.monotonic() - heard_at <= (RESEND_AFTER_S if resends > 0 else LOST_AFTER_S):
                continue
            heard_at = time.monotonic()
            if resends > 0:
                resends -= 1
                for lost in waiting:
                    self.leg.send(self.to_send[lost])
            else:
                waiting.clear()  # lost for good

    def answer(self):
        heard_at = time.monotonic()
        resends_s = self.resends * RESEND_AFTER_S
        while time.monotonic() - heard_at < (
            LOST_AFTER_S + resends_s if self.received < self.total else 2 * resends_s
        ):
            for datagram in self.next_datagrams(0.05):
                heard_at = time.monotonic()
                self.answer_one(datagram)

    def run(self):
        self.greet()
        self.ask() if self.side == "ask" else self.answer()
        return {"received": self.received, "changed": self.changed, "missing": self.total - self.received}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("legs", help="file of legs: see legs.py")
    parser.add_argument("side", choices=["ask", "answer"])
    parser.add_argument("--smallest", type=int, default=1)
    parser.add_argument("--largest", type=int, default=1472)
    parser.add_argument("--each", type=int, default=1)
    parser.add_argument("--resends", type=int, default=0, help="times that what was not answered is sent again")
    parser.add_argument("--timeout", type=float, default=20, help="seconds to wait for the other side")
    print(json.dumps(Side(parser.parse_args()).run()), flush=True)


if __name__ == "__main__":
    main()

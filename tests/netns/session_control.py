#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""A stand-in for culvert-control, for tests of sessions in the data plane alone (lib/shared/message.h, lib/shared/shared.h).

  session_control.py SOCKET [--decide admit|refuse|nothing] [--no-credit] [--no-echo] [--flood BYTES] [--close-after S]

Attaches, asks for a dump, admits (or refuses, or ignores) each session, and sends what comes on a control stream back.
One JSON object per event on standard output.
"""

import argparse
import array
import ctypes
import json
import mmap
import os
import re
import select
import socket
import struct
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
MAGIC = 0x31747265766C7563
SLOT = 256
DATA = 160


def message_types():
    """The numbers of message types, from the list itself."""
    text = open(os.path.join(HERE, "../../lib/shared/message.h")).read()
    names = re.findall(r'X\((\w+), "\w+", (?:CONTROL|DATAPLANE),', text)
    return {name: number for number, name in enumerate(names, 1)}


def shared_version():
    text = open(os.path.join(HERE, "../../lib/shared/shared.h")).read()
    return int(re.search(r"CV_SHARED_VERSION (\d+)", text).group(1))


TYPE = message_types()
NAME = {number: name for name, number in TYPE.items()}
ENDS = re.findall(r'X\(\w+, "(\w+)",\s+"', open(os.path.join(HERE, "../../lib/shared/message.h")).read().split("CV_SESSION_END_LIST")[1])


def listed(file, name):
    """The first words of what an X-macro list of a header has."""
    text = open(os.path.join(HERE, "../../lib/shared", file)).read().split(f"#define {name}(X)")[1]
    return re.findall(r"X\((\w+),", re.split(r"[^\\]\n", text)[0])


class Ring:
    def __init__(self, memory, offset, slots):
        self.memory, self.offset, self.slots = memory, offset, slots

    def position(self, at, value=None):
        word = ctypes.c_uint32.from_buffer(self.memory, self.offset + at)  # one store: struct writes byte by byte
        if value is None:
            return word.value
        word.value = value & 0xFFFFFFFF

    def slot(self, position):
        return self.offset + 128 + (position % self.slots) * SLOT

    def pop(self):
        tail = self.position(64)
        if tail == self.position(0):
            return None
        message = bytes(self.memory[self.slot(tail) : self.slot(tail) + SLOT])
        self.position(64, tail + 1)
        return message

    def push(self, message):
        head = self.position(0)
        while (head - self.position(64)) & 0xFFFFFFFF >= self.slots:
            time.sleep(0.001)
        at = self.slot(head)
        self.memory[at : at + SLOT] = message.ljust(SLOT, b"\0")
        self.position(0, head + 1)


def address(raw):
    ip, port = raw[:16], struct.unpack(">H", raw[16:18])[0]
    if ip[:12] == b"\0" * 10 + b"\xff\xff":
        return f"{socket.inet_ntop(socket.AF_INET, ip[12:])}:{port}"
    return f"[{socket.inet_ntop(socket.AF_INET6, ip)}]:{port}"


class Control:
    def __init__(self, arguments):
        self.arguments = arguments
        self.sessions = {}
        self.sequence = 0
        self.closing = []
        self.attach(arguments.socket)
        self.request("SESSION_DUMP", b"")

    def attach(self, path):
        self.link = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.link.connect(path)
        self.link.send(struct.pack("=QII", MAGIC, shared_version(), 0))
        reply, ancillary, _, _ = self.link.recvmsg(16, socket.CMSG_SPACE(12))
        error = struct.unpack("=QIi", reply)[2]
        if error:
            sys.exit(f"refused: {os.strerror(-error)}")
        fds = array.array("i")
        fds.frombytes(ancillary[0][2])
        self.memory = mmap.mmap(fds[0], 0)
        self.wakes_us, self.wakes_dataplane = fds[1], fds[2]
        slots = struct.unpack_from("=I", self.memory, 32)[0]
        to_control, to_dataplane = struct.unpack_from("=QQ", self.memory, 48)
        self.incoming = Ring(self.memory, to_control, slots)
        self.outgoing = Ring(self.memory, to_dataplane, slots)

    def drops(self):
        """What the first worker has dropped, by reason."""
        at = struct.unpack_from("=Q", self.memory, 72)[0] + 16 + 8 * len(listed("stats.h", "CV_COUNTER_LIST"))
        reasons = listed("drop.h", "CV_DROP_LIST")
        counts = struct.unpack_from(f"={len(reasons)}Q", self.memory, at)
        return {reason.lower(): count for reason, count in zip(reasons, counts) if count}

    def post(self, name, body, sequence=0):
        self.outgoing.push(struct.pack("=HHI", TYPE[name], 0, sequence) + body)
        os.write(self.wakes_dataplane, struct.pack("=Q", 1))

    def request(self, name, body):
        self.sequence += 1
        self.post(name, body, self.sequence)

    def send(self, session, data):
        state = self.sessions[session]
        for at in range(0, len(data), DATA):
            piece = data[at : at + DATA]
            more = at + DATA < len(data)
            self.post(
                "SESSION_SEND",
                struct.pack("=QQBBBB", session, state["sent"], 1, more, len(piece), 0) + piece,
            )
            state["sent"] += len(piece)

    def say(self, event, **fields):
        print(json.dumps({"event": event, **fields}), flush=True)

    def decide(self, session):
        if self.arguments.decide == "admit":
            self.request("SESSION_ADMIT", struct.pack("=QQ", session, 0) + bytes(range(32)))
        elif self.arguments.decide == "refuse":
            self.request("SESSION_REFUSE", struct.pack("=QQ", session, 0xC09))

    def chain(self, session, data):
        state = self.sessions[session]
        state["chain"] += data
        if len(state["chain"]) == state["chain_bytes"]:
            lengths, at = [], 0
            while at < len(state["chain"]):
                lengths.append(int.from_bytes(state["chain"][at : at + 3], "big"))
                at += 3 + lengths[-1]
            self.say("chain", session=session, certificates=lengths)
            self.decide(session)

    def stream(self, session, offset, data):
        state = self.sessions.setdefault(session, {"received": offset, "sent": 0})
        data = data[max(state["received"] - offset, 0) :]  # a dump repeats what has no credit yet
        offset = max(offset, state["received"])
        if not data:
            return
        if offset != state["received"]:
            self.say("gap", session=session, offset=offset, wanted=state["received"])
        state["received"] = offset + len(data)
        self.say("data", session=session, offset=offset, bytes=len(data))
        if not self.arguments.no_credit:
            self.post("SESSION_CREDIT", struct.pack("=QQ", session, state["received"]))
        if not self.arguments.no_echo:
            self.send(session, data)

    def on_message(self, message):
        kind, _, sequence = struct.unpack_from("=HHI", message)
        name = NAME.get(kind, kind)
        session = struct.unpack_from("=Q", message, 8)[0]
        if name == "SESSION_ASK":
            version, chain_bytes = struct.unpack_from("=II", message, 52)
            self.sessions[session] = {"chain": b"", "chain_bytes": chain_bytes, "received": 0, "sent": 0}
            self.say("ask", session=session, address=address(message[16:34]), version=version)
        elif name == "SESSION_DATA":
            offset, what, _, length = struct.unpack_from("=QBBB", message, 16)
            data = message[28 : 28 + length]
            self.chain(session, data) if what == 0 else self.stream(session, offset, data)
        elif name == "SESSION_STATE":
            received, credited, sent = struct.unpack_from("=QQQ", message, 112)
            worker, payload = struct.unpack_from("=HH", message, 54)
            round_trip_us, round_trip_ms_ago = struct.unpack_from("=II", message, 72)
            self.sessions.setdefault(session, {"received": credited, "sent": sent})
            self.say("state", session=session, address=address(message[16:34]), worker=worker, payload=payload,
                     received=received, credited=credited, sent=sent, tag=message[144:176].hex(),
                     ticket=message[80:96].hex(), round_trip_us=round_trip_us, round_trip_ms_ago=round_trip_ms_ago)
        elif name == "SESSION_CLOSED":
            self.say("closed", session=session, code=struct.unpack_from("=Q", message, 16)[0],
                     end=ENDS[message[60]], application=message[61])
            self.sessions.pop(session, None)
        elif name == "SESSION_ADDRESS":
            self.say("address", session=session, address=address(message[24:42]), previous=address(message[42:60]),
                     local=address(message[80:98]))
        elif name == "SESSION_UP":
            self.say("up", session=session, address=address(message[24:42]), ticket=message[64:80].hex(),
                     local=address(message[80:98]))
            self.on_up(session)
        elif name == "SESSION_PROBE":
            self.say("probe", session=session, number=struct.unpack_from("=I", message, 16)[0],
                     address=address(message[20:38]), local=address(message[38:56]))
        elif name == "RESULT":
            self.say("result", session=session, sequence=sequence, error=struct.unpack_from("=i", message, 16)[0])
        else:
            self.say(str(name).lower(), sequence=sequence, count=session)

    def on_up(self, session):
        if self.arguments.flood:
            self.send(session, bytes(self.arguments.flood))
        if self.arguments.close_after is not None:
            self.closing.append((time.monotonic() + self.arguments.close_after, session))

    def run(self):
        while True:
            ready, _, _ = select.select([self.link, self.wakes_us, 0], [], [], 0.05)
            if self.link in ready and not self.link.recv(1):
                return
            if self.wakes_us in ready:
                os.read(self.wakes_us, 4096)
            if 0 in ready and not self.command(sys.stdin.readline().split()):
                return
            while (message := self.incoming.pop()) is not None:
                self.on_message(message)
            while self.closing and self.closing[0][0] <= time.monotonic():
                self.request("SESSION_CLOSE", struct.pack("=QQ", self.closing.pop(0)[1], 0xC0D))

    def command(self, words):
        """dump, ping SESSION, or quit; the end of input is no command."""
        if words == ["dump"]:
            self.request("SESSION_DUMP", b"")
        if words[:1] == ["ping"]:
            self.request("SESSION_PING", struct.pack("=QQ", int(words[1]), 0))
        return words != ["quit"] and words != []


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("socket")
    parser.add_argument("--decide", choices=["admit", "refuse", "nothing"], default="admit")
    parser.add_argument("--no-credit", action="store_true")
    parser.add_argument("--no-echo", action="store_true")
    parser.add_argument("--flood", type=int, default=0, help="bytes to send as one capsule when a session is up")
    parser.add_argument("--close-after", type=float)
    Control(parser.parse_args()).run()


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Writes the seeds of fuzz_ring (see there for their form) into ring/ beside this file."""
import pathlib
import re
import struct

SLOTS, MESSAGE = 4, 256
POP, PUSH, ROOM, SCRIBBLE, JOIN = range(5)
# Numbers come from the list itself: its order is theirs.
LIST = (pathlib.Path(__file__).parents[3] / "lib" / "shared" / "message.h").read_text()
NAMES = re.findall(r"^    X\((\w+), \"", LIST.split("enum cv_message_type")[0], re.M)
TYPE = {name: number for number, name in enumerate(NAMES, 1)}
V4 = bytes(10) + b"\xff\xff" + bytes([192, 0, 2, 1])
V6 = bytes.fromhex("20010db8000000000000000000000001")


def address(ip, port):
    return ip + struct.pack(">H", port)


def message(kind, sequence, content=b""):
    return (struct.pack("<HHI", TYPE[kind], 0, sequence) + content).ljust(MESSAGE, b"\0")


def leg(bind, prefix_length=0, token=bytes(32), where=bytes(18), last=bytes(18)):
    return (struct.pack("<QBBHHBB", 0, bind, prefix_length, 0, 40000, 0, 0) + token + where + last + bytes(16)).ljust(104, b"\0")


def put(*legs):
    return message("PAIR_PUT", 1, struct.pack("<QIIQ", 1, 120, 0, 1250000) + b"".join(legs))


def leg_state(where, bind):
    return struct.pack("<Q18sBBHHBBxxIIQQQ32s", 0, where, bind, 0, 0, 40000, 0, 0, 3, 250, 17, 20400, 0, bytes(range(32)))


def state():
    return message("PAIR_STATE", 2, struct.pack("<QIIQ", 1, 120, 0, 0)
                   + leg_state(address(V4, 4433), 1) + leg_state(bytes(18), 3))


def event(kind, which, cause=0):
    return message(kind, 0, struct.pack("<QBBBBH", 1, which, cause, 1, 1, 40000) + address(V4, 9) + address(V6, 9)
                   + bytes(range(32)))


def change(to):
    return message("LEG_CHANGE", 3, struct.pack("<QB7x", 1, 1) + to)


def order(kind, token=bytes(32)):
    return message(kind, 4, struct.pack("<QB7x", 1, 0) + token + V4 + bytes(20))


def ring(messages, head=None, tail=0):
    head = tail + len(messages) if head is None else head
    memory = struct.pack("<I60xI60x", head & 0xFFFFFFFF, tail & 0xFFFFFFFF)
    slots = [bytes(MESSAGE)] * SLOTS
    for i, content in enumerate(messages):
        slots[(tail + i) % SLOTS] = content
    return memory + b"".join(slots)


def step(operation, count=0, word=0, value=0):
    return struct.pack("<BBHI", operation, count, word, value)


token, fixed = leg(1, token=bytes(range(32))), leg(2, where=address(V6, 4433), last=address(V4, 1))
numbers = struct.pack("<Q", 5)
seeds = {
    "empty": ring([]),
    "pair_put": ring([put(token, fixed), put(leg(3, 128, where=address(V4, 0)), token)]),
    "requests": ring([message("PAIR_DELETE", 1, numbers), message("PAIR_GET", 2, numbers), message("PAIR_DUMP", 3),
                      message("LOG_LEVEL", 4, struct.pack("<I", 7))]),
    "answers": ring([message("RESULT", 1, struct.pack("<Qi", 1, -28)), state(), message("DUMP_END", 2, numbers)]),
    "events": ring([event("LEG_BOUND", 0), event("LEG_MOVED", 1, 2), event("LEG_UNBOUND", 1),
                    message("EVENTS_LOST", 0, numbers)]),
    "legs": ring([change(fixed), order("LEG_TOKEN", bytes(range(32)))]) + step(POP, 4),
    "proofs": ring([order("LEG_VOUCH"), order("LEG_PROVE"), event("LEG_PROVEN", 0), event("LEG_CHANGED", 1)]) + step(POP, 4),
    "probe": ring([message("SESSION_PROBE", 0, struct.pack("<QI", 1, 7) + address(V4, 9) + address(V6, 443)),
                   message("SESSION_PING", 5, numbers)]) + step(POP, 4),
    "idle": ring([message("PAIR_IDLE", 0, numbers), message("PAIR_EXPIRED", 0, numbers)]),
    "wrapped": ring([put(token, fixed), message("PAIR_DUMP", 9), message("PAIR_GET", 3, numbers)], tail=0xFFFFFFFE)
               + step(PUSH, 3) + step(POP, 8) + step(PUSH, 4) + step(POP, 4),
    "full": ring([message("PAIR_DUMP", i) for i in range(1, 5)]) + step(ROOM) + step(PUSH, 8) + step(POP, 1) + step(PUSH, 8),
    "head_ahead": ring([], head=SLOTS + 1) + step(POP, 8) + step(PUSH, 1),
    "head_behind": ring([], head=0, tail=1) + step(POP, 8) + step(JOIN) + step(PUSH, 4) + step(POP, 4),
    "tail_moved": ring([message("PAIR_DUMP", 1)]) + step(SCRIBBLE, 0, 16, 77) + step(ROOM) + step(PUSH, 2)
                  + step(SCRIBBLE, 0, 16, 1) + step(PUSH, 2),
    "type_changed": ring([put(token, fixed)]) + step(SCRIBBLE, 0, 32, 0xFFFF) + step(SCRIBBLE, 0, 0, 2) + step(JOIN)
                    + step(POP, 2),
    "garbage": bytes((i * 167 + (i >> 3) * 31) & 0xFF for i in range(1200)),
    "short": bytes([3, 0, 0, 0]),
}
directory = pathlib.Path(__file__).with_name("ring")
directory.mkdir(exist_ok=True)
for name, content in seeds.items():
    (directory / name).write_bytes(content)

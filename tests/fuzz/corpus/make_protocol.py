#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Writes the seeds of fuzz_capsule and fuzz_datagram (see there for their form) into capsule/ and datagram/ beside
this file: the examples of docs/protocol.md, alone and in a row, and what is wrong with them."""
import pathlib
import re

HERE = pathlib.Path(__file__).parent
DOCUMENT = (HERE.parents[2] / "docs" / "protocol.md").read_text()
PEER, RELAY = 0, 1


def block_bytes(text):
    return bytes.fromhex(" ".join(line.split("#")[0] for line in text.splitlines()))


def examples():
    return [(name, block_bytes(text)) for name, text in re.findall(r"```capsule (\w+)\n(.*?)```", DOCUMENT, re.S)]


def senders():
    return {name: PEER if sender == "peer" else RELAY
            for name, sender in re.findall(r"^\| `0x\w+` \| \[(\w+)\]\S+ \| (peer|relay) \|", DOCUMENT, re.M)}


def write(folder, seeds):
    """Nothing else stays in the folder: the seeds of what the page no longer has are of no use."""
    (HERE / folder).mkdir(exist_ok=True)
    for path in (HERE / folder).iterdir():
        if path.name not in seeds:
            path.unlink()
    for name, content in seeds.items():
        (HERE / folder / name).write_bytes(content)


def varint(number):
    if number < 1 << 6:
        return number.to_bytes(1, "big")
    return (number | 0x4000).to_bytes(2, "big")


def capsule(first, value):
    """With the type, 4 bytes, of that one."""
    return first[:4] + varint(len(value)) + value


def value_of(content):
    return content[5:] if content[4] < 1 << 6 else content[6:]


def wrong_ones(content):
    """What can be wrong with a capsule, or new in it: all of these but the last are no error of the stream if it begins
    with the number of a request or an offer."""
    value = value_of(content)
    return {
        "cut": capsule(content, value[:-1]),
        "unknown": capsule(content, value + bytes.fromhex("406a 03 aaaaaa")),
        "not_understood": capsule(content, value + bytes.fromhex("2b 02 aaaa")),
        "cut_parameter": capsule(content, value + bytes.fromhex("08 3f")),
        "number_0": capsule(content, b"\0" + value[1:]),
    }


def capsule_seeds():
    seeds = {"empty": b"", "no_stream": b"\0\0"}
    sender_of, streams = senders(), {PEER: b"", RELAY: b""}
    grease = bytes.fromhex("17 03 aaaaaa") + bytes.fromhex("c0000000000000a9 4100") + bytes(256)
    for number, (name, content) in enumerate(examples()):
        sender = sender_of[name]
        seeds[f"{number:02}_{name.lower()}"] = bytes([sender, number]) + content
        streams[sender] += content + grease[:5 if number % 3 else None]
        if name in ("REGISTER", "PAIR_REQUEST", "PAIR_OFFER", "PAIR_ACCEPT", "PAIR_MADE", "MESSAGE", "REACHABLE"):
            for fault, changed in wrong_ones(content).items():
                seeds[f"{number:02}_{name.lower()}_{fault}"] = bytes([sender, number]) + changed
    for sender, name in ((PEER, "peer"), (RELAY, "relay")):
        seeds[f"all_from_{name}"] = bytes([sender, 7]) + streams[sender]
        seeds[f"cut_from_{name}"] = bytes([sender, 7]) + streams[sender][:-20]
        seeds[f"wrong_side_{name}"] = bytes([1 - sender, 7]) + streams[sender]
    register = bytes.fromhex("8029e1f0")
    seeds["oversized"] = b"\0\0" + register + bytes.fromhex("5001") + bytes(64)
    seeds["too_short"] = b"\0\0" + register + bytes.fromhex("13") + bytes(64)
    filling = bytes.fromhex("406a 4fe8") + bytes(4072)
    seeds["longest"] = b"\0\0" + register + bytes.fromhex("5000 0007") + bytes(18) + filling
    seeds["long_varints"] = b"\0\3" + bytes.fromhex("c00000000029e1f9 c000000000000002 4011")
    seeds["endless_unknown"] = b"\0\2" + b"\xff" * 60
    seeds["sentence"] = b"\1\5" + bytes.fromhex("8029e1f8 08 01 07 4c0f 03 e282ac")
    services = b"".join(bytes([2, 1, 97 + n]) for n in range(16))
    seeds["services"] = b"\0\5" + capsule(register, b"\0\1" + bytes(18) + services)
    made = next(content for name, content in examples() if name == "PAIR_MADE")
    leg = value_of(made)[:101]
    seeds["unknown_leg"] = b"\1\5" + capsule(made, leg + bytes.fromhex("08 03 aaaaaa"))
    seeds["unknown_leg_empty"] = b"\1\5" + capsule(made, leg + bytes.fromhex("08 00"))
    return seeds


def datagram_seeds():
    example = block_bytes(re.search(r"```datagram\n(.*?)```", DOCUMENT, re.S)[1])
    return {
        "empty": b"", "example": example, "no_payload": b"\x3f", "channel_0": b"\0" + example[1:],
        "highest_channel": b"\x7f\xff" + example[1:], "too_high": b"\x80\0\x40\0" + example[1:],
        "long_form": b"\xc0" + bytes(6) + example, "cut": b"\xc0\0\0",
    }


write("capsule", capsule_seeds())
write("datagram", datagram_seeds())

#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""test_wire.py PROTOCOL.MD: every example and table of the page against culvert_wire.py, in the Test Anything Protocol."""

import base64
import hashlib
import re
import sys

import culvert_wire as wire

PAGE = open(sys.argv[1]).read()
RESULTS = []


def check(good, what):
    RESULTS.append((good, what))


def blocks(language):
    """(argument, bytes, lines) of each fenced block."""
    for argument, text in re.findall(rf"^```{language} ?(\w*)\n(.*?)^```", PAGE, re.M | re.S):
        lines = [line.split("#")[0].strip() for line in text.splitlines()]
        raw = bytes.fromhex("".join(line for line in lines if re.fullmatch(r"([0-9a-f]{2} ?)*", line)))
        yield argument, raw, lines


def rows(head):
    """The cells of a table's rows, by the first words of its head."""
    table = re.search(rf"^\| {re.escape(head)} .*\n\|[-|]+\n((?:\|.*\n)+)", PAGE, re.M).group(1)
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]


def refuses(kind, value):
    try:
        wire.decode(kind, value)
    except wire.WireError:
        return True
    return False


def is_whole(kind, value, read):
    """What is shorter by any number of bytes is refused, or is another capsule: one without the last parameters."""
    for length in range(len(value)):
        if refuses(kind, value[:length]):
            continue
        short = wire.decode(kind, value[:length])
        if short.fields != read.fields or short.parameters == read.parameters:
            return False
    return True


def check_capsules():
    named = set()
    for name, raw, _ in blocks("capsule"):
        named.add(name)
        capsules = list(wire.Stream(wire.CAPSULES[name].side).feed(raw))
        check(len(capsules) == 1 and wire.TYPES[capsules[0][0]].name == name, f"an example of {name} is one capsule")
        kind, value = capsules[0]
        read = wire.decode(kind, value)
        check(wire.encode(name, read.fields, read.parameters) == raw, f"{name} comes out again as it went in")
        check(is_whole(kind, value, read), f"{name} cut short is refused")
        # grease is skipped, what must be understood is named
        extra = value + wire.encode_parameter(hex(wire.PARAMETER_GREASE), "0102")
        check(wire.decode(kind, extra).parameters == read.parameters, f"{name} with a parameter that means nothing")
        extra = value + wire.encode_parameter("0x2b", "")
        check(wire.decode(kind, extra).not_understood == 0x2B, f"{name} with one that must be understood")
    check(named == set(wire.CAPSULES), "each capsule has an example")


def check_tables():
    # PEER_LOOKUP and those after it mean nothing yet: they have no side
    table = {r[1].split("]")[0].strip("["): r for r in rows("type | capsule | sent by")}
    check(set(table) == set(wire.CAPSULES), "the capsules of the page")
    for name, row in table.items():
        capsule = wire.CAPSULES.get(name)
        mine = [f"`{capsule.kind:#x}`", capsule.side, capsule.begins or "", f"{capsule.least} or more"]
        check(mine == [row[0], row[2], row[3], row[4]], f"the row of {name}: {mine}")
    table = {r[1]: r for r in rows("type | parameter")}
    check(set(table) == set(wire.PARAMETER_TYPES), "the parameters of the page")
    for kind, (name, _, places) in wire.PARAMETERS.items():
        row = table[name]
        check(int(row[0].strip("`"), 16) == kind and row[2].split(", ") == places, f"the row of {name}")
    codes = {r[1]: int(r[0].strip("`"), 16) for r in rows("code | name")}
    check(codes == wire.ERRORS, "the error codes of the page")


def check_other_blocks():
    for _, _, lines in blocks("peer-id"):
        text = [line for line in " ".join(lines).split("=")]
        digest = hashlib.sha256(bytes.fromhex(text[0])).digest()
        check(digest == bytes.fromhex(text[1]), "SHA-256 of the key")
        check(base64.b32encode(digest).decode().rstrip("=").lower() == text[2].strip(), "the peer ID as text")
    for _, raw, _ in blocks("probe"):
        check(wire.encode_probe(42, bytes(range(0x70, 0x80)).hex()) == raw, "the probe")
    for _, raw, _ in blocks("datagram"):
        channel, payload = wire.decode_datagram(raw)
        check(channel == 3 and wire.encode_datagram(channel, payload) == raw, "the datagram")


def check_stream():
    close = wire.encode("PAIR_CLOSE", {"pair": 17})
    raw = wire.frame(wire.GREASE, bytes(9000)) + close + wire.frame(wire.GREASE, b"") + close
    for step in (1, 7, len(raw)):
        stream = wire.Stream(wire.PEER)
        got = [c for at in range(0, len(raw), step) for c in stream.feed(raw[at : at + step])]
        check(got == [(0x29E1F9, b"\x11")] * 2, f"what means nothing is skipped, {step} bytes at a time")
    for error, side, raw in (("wrong_side", wire.RELAY, close),
                             ("oversized", wire.PEER, wire.varint(0x29E1F9) + wire.varint(4097))):
        try:
            list(wire.Stream(side).feed(raw))
            check(False, error)
        except wire.WireError as found:
            check(found.error == error, error)


def check_limits():
    of_request = wire.varint(7) + bytes(31)
    try:
        wire.decode(0x29E1F3, of_request)
        check(False, "a request that is too short")
    except wire.WireError as found:
        check(found.number == 7, "a request that is wrong after its number is known by it")
    value = wire.CAPSULES["OBSERVED_ADDRESS"]
    good = {"probe": 0, "ip": "203.0.113.7", "port": 1, "relay_ip": "192.0.2.1", "relay_port": 1}
    for ip in ("127.0.0.1", "::1", "224.0.0.1", "::ffff:192.0.2.1", "0.0.0.0", "ff02::1"):
        try:
            value.put({**good, "ip": ip})
            check(False, f"{ip} as an address")
        except wire.WireError:
            check(True, f"{ip} is no address")
    twice = wire.encode("PAIR_ACCEPT", {"offer": 5, "kinds": 1}, {"DATA": ["a", "b"]})
    check(refuses(0x29E1F5, twice[5:]), "a parameter twice")


def main():
    check_capsules()
    check_tables()
    check_other_blocks()
    check_stream()
    check_limits()
    print(f"1..{len(RESULTS)}")
    for at, (good, what) in enumerate(RESULTS, 1):
        print(f"{'ok' if good else 'not ok'} {at} - {what}")
    return 0 if all(good for good, _ in RESULTS) else 1


if __name__ == "__main__":
    sys.exit(main())

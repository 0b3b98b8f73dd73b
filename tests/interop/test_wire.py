#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""test_wire.py PROTOCOL.MD: every example and table of the page against culvert_wire.py, in the Test Anything Protocol."""

import base64
import hashlib
import re
import sys

import culvert_wire as wire
from culvert_order import Order

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


A = "uhurkycu4bh2zcm25hzhkezm3qd2lw6e5iwcvu5b77dobustnapq"
OTHER = {"asked": A, "instance": "00" * 16, "ids": [A]}
TUNNEL = {"kind": wire.TUNNEL_LEG, "channel": 1}
REGISTER = {"minor": 0, "kinds": wire.TUNNEL_LEG, "instance": "00" * 16, "reachable": {"by": 0, "ids": []}}
REGISTERED = ("REGISTERED", {"pairs": 1})
ASK = ("PAIR_REQUEST", {"request": 1, "peer": A, "kinds": 2})
REFUSED = ("REFUSED", {"origin": 1, "number": 1})
OFFER = ("PAIR_OFFER", {"offer": 5, "seconds": 30, "other": OTHER})
ACCEPT = ("PAIR_ACCEPT", {"offer": 5, "kinds": 2})
GO_AWAY, STAY, CLOSED = ("GO_AWAY", {}), ("STAY", {}), ("PAIR_CLOSED", {"pair": 17})


def made(origin, number, leg=TUNNEL, pair=17):
    return "PAIR_MADE", {"origin": origin, "number": number, "pair": pair, "leg": leg}


def in_order(*steps, resumed=0):
    """After REGISTER; what the peer says is sent, the rest comes."""
    order = Order()
    order.sent_raw(wire.encode("REGISTER", REGISTER))
    try:
        for name, fields in steps:
            if wire.CAPSULES[name].side == wire.PEER:
                order.sent_raw(wire.encode(name, fields))
            else:
                order.check(wire.Read(name, fields, {"RESUMED": resumed} if resumed else {}, None))
    except wire.WireError as error:
        return error.error != "out_of_order"
    return True


def check_order():
    up = REGISTERED
    udp = {"kind": wire.UDP_LEG}
    good = [
        [up, ASK, made(1, 1), CLOSED], [up, ASK, REFUSED], [up, OFFER, ACCEPT, made(2, 5)], [up, GO_AWAY, STAY, OFFER],
        [GO_AWAY], [up, OFFER, ("REFUSED", {"origin": 2, "number": 5})], [up, GO_AWAY, GO_AWAY],
    ]
    bad = [
        [("STAY", {})], [up, up], [GO_AWAY, up], [OFFER], [up, OFFER, OFFER], [up, OFFER, made(2, 5)], [up, made(1, 1)],
        [up, REFUSED], [up, ASK, REFUSED, REFUSED], [up, ASK, made(1, 1, udp)], [up, made(3, 0)], [up, CLOSED],
        [up, GO_AWAY, OFFER], [up, STAY], [up, ASK, made(1, 1), OFFER, ACCEPT, made(2, 5, pair=18)],
        [up, ASK, made(1, 1), CLOSED, CLOSED], [up, ("DONE", {"request": 1})],
    ]
    for steps in good:
        check(in_order(*steps), f"in order: {[name for name, _ in steps]}")
    for steps in bad:
        check(not in_order(*steps), f"out of order: {[name for name, _ in steps]}")
    check(in_order(up, made(3, 0), resumed=1), "a pair that is resumed")
    check(not in_order(up, made(3, 0), made(3, 0, pair=18), resumed=1), "more pairs than are resumed")


def main():
    check_capsules()
    check_tables()
    check_other_blocks()
    check_stream()
    check_limits()
    check_order()
    print(f"1..{len(RESULTS)}")
    for at, (good, what) in enumerate(RESULTS, 1):
        print(f"{'ok' if good else 'not ok'} {at} - {what}")
    return 0 if all(good for good, _ in RESULTS) else 1


if __name__ == "__main__":
    sys.exit(main())

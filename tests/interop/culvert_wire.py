# SPDX-License-Identifier: BSD-3-Clause
"""How docs/protocol.md puts things into bytes, written from that page: capsules, parameters, DATAGRAMs, probes,
challenges. Values are those of culvert_fields.py.

  encode("PAIR_CLOSE", {"pair": 17})   bytes of the whole capsule
  decode(type, value)                  a Read, or WireError
  Stream(side).feed(bytes)             (type, value) of each whole capsule; skips what it does not know
"""

from culvert_fields import (
    ADDRESSES, CHANNEL_MAX, ID, LISTEN_LEG, PORT, TOKEN_BYTES, TUNNEL_LEG, UDP_LEG, Address, Bytes, Fields, Hex,
    Kinds, Leg, List, Number, Reachable, Reader, Rest, WireError, malformed, varint)

CAPSULE_BYTES = 4096
SMALL_BYTES = 20  # of a probe, a challenge or a filter test
GREASE = 0x29 * 0x10000 + 0x17
PARAMETER_GREASE = 0x52 * 0x100 + 0x6A

ERRORS = {name: 0xC00 + at for at, name in enumerate(
    "none internal malformed oversized wrong_side out_of_order bad_datagram stream_closed too_late not_admitted"
    " replaced relay_full going_away operator not_allowed no_such_peer too_many_pairs no_common_leg not_wanted"
    " busy no_answer peer_gone peer_closed idle not_reading bad_request not_understood not_offered no_such_pair"
    " no_such_service too_many too_many_instances crossed".split())}
ERROR_NAMES = {code: name for name, code in ERRORS.items()}

REQUEST = NUMBER = Number(1)
OTHER = Fields(asked=ID(), instance=Hex(16), ids=List(Number(1, 8), ID()))
SENTENCE = Bytes(Number(0, 255, size=1), people=True)
MESSAGE = Bytes(Number(1, 1024))
CODE = Bytes(Number(1, 64))
NAME = Bytes(Number(1, 63), people=True)
SECONDS = Number(0, 604800)
LATER_SECONDS = Number(1, 604800)
PROBE = Number(0, 0xFFFFFF)

PEER, RELAY = "peer", "relay"
CAPSULES = {}
TYPES = {}


class Capsule(Fields):
    def __init__(self, kind, name, side, /, **fields):
        super().__init__(**fields)
        self.kind, self.name, self.side = kind, name, side
        first = next(iter(fields), None)
        own = (PEER, "request"), (PEER, "offer"), (RELAY, "offer")
        self.begins = first if (side, first) in own else None
        CAPSULES[name] = TYPES[kind] = self


Capsule(0x29E1F0, "REGISTER", PEER, minor=Number(), kinds=Kinds(), instance=Hex(16), reachable=Reachable())
Capsule(0x29E1F1, "REGISTERED", RELAY, minor=Number(), id=ID(), pairs=Number(0, 65535), idle=SECONDS, port=PORT,
        addresses=ADDRESSES, first=PORT, last=PORT)
Capsule(0x29E1F2, "OBSERVED_ADDRESS", RELAY, probe=PROBE, ip=Address(), port=PORT, relay_ip=Address(),
        relay_port=PORT)
Capsule(0x29E1F3, "PAIR_REQUEST", PEER, request=REQUEST, peer=ID(), kinds=Kinds())
Capsule(0x29E1F4, "PAIR_OFFER", RELAY, offer=REQUEST, seconds=Number(1, 600), other=OTHER)
Capsule(0x29E1F5, "PAIR_ACCEPT", PEER, offer=REQUEST, kinds=Kinds())
Capsule(0x29E1F6, "PAIR_REFUSE", PEER, offer=REQUEST, code=Number())
Capsule(0x29E1F7, "PAIR_MADE", RELAY, origin=Number(1, 3, size=1), number=Number(), pair=NUMBER, pair_id=Hex(16),
        role=Number(1, 2), other=OTHER, leg=Leg())
Capsule(0x29E1F8, "REFUSED", RELAY, origin=Number(1, 2, size=1), number=NUMBER, code=Number(), text=SENTENCE)
Capsule(0x29E1F9, "PAIR_CLOSE", PEER, pair=NUMBER)
Capsule(0x29E1FA, "PAIR_CLOSED", RELAY, pair=NUMBER, code=Number())
Capsule(0x29E1FB, "TUNNEL_LIMIT", RELAY, frame=Number(0, 65535))
Capsule(0x29E1FC, "GO_AWAY", RELAY, seconds=Number(0, 86400), port=Number(0, 65535, size=2),
        addresses=List(Number(0, 8, size=1), Address()))
Capsule(0x29E1FD, "STAY", RELAY)
Capsule(0x29E1FE, "DONE", RELAY, request=REQUEST)
Capsule(0x29E1FF, "LEG_REQUEST", PEER, request=REQUEST, pair=NUMBER, kinds=Kinds())
Capsule(0x29E200, "LEG_MADE", RELAY, request=REQUEST, pair=NUMBER, leg=Leg())
Capsule(0x29E201, "LEG_TOKEN", RELAY, pair=NUMBER, token=Hex(TOKEN_BYTES))
Capsule(0x29E202, "OTHER_LEG", RELAY, pair=NUMBER, kind=Number(), bytes=Number(0, 65527))
Capsule(0x29E203, "CHALLENGE_ANSWER", PEER, challenge=Hex(SMALL_BYTES))
Capsule(0x29E204, "REACHABLE", PEER, request=REQUEST, reachable=Reachable())
Capsule(0x29E205, "MESSAGE", PEER, request=REQUEST, peer=ID(), message=MESSAGE)
Capsule(0x29E206, "MESSAGE_FROM", RELAY, other=OTHER, message=MESSAGE)
Capsule(0x29E207, "LIMITED", RELAY, what=Number(), pair=Number(), ms=Number(0, 3600000))
# Later
Capsule(0x29E208, "FILTER_TEST", PEER, request=REQUEST, probe=Number(1, 0xFFFFFF), place=Number(1, 2))
Capsule(0x29E209, "NAME_CLAIM", PEER, request=REQUEST, name=NAME, seconds=LATER_SECONDS)
Capsule(0x29E20A, "NAME_RELEASE", PEER, request=REQUEST, name=NAME)
Capsule(0x29E20B, "NAME_CLAIMED", RELAY, request=REQUEST, name=NAME, seconds=LATER_SECONDS)
Capsule(0x29E20C, "ENROL", PEER, request=REQUEST, code=CODE, certificate_request=Bytes(Number(1, 3500)))
Capsule(0x29E20D, "CERTIFICATE", RELAY, request=REQUEST, certificates=Bytes(Number(1, 4000)))
Capsule(0x29E20E, "CODE_OPEN", PEER, request=REQUEST, seconds=LATER_SECONDS)
Capsule(0x29E20F, "CODE_OPENED", RELAY, request=REQUEST, rendezvous=NUMBER, code=CODE)
Capsule(0x29E210, "CODE_JOIN", PEER, request=REQUEST, code=CODE)
Capsule(0x29E211, "CODE_JOINED", RELAY, request=Number(), rendezvous=NUMBER, guest=Number())
Capsule(0x29E213, "CODE_MESSAGE", PEER, request=REQUEST, rendezvous=NUMBER, guest=Number(), message=MESSAGE)
Capsule(0x29E214, "CODE_MESSAGE_FROM", RELAY, rendezvous=NUMBER, guest=Number(), message=MESSAGE)
Capsule(0x29E215, "CODE_CLOSE", PEER, request=REQUEST, rendezvous=NUMBER)
Capsule(0x29E216, "CODE_CLOSED", RELAY, rendezvous=NUMBER, guest=Number(), code=Number())

ASKS = "PAIR_REQUEST PAIR_OFFER PAIR_MADE MESSAGE MESSAGE_FROM"
PARAMETERS = {kind: (name, field, capsules.split()) for kind, name, field, capsules in (
    (0x02, "SERVICE", Rest(Number(1, 64), people=True), "REGISTER " + ASKS),
    (0x04, "RESUME", Hex(32), "REGISTER"),
    (0x06, "INSTANCE", Hex(16), "PAIR_REQUEST MESSAGE"),
    (0x08, "DATA", Rest(Number(0, 512)), "PAIR_REQUEST PAIR_OFFER PAIR_ACCEPT PAIR_REFUSE PAIR_MADE REFUSED"),
    (0x0A, "RELAY_ID", ID(), "GO_AWAY"),
    (0x0C, "PARAMETER", Number(), "REFUSED"),
    (0x10, "RESUMPTION_TOKEN", Hex(32), "REGISTERED"),
    (0x12, "RESUMPTION_TIME", SECONDS, "REGISTERED"),
    (0x14, "RESUMED", Number(0, 65535), "REGISTERED"),
    (0x16, "TICKET", Hex(16), "REGISTERED"),
    (0x18, "KINDS", Number(), "REGISTERED"),
    (0x1A, "INSTANCES", NUMBER, "REGISTERED"),
    (0x1C, "TUNNEL_LEGS", Number(0, CHANNEL_MAX), "REGISTERED"),
    (0x1E, "RATE_BYTES", Number(), "REGISTERED"),
    (0x20, "RATE_PACKETS", Number(), "REGISTERED"),
    (0x22, "MESSAGES", Number(), "REGISTERED"),
    (0x24, "MESSAGE_BYTES", Number(0, 1024), "REGISTERED"),
    (0x26, "REQUESTS", Number(), "REGISTERED"),
)}
PARAMETER_TYPES = {name: kind for kind, (name, _, _) in PARAMETERS.items()}
SERVICES_MAX = 16


class Read:
    """A capsule that came: its name, fields, parameters by name (SERVICE of REGISTER: a list), and the type of a
    parameter that had to be understood and was not."""

    def __init__(self, name, fields, parameters, not_understood):
        self.name, self.fields, self.parameters, self.not_understood = name, fields, parameters, not_understood


def encode_parameter(name, value):
    """Of a name, or of any type ("0x2b") with its value in hex."""
    if name in PARAMETER_TYPES:
        kind = PARAMETER_TYPES[name]
        raw = PARAMETERS[kind][1].put(value)
    else:
        kind, raw = int(name, 0), bytes.fromhex(value)
    return varint(kind) + varint(len(raw)) + raw


def frame(kind, value):
    return varint(kind) + varint(len(value)) + value


def encode(name, fields, parameters=None):
    value = CAPSULES[name].put(fields)
    for parameter, content in (parameters or {}).items():
        for one in content if isinstance(content, list) else [content]:
            value += encode_parameter(parameter, one)
    if len(value) > CAPSULE_BYTES:
        raise WireError("oversized", f"{name} has {len(value)} bytes")
    return frame(CAPSULES[name].kind, value)


def read_parameters(name, reader):
    parameters, unknown, seen = {}, None, set()
    while reader.left():
        kind = reader.number()
        inner = Reader(reader.take(reader.number()))
        parameter, field, places = PARAMETERS.get(kind, (None, None, ()))
        if name not in places:
            unknown = kind if kind % 2 and unknown is None else unknown
            continue
        value = field.take(inner)
        several = (parameter, name) == ("SERVICE", "REGISTER")
        if inner.left() or (kind in seen and not several):
            raise malformed(f"{parameter} is too long, or there twice")
        seen.add(kind)
        if several:
            parameters.setdefault(parameter, []).append(value)
        else:
            parameters[parameter] = value
    if len(parameters.get("SERVICE", [])) > SERVICES_MAX and name == "REGISTER":
        raise malformed("too many services")
    return parameters, unknown


def decode(kind, value):
    capsule, reader = TYPES[kind], Reader(value)
    number = capsule.fields[capsule.begins].take(reader) if capsule.begins else None
    reader.at = 0
    try:
        fields = capsule.take(reader)
        parameters, unknown = read_parameters(capsule.name, reader)
    except WireError as error:
        error.number = number
        raise
    return Read(capsule.name, fields, parameters, unknown)


class Stream:
    """The control stream, from `side`. What it does not know it skips without keeping it."""

    def __init__(self, side):
        self.side, self.held, self.skip = side, b"", 0

    def header(self):
        reader = Reader(self.held)
        try:
            return reader.number(), reader.number(), reader.at
        except WireError:
            return None

    def feed(self, data):
        self.held += data
        while True:
            skipped = min(self.skip, len(self.held))
            self.held, self.skip = self.held[skipped:], self.skip - skipped
            if self.skip or (header := self.header()) is None:
                return
            kind, length, start = header
            if kind not in TYPES:
                self.skip = start + length
                continue
            if TYPES[kind].side != self.side:
                raise WireError("wrong_side", TYPES[kind].name)
            if length > CAPSULE_BYTES:
                raise WireError("oversized", TYPES[kind].name)
            if len(self.held) < start + length:
                return
            value, self.held = self.held[start : start + length], self.held[start + length :]
            yield kind, value


# ---- Datagrams ----


def encode_datagram(channel, payload):
    return varint(channel) + payload


def decode_datagram(data):
    reader = Reader(data)
    try:
        return reader.number(), data[reader.at :]
    except WireError:
        raise WireError("bad_datagram", "it ends within its channel number") from None


def encode_probe(number, ticket):
    return b"\x04" + Number(1, 0xFFFFFF, size=3).put(number) + Hex(16).put(ticket)


def challenged_pair(data):
    """The pair of a challenge, or None."""
    return int.from_bytes(data[1:9], "big") if len(data) == SMALL_BYTES and data[0] == 5 else None

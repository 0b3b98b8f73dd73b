# SPDX-License-Identifier: BSD-3-Clause
"""How docs/protocol.md puts things into bytes, written from that page: capsules, parameters, DATAGRAMs, probes, challenges.

Values are what JSON has: numbers, addresses as text, IDs as their base32, other bytes as hex, and the application's own
bytes (DATA, messages, names) as text, in which what is no UTF-8 survives as surrogates.

  encode("PAIR_CLOSE", {"pair": 17})                  bytes of the whole capsule
  decode(type, value)                                 a Read, or WireError
  Stream().feed(bytes)                                the (type, value) of each whole capsule; skips what it does not know
"""

import base64
import ipaddress

VARINT_MAX = 2**62 - 1
CAPSULE_BYTES = 4096
TOKEN_BYTES = 32
SMALL_BYTES = 20  # of a probe, a challenge or a filter test
CHANNEL_MAX = 16383
UDP_LEG, TUNNEL_LEG, LISTEN_LEG = 1, 2, 4
KINDS = UDP_LEG | TUNNEL_LEG | LISTEN_LEG
GREASE = 0x29 * 0x10000 + 0x17
PARAMETER_GREASE = 0x52 * 0x100 + 0x6A

ERRORS = {name: 0xC00 + at for at, name in enumerate(
    "none internal malformed oversized wrong_side out_of_order bad_datagram stream_closed too_late not_admitted replaced"
    " relay_full going_away operator not_allowed no_such_peer too_many_pairs no_common_leg not_wanted busy no_answer"
    " peer_gone peer_closed idle not_reading bad_request not_understood not_offered no_such_pair no_such_service too_many"
    " too_many_instances crossed".split())}
ERROR_NAMES = {code: name for name, code in ERRORS.items()}


class WireError(Exception):
    """`error` is the code by which it ends the session; or, where `number` is set, that request or offer alone."""

    def __init__(self, error, text):
        super().__init__(text)
        self.error = error
        self.number = None


def malformed(text):
    return WireError("malformed", text)


def varint(number):
    for bits, size in ((6, 1), (14, 2), (30, 4), (62, 8)):
        if number < 1 << bits:
            return (number | ({1: 0, 2: 1, 4: 2, 8: 3}[size] << (8 * size - 2))).to_bytes(size, "big")
    raise malformed(f"{number} does not fit into a varint")


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, count):
        if count > len(self.data) - self.at:
            raise malformed("it ends within a field")
        self.at += count
        return self.data[self.at - count : self.at]

    def number(self):
        first = self.take(1)[0]
        return int.from_bytes(bytes([first & 0x3F]) + self.take((1 << (first >> 6)) - 1), "big")

    def left(self):
        return len(self.data) - self.at


# ---- Fields: each has put(value) -> bytes, take(reader) -> value, and the least bytes it can have ----


class Number:
    least = 1

    def __init__(self, low=0, high=VARINT_MAX, size=None):
        self.low, self.high, self.size = low, high, size
        self.least = size or 1

    def check(self, value):
        if not self.low <= value <= self.high:
            raise malformed(f"{value} is not within {self.low} and {self.high}")
        return value

    def put(self, value):
        self.check(value)
        return value.to_bytes(self.size, "big") if self.size else varint(value)

    def take(self, reader):
        return self.check(int.from_bytes(reader.take(self.size), "big") if self.size else reader.number())


class Kinds(Number):
    """A set of kinds of leg; those that are not known are left out."""

    def take(self, reader):
        return super().take(reader) & KINDS


class Hex:
    def __init__(self, size):
        self.least = size

    def put(self, value):
        raw = bytes.fromhex(value)
        if len(raw) != self.least:
            raise malformed(f"{len(raw)} bytes instead of {self.least}")
        return raw

    def take(self, reader):
        return reader.take(self.least).hex()


class ID:
    least = 32

    def put(self, value):
        return Hex(32).put(base64.b32decode(value.upper() + "====").hex())

    def take(self, reader):
        return base64.b32encode(reader.take(32)).decode().rstrip("=").lower()


class Address:
    least = 5

    def check(self, ip):
        mapped = ip.version == 6 and ip.ipv4_mapped is not None
        if ip.is_multicast or ip.is_loopback or ip.is_unspecified or mapped or str(ip) == "255.255.255.255":
            raise malformed(f"{ip} is no address for this")
        return ip

    def put(self, value):
        ip = self.check(ipaddress.ip_address(value))
        return bytes([ip.version]) + ip.packed

    def take(self, reader):
        size = {4: 4, 6: 16}.get(reader.take(1)[0])
        if size is None:
            raise malformed("an address that is neither 4 nor 6")
        return str(self.check(ipaddress.ip_address(reader.take(size))))


class List:
    def __init__(self, count, item):
        self.count, self.item = count, item
        self.least = count.least + count.low * item.least

    def put(self, value):
        return self.count.put(len(value)) + b"".join(self.item.put(v) for v in value)

    def take(self, reader):
        return [self.item.take(reader) for _ in range(self.count.take(reader))]


class Bytes:
    """Bytes behind their number. `people`: UTF-8 without control characters."""

    def __init__(self, length, people=False):
        self.length, self.people = length, people
        self.least = length.least + length.low

    def check(self, raw):
        try:
            text = raw.decode("utf-8", "strict" if self.people else "surrogateescape")
        except UnicodeDecodeError:
            raise malformed("no UTF-8") from None
        if self.people and any(ord(c) < 0x20 or 0x7F <= ord(c) < 0xA0 or c in "\u2028\u2029" for c in text):
            raise malformed("a control character")
        return text

    def put(self, value):
        raw = value.encode("utf-8", "surrogateescape")
        self.check(raw)
        return self.length.put(len(raw)) + raw

    def take(self, reader):
        return self.check(reader.take(self.length.take(reader)))


class Rest(Bytes):
    """The same without the number, to the end of a parameter."""

    def put(self, value):
        return super().put(value)[len(varint(len(value.encode("utf-8", "surrogateescape")))):]

    def take(self, reader):
        self.length.check(reader.left())
        return self.check(reader.take(reader.left()))


class Fields:
    """Several fields, one after the other: a dict."""

    def __init__(self, **fields):
        self.fields = fields
        self.least = sum(field.least for field in fields.values())

    def put(self, value):
        return b"".join(field.put(value[name]) for name, field in self.fields.items())

    def take(self, reader):
        return {name: field.take(reader) for name, field in self.fields.items()}


class Reachable:
    """{"by": 0, "ids": []}"""

    fields = Fields(by=Number(0, 2), ids=List(Number(0, 120), ID()))
    least = fields.least

    def check(self, value):
        if value["by"] != 1 and value["ids"]:
            raise malformed("peers are listed, and the list means nothing")
        return value

    def put(self, value):
        return self.fields.put(self.check(value))

    def take(self, reader):
        return self.check(self.fields.take(reader))


ADDRESSES = List(Number(1, 8, size=1), Address())
PORT = Number(1, 65535, size=2)


class Leg:
    """{"kind": 1, ...}; of a kind that is not known {"kind": N, "unknown": hex}."""

    least = 2
    udp = Fields(port=PORT, addresses=ADDRESSES, token=Hex(TOKEN_BYTES))
    inner = {UDP_LEG: udp, LISTEN_LEG: udp, TUNNEL_LEG: Fields(channel=Number(1, CHANNEL_MAX))}

    def put(self, value):
        fields = self.inner.get(value["kind"])
        raw = fields.put(value) if fields else bytes.fromhex(value["unknown"])
        return varint(value["kind"]) + varint(len(raw)) + raw

    def take(self, reader):
        kind = reader.number()
        inner = Reader(reader.take(reader.number()))
        if kind not in self.inner:
            return {"kind": kind, "unknown": inner.data.hex()}
        leg = {"kind": kind, **self.inner[kind].take(inner)}
        if inner.left():
            raise malformed("a leg that is longer than its fields")
        return leg


# ---- What there is ----

REQUEST = NUMBER = Number(1)
OTHER = Fields(asked=ID(), instance=Hex(16), ids=List(Number(1, 8), ID()))
SENTENCE = Bytes(Number(0, 255, size=1), people=True)
MESSAGE = Bytes(Number(1, 1024))
CODE = Bytes(Number(1, 64))
NAME = Bytes(Number(1, 63), people=True)
SECONDS = Number(0, 604800)
LATER_SECONDS = Number(1, 604800)
PROBE = Number(0, 0xFFFFFF)
NUMBERED = {"request": REQUEST}

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
Capsule(0x29E1F2, "OBSERVED_ADDRESS", RELAY, probe=PROBE, ip=Address(), port=PORT, relay_ip=Address(), relay_port=PORT)
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
    """A capsule that came: its name, fields, parameters by name (SERVICE of REGISTER: a list), and the type of a parameter
    that had to be understood and was not."""

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

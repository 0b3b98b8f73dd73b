# SPDX-License-Identifier: BSD-3-Clause
"""The fields of docs/protocol.md. Each has put(value) -> bytes, take(reader) -> value, and the least
bytes it can have.

Values are what JSON has: numbers, addresses as text, IDs as their base32, other bytes as hex, and the
application's own bytes (DATA, messages, names) as text, in which what is no UTF-8 survives as surrogates.
"""

import base64
import ipaddress

VARINT_MAX = 2**62 - 1
TOKEN_BYTES = 32
CHANNEL_MAX = 16383
UDP_LEG, TUNNEL_LEG, LISTEN_LEG = 1, 2, 4
KINDS = UDP_LEG | TUNNEL_LEG | LISTEN_LEG


class WireError(Exception):
    """`error` is the code by which it ends the session; or, where `number` is set, that request or offer alone."""

    def __init__(self, error, text):
        super().__init__(text)
        self.error = error
        self.number = None


def malformed(text):
    return WireError("malformed", text)


def varint(number):
    for prefix in range(4):
        bits = 8 * (1 << prefix) - 2
        if number < 1 << bits:
            return (number | prefix << bits).to_bytes(1 << prefix, "big")
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

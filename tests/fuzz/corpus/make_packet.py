#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Writes the seeds of fuzz_packet (see there for their form) into packet/ beside this file."""
import ipaddress
import pathlib
import struct

FRAME, BURST, KEEPER = range(3)
BY_PORT_1, FIX_HEADER, EXACT, STRIPPED, CHECKSUM_GOOD, NO_HEADROOM = (1 << bit for bit in range(6))
V4, V6, VLAN_V4 = "192.0.2.1", "2001:db8::1", "198.51.100.1"
A, B = ("203.0.113.1", 1000), ("203.0.113.2", 2000)
SIX, STRANGER = ("2001:db8:9::9", 9000), ("203.0.113.99", 9999)
CID = b"8 bytes of it and 12"


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ether(kind, content, vlan=None):
    tag = b"" if vlan is None else struct.pack(">HH", 0x8100, vlan)
    return bytes.fromhex("02aa00000000" "020000000001") + tag + struct.pack(">H", kind) + content


def ip(source, destination, protocol, content, vlan=None, ttl=64):
    a, b = (ipaddress.ip_address(x).packed for x in (source, destination))
    if len(a) == 16:
        return ether(0x86DD, struct.pack(">IHBB", 6 << 28, len(content), protocol, ttl) + a + b + content, vlan)
    header = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(content), 0, 0x4000, ttl, protocol, 0) + a + b
    header = header[:10] + struct.pack(">H", checksum(header)) + header[12:]
    return ether(0x0800, header + content, vlan)


def pseudo(source, destination, protocol, length):
    a, b = (ipaddress.ip_address(x).packed for x in (source, destination))
    return a + b + struct.pack(">II", length, protocol)


def udp(source, destination, content, vlan=None, with_checksum=True):
    length = 8 + len(content)
    header = struct.pack(">HHHH", source[1], destination[1], length, 0)
    if with_checksum:
        value = checksum(pseudo(source[0], destination[0], 17, length) + header + content) or 0xFFFF
        header = header[:6] + struct.pack(">H", value)
    return ip(source[0], destination[0], 17, header + content, vlan)


def icmp6(source, destination, content, ttl=255):
    value = checksum(pseudo(source, destination, 58, len(content)) + content)
    return ip(source, destination, 58, content[:2] + struct.pack(">H", value) + content[4:], ttl=ttl)


def icmp(content):
    return content[:2] + struct.pack(">H", checksum(content)) + content[4:]


def frame(content, how=0):
    return struct.pack("<BBH", FRAME, how, len(content)) + content


def keeper(ms=2):
    return struct.pack("<BBH", KEEPER, 0, ms)


def arp(operation):
    content = struct.pack(">HHBBH", 1, 0x0800, 6, 4, operation) + bytes.fromhex("020000000001")
    return ether(0x0806, content + bytes([192, 0, 2, 55]) + bytes(6) + bytes([192, 0, 2, 1]))


def long_header(dcid, version=1):
    return b"\xc3" + struct.pack(">I", version) + bytes([len(dcid)]) + dcid + b"\x04abcd" + bytes(30)


BURST_STEP = struct.pack("<BBH", BURST, 0, 0)
relay = (V4, 40000)
stun = bytes.fromhex("000100002112a442") + b"transaction!"
solicitation = b"\x87\0\0\0" + bytes(4) + ipaddress.ip_address(V6).packed + bytes.fromhex("0101020000000001")
probe = b"\4\0\0\1" + bytes(range(16))
good = frame(udp(A, relay, b"data" * 10))
seeds = {
    "empty": b"",
    "a_to_b": good + frame(udp(B, relay, b"answer")),
    "no_checksum": frame(udp(A, relay, b"data", with_checksum=False)),
    "six_to_unbound": frame(udp(SIX, (V6, 40000), b"data")),
    "token": frame(udp(STRANGER, relay, b"b" * 32)) + frame(udp(STRANGER, relay, b"c" * 32)) + BURST_STEP
             + keeper() + frame(udp(STRANGER, relay, b"to six")) + frame(udp(SIX, (V6, 40000), b"to four")),
    "token_moves": frame(udp(STRANGER, relay, b"a" * 32)) + BURST_STEP + keeper(60000) + frame(udp(B, relay, b"x")),
    "prefix": frame(udp(("203.0.7.7", 7), (V4, 40001), b"first")) + BURST_STEP + keeper()
              + frame(udp(("2001:db8:5::5", 5000), (V6, 40001), b"back")),
    "cid_short": b"".join(frame(udp(STRANGER, relay, b"\x40" + CID + bytes(20))) + BURST_STEP + keeper(1000)
                          for _ in range(4)) + frame(udp(A, relay, b"\x40" + CID)) + BURST_STEP + keeper(),
    "cid_long": frame(udp(STRANGER, relay, long_header(CID))) + frame(udp(STRANGER, relay, long_header(b"four"))),
    "cid_learn": frame(udp(A, relay, long_header(b"new ones"))) + frame(udp(B, relay, long_header(CID))) + BURST_STEP
                 + keeper(),
    "metered": frame(udp(("203.0.113.4", 4000), (V4, 40002), bytes(1400))) * 14,
    "too_big": frame(udp(("203.0.113.4", 4000), (V4, 40002), bytes(1472))),
    "no_next_hop": frame(udp(("203.0.113.5", 5000), (V4, 40003), b"nobody home")) + frame(arp(2)) + BURST_STEP
                   + keeper() + frame(udp(("203.0.113.5", 5000), (V4, 40003), b"now")),
    "vlan": frame(udp(("198.51.100.6", 6000), (VLAN_V4, 40004), b"tagged", vlan=7), BY_PORT_1)
            + frame(udp(("198.51.100.6", 6000), (VLAN_V4, 40004), b"stripped"), BY_PORT_1 | STRIPPED)
            + frame(udp(("198.51.100.6", 6000), (VLAN_V4, 40004), b"d" * 32, vlan=7), BY_PORT_1)
            + frame(udp(STRANGER, (V4, 40004), b"d" * 32)) + BURST_STEP + keeper()
            + frame(udp(STRANGER, (V4, 40004), b"out by the other port"))
            + frame(udp(STRANGER, (V4, 40004), b"no room"), NO_HEADROOM),
    "stun": frame(udp(STRANGER, relay, stun)) + frame(udp(("2001:db8:8::8", 8), (V6, 40000), stun))
            + frame(udp(STRANGER, relay, stun), EXACT),
    "echo": frame(ip(STRANGER[0], V4, 1, icmp(b"\x08\0\0\0\0\x01\0\x02echo me")))
            + frame(icmp6("2001:db8:8::8", V6, b"\x80\0\0\0\0\x01\0\x02echo me", 64)),
    "arp": frame(arp(1)) + frame(arp(2)) + BURST_STEP + keeper(),
    "neighbours": frame(icmp6("2001:db8::7", "ff02::1:ff00:1", solicitation)) + frame(icmp6("2001:db8::7", V6, solicitation)),
    "not_for_us": frame(udp(A, ("192.0.2.9", 40000), b"x")) + frame(udp(A, (V4, 443), b"x"))
                  + frame(ether(0x88CC, bytes(50))) + frame(ip(A[0], V4, 6, bytes(20))),
    "damaged": frame(udp(A, relay, b"x")[:30], EXACT) + frame(udp(A, relay, b"x")[:-1], EXACT)
               + frame(udp(SIX, (V6, 40000), b"x")[:60], EXACT) + frame(b"", EXACT)
               + frame(udp(A, relay, b"wrong header")[:24] + bytes(28), FIX_HEADER | EXACT)
               + frame(udp(A, relay, b"vouched for")[:25] + b"\xff" + udp(A, relay, b"vouched for")[26:], CHECKSUM_GOOD),
    "probe": frame(udp(A, relay, probe)) + frame(udp(STRANGER, relay, probe)) + frame(udp(SIX, (V6, 40000), probe))
             + good + frame(udp(("224.0.0.1", 1), relay, probe)) + frame(udp((V4, 1000), relay, probe), EXACT),
    "nearly_a_probe": frame(udp(A, relay, probe[:-1])) + frame(udp(A, relay, probe + b"x"))
                      + frame(udp(A, relay, b"\5" + probe[1:])),
    "idle": good + keeper(60000) + keeper(60000) + keeper(1000) + keeper(1000) + good,
}
directory = pathlib.Path(__file__).with_name("packet")
directory.mkdir(exist_ok=True)
for name, content in seeds.items():
    (directory / name).write_bytes(content)

#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Sends frames that the relay must drop, and prints what its drop counters must grow by, as JSON.

frames.py INTERFACE RELAY-MAC RELAY-PORT DRIVER [--each N]

DRIVER is af_packet or af_xdp. What the relay cannot see on a veth through this driver is left out: IPv4 fragments,
which AF_PACKET's fan-out puts together; a VLAN tag, which the kernel takes off before AF_XDP, or drops when it is
cut short.
"""
import argparse
import collections
import ipaddress
import json
import socket
import struct

RELAY4, RELAY6 = "192.0.2.1", "2001:db8::1"
US4, US6 = "192.0.2.200", "2001:db8::200"
NOWHERE4, NOWHERE6 = "192.0.2.201", "2001:db8::201"
IPV4, IPV6, VLAN, EXPERIMENT = 0x0800, 0x86DD, 0x8100, 0x88B5
TCP, UDP, ICMP, SCTP, FRAGMENT, HOP_BY_HOP = 6, 17, 1, 132, 44, 0
MORE_FRAGMENTS, OFFSET_100 = 0x2000, 100
HIDDEN = {
    "af_packet": {("fragment", IPV4), ("too_short", VLAN)},
    "af_xdp": {("wrong_vlan", VLAN), ("too_short", VLAN)},
}


def packed(address):
    return ipaddress.ip_address(address).packed


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ipv4(payload, source=US4, destination=RELAY4, protocol=UDP, first=0x45, length=None, fragment=0, break_sum=0):
    length = length or 20 + len(payload)
    addresses = packed(source) + packed(destination)
    header = struct.pack("!BBHHHBBH", first, 0, length, 7, fragment, 64, protocol, 0) + addresses
    right = checksum(header)
    return header[:10] + struct.pack("!H", right ^ break_sum) + header[12:] + payload


def ipv6(payload, source=US6, destination=RELAY6, protocol=UDP, version=6, length=None):
    length = len(payload) if length is None else length
    header = struct.pack("!IHBB", version << 28, length, protocol, 64)
    return header + packed(source) + packed(destination) + payload


def udp4(port, data, length=None):
    """Without a checksum, which IPv4 allows."""
    return struct.pack("!HHHH", 5555, port, length or 8 + len(data), 0) + data


def udp6(port, data, source=US6, destination=RELAY6):
    header = struct.pack("!HHHH", 5555, port, 8 + len(data), 0)
    pseudo = packed(source) + packed(destination) + struct.pack("!IBBBB", 8 + len(data), 0, 0, 0, UDP)
    return header[:6] + struct.pack("!H", checksum(pseudo + header + data) or 0xFFFF) + data


def cases(port):
    """(drop counter, EtherType, what follows the Ethernet header)"""
    data = b"not a QUIC packet, nor anything else that the relay knows"
    good4, good6 = udp4(port, data), udp6(port, data)
    no_sum6 = good6[:6] + b"\0\0" + good6[8:]
    extension = bytes([UDP, 0, 0, 0, 0, 0, 0, 0])
    return [
        ("too_short", IPV4, ipv4(good4)[:12]),
        ("too_short", IPV4, ipv4(good4, length=200)),
        ("too_short", IPV4, ipv4(b"")),
        ("too_short", IPV4, ipv4(good4[:7])),
        ("too_short", IPV6, ipv6(good6)[:30]),
        ("too_short", IPV6, ipv6(good6, length=200)),
        ("too_short", VLAN, b"\0"),
        ("bad_ip_header", IPV4, ipv4(good4, first=0x55)),
        ("bad_ip_header", IPV4, ipv4(good4, first=0x44)),
        ("bad_ip_header", IPV6, ipv6(good6, version=5)),
        ("bad_length", IPV4, ipv4(good4, length=19)),
        ("bad_length", IPV4, ipv4(udp4(port, data, length=9))),
        ("bad_length", IPV4, ipv4(udp4(port, data, length=90))),
        ("bad_length", IPV4, ipv4(udp4(port, data, length=7))),
        ("bad_checksum", IPV4, ipv4(good4, break_sum=0x0100)),
        ("bad_checksum", IPV6, ipv6(no_sum6)),
        ("bad_address", IPV4, ipv4(good4, source="224.0.0.5")),
        ("bad_address", IPV4, ipv4(good4, source="0.0.0.0")),
        ("bad_address", IPV4, ipv4(good4, source="255.255.255.255")),
        ("bad_address", IPV4, ipv4(good4, source=RELAY4)),
        ("bad_address", IPV6, ipv6(udp6(port, data, source="ff02::1"), source="ff02::1")),
        ("bad_address", IPV6, ipv6(udp6(port, data, source="::"), source="::")),
        ("bad_address", IPV6, ipv6(udp6(port, data, source=RELAY6), source=RELAY6)),
        ("fragment", IPV4, ipv4(good4, fragment=MORE_FRAGMENTS)),
        ("fragment", IPV4, ipv4(good4, fragment=OFFSET_100)),
        ("fragment", IPV6, ipv6(bytes([UDP, 0, 0, 1, 0, 0, 0, 1]) + good6, protocol=FRAGMENT)),
        ("ip_options", IPV4, ipv4(b"\1\1\1\0" + good4, first=0x46)),
        ("ip_options", IPV6, ipv6(extension + good6, protocol=HOP_BY_HOP)),
        ("wrong_vlan", VLAN, struct.pack("!HH", 7, IPV4) + ipv4(good4)),
        ("not_ip", EXPERIMENT, data),
        ("not_udp", IPV4, ipv4(good4, protocol=TCP)),
        ("not_udp", IPV6, ipv6(good6, protocol=SCTP)),
        ("not_for_us", IPV4, ipv4(good4, destination=NOWHERE4)),
        ("not_for_us", IPV6, ipv6(udp6(port, data, destination=NOWHERE6), destination=NOWHERE6)),
        ("no_such_port", IPV4, ipv4(udp4(9, data))),
        ("no_such_port", IPV6, ipv6(udp6(9, data))),
        ("unknown_source", IPV4, ipv4(good4)),
        ("unknown_source", IPV4, ipv4(udp4(port, b""))),
        ("unknown_source", IPV4, ipv4(udp4(port, bytes(32)))),
        ("unknown_source", IPV4, ipv4(udp4(port, b"\x40" + bytes(60)))),
        ("unknown_source", IPV4, ipv4(udp4(port, b"\xc0\0\0\0\1\x14" + bytes(1200)))),
        ("unknown_source", IPV6, ipv6(good6)),
    ]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("interface")
    parser.add_argument("relay_mac")
    parser.add_argument("relay_port", type=int)
    parser.add_argument("driver", choices=sorted(HIDDEN))
    parser.add_argument("--each", type=int, default=1)
    options = parser.parse_args()
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    sock.bind((options.interface, 0))
    ethernet = bytes.fromhex(options.relay_mac.replace(":", "")) + sock.getsockname()[4]
    sent = collections.Counter()
    for _ in range(options.each):
        for name, ether_type, packet in cases(options.relay_port):
            if (name, ether_type) in HIDDEN[options.driver]:
                continue
            sock.send(ethernet + struct.pack("!H", ether_type) + packet)
            sent[name] += 1
    print(json.dumps(sent))


if __name__ == "__main__":
    main()

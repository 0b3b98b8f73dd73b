#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Binds the leg in the file LEGS with its token, if it has one; then, on each SIGUSR1, sends the datagrams given.

send.py LEGS [--tos N] [--no-checksum] DATAGRAM...    a DATAGRAM is hex digits, or =N: N zero bytes
"""
import argparse
import signal
import socket

from legs import open_legs

SO_NO_CHECK = 11


def contents(text):
    return bytes(int(text[1:])) if text.startswith("=") else bytes.fromhex(text)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("legs")
    parser.add_argument("--tos", type=lambda text: int(text, 0), default=0, help="DSCP and ECN")
    parser.add_argument("--no-checksum", action="store_true", help="IPv4 only")
    parser.add_argument("datagrams", nargs="*", metavar="DATAGRAM")
    options = parser.parse_args()
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
    leg = open_legs(options.legs)[0]
    if leg.sock.family == socket.AF_INET6:
        leg.sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_TCLASS, options.tos)
    else:
        leg.sock.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, options.tos)
    leg.sock.setsockopt(socket.SOL_SOCKET, SO_NO_CHECK, options.no_checksum)
    leg.send_token()
    while signal.sigwait({signal.SIGUSR1}):
        for datagram in options.datagrams:
            leg.send(contents(datagram))


if __name__ == "__main__":
    main()

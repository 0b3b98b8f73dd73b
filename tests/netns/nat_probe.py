#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Tells what kind of NAT is in between, in RFC 4787's words (the method is RFC 5780's).

nat_probe.py serve ADDRESS ADDRESS      answers on both addresses, ports 3478 and 3479
nat_probe.py probe ADDRESS ADDRESS [--moves]
    prints {"mapping": ..., "filtering": ..., "public": [...]}: the latter as the four server sockets saw it;
    with --moves once more for the same socket, after its public address has changed
"""
import argparse
import json
import selectors
import socket
import time

PORTS = (3478, 3479)
TRIES = 2
REPLY_S = 0.15
MOVE_S = 10


def udp_socket(address, port=0):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_DGRAM)
    sock.bind((address, port))
    return sock


def serve(addresses):
    """A request names the server socket that is to answer; the answer says what address the request came from."""
    selector = selectors.DefaultSelector()
    sockets = [udp_socket(address, port) for address in addresses for port in PORTS]
    for sock in sockets:
        selector.register(sock, selectors.EVENT_READ)
    print("ready", flush=True)
    while True:
        for key, _ in selector.select():
            request, source = key.fileobj.recvfrom(2048)
            request = json.loads(request)
            answer = {"id": request["id"], "seen": f"{source[0]} {source[1]}"}
            sockets[request["answer_from"]].sendto(json.dumps(answer).encode(), source)


class Probe:
    def __init__(self, addresses):
        self.servers = [(address, port) for address in addresses for port in PORTS]
        self.sock = udp_socket("::" if ":" in addresses[0] else "0.0.0.0")
        self.sock.settimeout(REPLY_S)
        self.requests = 0

    def ask(self, server, answer_from):
        """What the server saw, or None when no answer gets through."""
        for _ in range(TRIES):
            self.requests += 1
            request = {"id": self.requests, "answer_from": answer_from}
            self.sock.sendto(json.dumps(request).encode(), self.servers[server])
            try:
                while True:
                    answer = json.loads(self.sock.recv(2048))
                    if answer["id"] == self.requests:
                        return answer["seen"]
            except TimeoutError:
                pass
        return None

    def filtering(self):
        """Must come first: only server 0 has been sent anything."""
        if self.ask(0, 0) is None:
            return "blocked"
        if self.ask(0, 3) is not None:
            return "endpoint_independent"
        if self.ask(0, 1) is not None:
            return "address_dependent"
        return "address_and_port_dependent"

    def mapping(self):
        public = [self.ask(server, server) for server in range(4)]
        if len(set(public)) == 1:
            kind = "endpoint_independent"
        elif public[0] == public[1] and public[2] == public[3]:
            kind = "address_dependent"
        else:
            kind = "address_and_port_dependent"
        return kind, public


    def report(self):
        filtering = self.filtering()
        mapping, public = self.mapping()
        print(json.dumps({"mapping": mapping, "filtering": filtering, "public": public}), flush=True)
        return public[0]

    def wait_for_move(self, public):
        deadline = time.monotonic() + MOVE_S
        while self.ask(0, 0) in (public, None):
            if time.monotonic() > deadline:
                raise SystemExit(f"still seen as {public} after {MOVE_S} s")
            time.sleep(0.02)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("command", choices=["serve", "probe"])
    parser.add_argument("addresses", nargs=2)
    parser.add_argument("--moves", action="store_true")
    arguments = parser.parse_args()
    if arguments.command == "serve":
        serve(arguments.addresses)
    probe = Probe(arguments.addresses)
    public = probe.report()
    if arguments.moves:
        probe.wait_for_move(public)
        probe.report()


if __name__ == "__main__":
    main()

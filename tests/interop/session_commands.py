# SPDX-License-Identifier: BSD-3-Clause
"""What a test tells session_peer.py while it runs.

Commands are lines that come by the FIFO --commands. Words NAME=VALUE in capitals are parameters (DATA=hello, 0x2b=00):

  ask PEER-ID [KINDS]              PAIR_REQUEST
  accept OFFER [KINDS], refuse OFFER [ERROR]     with --answer none
  leg PAIR KINDS                   LEG_REQUEST
  close PAIR                       PAIR_CLOSE
  message PEER-ID TEXT             MESSAGE
  reachable anyone|nobody|PEER-ID,...            REACHABLE
  probe NUMBER ADDRESS:PORT,... [new]            the first has that number; from the session's socket, or from a new one
  token PAIR, move PAIR            sends a leg's token again; from another socket
  prove PAIR                       answers its last challenge
  say CAPSULE JSON                 any capsule; "request" is filled in where it is missing
  raw HEX                          any bytes on the control stream
  lose                             forgets the session without a close, and comes back
  bye                              closes it, and ends
"""

import asyncio
import json
import os
import shlex

import culvert_wire as wire
from culvert_legs import TunnelLeg, open_socket, send

KINDS = {"udp": wire.UDP_LEG, "tunnel": wire.TUNNEL_LEG, "listen": wire.LISTEN_LEG}
REACHABLE = {"anyone": 0, "nobody": 2}


def parse_address(text):
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port)


def parse_kinds(text):
    return sum({KINDS[name] for name in text.split("+")}) if text else 0


def parse_reachable(text):
    if text in REACHABLE:
        return {"by": REACHABLE[text], "ids": []}
    return {"by": 1, "ids": text.split(",")}


class Commands:
    def __init__(self, peer, path):
        self.peer, self.held = peer, b""
        self.fd = os.open(path, os.O_RDWR | os.O_NONBLOCK)
        asyncio.get_running_loop().add_reader(self.fd, self.readable)

    def readable(self):
        self.held += os.read(self.fd, 65536)
        *lines, self.held = self.held.split(b"\n")
        for line in lines:
            self.run(line.decode())

    def run(self, line):
        if line.startswith("say "):
            _, name, content = line.split(" ", 2)
            self.say(name, json.loads(content))
            return
        words, parameters = [], {}
        for word in shlex.split(line):
            name, equals, value = word.partition("=")
            if equals and (name in wire.PARAMETER_TYPES or name.startswith("0x")):
                parameters[name] = value
            else:
                words.append(word)
        getattr(self, "do_" + words[0])(parameters, *words[1:])

    @property
    def session(self):
        return self.peer.session

    def say(self, name, fields):
        parameters = fields.pop("parameters", None)
        if wire.CAPSULES[name].begins == "request" and "request" not in fields:
            self.session.ask(name, parameters, **fields)
        else:
            self.session.say(name, parameters, **fields)

    def kinds(self, text):
        return parse_kinds(text) if text else self.peer.kinds

    def do_ask(self, parameters, peer, kinds=None):
        self.peer.ask({"peer": peer, "kinds": self.kinds(kinds)}, parameters)

    def do_accept(self, parameters, offer, kinds=None):
        self.session.say("PAIR_ACCEPT", parameters, offer=int(offer), kinds=self.kinds(kinds))

    def do_refuse(self, parameters, offer, error="not_wanted"):
        self.session.say("PAIR_REFUSE", parameters, offer=int(offer), code=wire.ERRORS[error])

    def do_leg(self, parameters, pair, kinds):
        self.session.ask("LEG_REQUEST", parameters, pair=int(pair), kinds=parse_kinds(kinds))

    def do_close(self, parameters, pair):
        self.session.say("PAIR_CLOSE", parameters, pair=int(pair))

    def do_message(self, parameters, peer, text):
        self.session.ask("MESSAGE", parameters, peer=peer, message=text)

    def do_reachable(self, parameters, who):
        self.session.ask("REACHABLE", parameters, reachable=parse_reachable(who))

    def do_probe(self, _, number, addresses, source="session"):
        targets = [parse_address(address) for address in addresses.split(",")]
        sock = open_socket(targets[0][0]) if source == "new" else None
        for at, target in enumerate(targets, int(number)):
            probe = wire.encode_probe(at, self.session.limits["TICKET"])
            if sock is None:
                self.session.send_aside(probe, target)
            else:
                send(sock, probe, target)
        if sock is not None:
            sock.close()

    def do_prove(self, _, pair):
        self.peer.prove(int(pair))

    def do_token(self, _, pair):
        self.peer.pairs[int(pair)].leg.send_token()

    def do_move(self, _, pair):
        leg = self.peer.pairs[int(pair)].leg
        if not isinstance(leg, TunnelLeg):
            leg.move()
            leg.bind()

    def do_raw(self, _, data):
        raw = bytes.fromhex(data)
        try:
            self.session.order.sent_raw(raw)
        except wire.WireError:
            pass  # on purpose, then
        self.session.write(raw)

    def do_lose(self, _):
        self.peer.options.returns = True
        self.session.lose()

    def do_bye(self, _):
        self.peer.stopping = True
        self.session.stop("none")

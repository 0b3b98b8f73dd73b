# SPDX-License-Identifier: BSD-3-Clause
"""The rules of order of docs/protocol.md, as a peer checks them of its relay: WireError, out_of_order."""

import culvert_wire as wire

REQUEST, OFFER, RESUMED = 1, 2, 3  # origins of PAIR_MADE
OFFERS_MAX = 64


def must(condition, text):
    if not condition:
        raise wire.WireError("out_of_order", text)


class Order:
    """Of one session. sent() what the peer says, check() what comes."""

    def __init__(self):
        self.kinds = 0
        self.registered = self.going_away = False
        self.requests = set()
        self.offers = {}  # number -> whether it was accepted
        self.last_offer = 0
        self.pairs, self.pairs_max, self.resumed = set(), 0, 0

    def sent(self, name, value):
        if name == "REGISTER":
            self.kinds = wire.decode(wire.CAPSULES[name].kind, value).fields["kinds"]
        elif wire.CAPSULES[name].begins == "request":
            self.requests.add(wire.Reader(value).number())
        elif name == "PAIR_ACCEPT" and (offer := wire.Reader(value).number()) in self.offers:
            self.offers[offer] = True

    def sent_raw(self, data):
        for kind, value in wire.Stream(wire.PEER).feed(data):
            self.sent(wire.TYPES[kind].name, value)

    def check(self, read):
        name, fields = read.name, read.fields
        must(self.registered or name in ("REGISTERED", "GO_AWAY"), f"{name} before REGISTERED")
        check = getattr(self, "check_" + name.lower(), None)
        if check:
            check(fields, read.parameters)
        elif "request" in fields and name != "CODE_JOINED":
            self.end_request(fields["request"])

    def end_request(self, number):
        must(number in self.requests, f"nothing was asked as {number}, or it has ended")
        self.requests.remove(number)

    def end_offer(self, number, made):
        must(number in self.offers and (self.offers[number] or not made), f"offer {number} cannot end like this")
        del self.offers[number]

    def check_registered(self, fields, parameters):
        must(not self.registered and not self.going_away, "REGISTERED again, or after GO_AWAY")
        self.registered, self.pairs_max = True, fields["pairs"]
        self.resumed = parameters.get("RESUMED", 0)

    def check_pair_offer(self, fields, _):
        self.take_offer(fields["offer"])

    def take_offer(self, number):
        must(self.registered and not self.going_away, "an offer at the wrong time")
        must(self.kinds and number > self.last_offer, f"offer {number} after {self.last_offer}")
        must(len(self.offers) < OFFERS_MAX, "too many offers")
        self.offers[number], self.last_offer = False, number

    def check_pair_made(self, fields, _):
        if fields["origin"] == RESUMED:
            must(self.resumed and fields["number"] == 0, "a pair more than were resumed")
            self.resumed -= 1
        elif fields["origin"] == REQUEST:
            self.end_request(fields["number"])
        else:
            self.end_offer(fields["number"], True)
        self.check_leg(fields["leg"])
        must(fields["pair"] not in self.pairs and len(self.pairs) < self.pairs_max, "a pair twice, or too many")
        self.pairs.add(fields["pair"])

    def check_leg(self, leg):
        must("unknown" in leg or leg["kind"] & self.kinds, "a kind of leg that was not in REGISTER")

    def check_leg_made(self, fields, _):
        self.end_request(fields["request"])
        self.check_leg(fields["leg"])

    def check_refused(self, fields, _):
        if fields["origin"] == REQUEST:
            self.end_request(fields["number"])
        else:
            self.end_offer(fields["number"], False)

    def check_pair_closed(self, fields, _):
        must(fields["pair"] in self.pairs, f"pair {fields['pair']} is not there")
        self.pairs.remove(fields["pair"])

    def check_go_away(self, *_):
        self.going_away = True

    def check_stay(self, *_):
        must(self.going_away, "STAY without GO_AWAY")
        self.going_away = False

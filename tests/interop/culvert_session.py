# SPDX-License-Identifier: BSD-3-Clause
"""One session: the QUIC connection (aioquic), the control stream, and what comes of each capsule."""

import asyncio

import culvert_wire as wire
from aioquic.asyncio import QuicConnectionProtocol
from aioquic.quic import events
from culvert_order import RESUMED, Order

CID_BYTES = 8  # aioquic's own
EVENTS = {"OBSERVED_ADDRESS": "observed", "PAIR_OFFER": "offer", "PAIR_MADE": "made", "TUNNEL_LIMIT": "limit"}


class Ended:
    """How: "closed" with a code of ours, "lost" without a word, "failed" by QUIC or TLS."""

    def __init__(self, how, code, reason):
        self.how, self.code, self.reason = how, code, reason


class Session(QuicConnectionProtocol):
    """`up` is done with REGISTERED, `away` with a GO_AWAY that says where to go, `ended` at the end."""

    def __init__(self, quic, peer):
        super().__init__(quic)
        self.peer = peer
        self.capsules = wire.Stream(wire.RELAY)
        self.order = Order()
        self.up, self.away, self.ended = (asyncio.get_running_loop().create_future() for _ in range(3))
        self.last_request = 0
        self.limits = {}
        self.stream = None

    # ---- What the peer says ----

    def say(self, capsule, /, parameters=None, **fields):
        """A parameter that means nothing goes along each time, and a capsule, as RFC 9297 section 5.4 has it."""
        raw = wire.encode(capsule, fields, {hex(wire.PARAMETER_GREASE): "67", **(parameters or {})})
        self.order.sent_raw(raw)
        self.write(wire.frame(wire.GREASE, b"grease") + raw)

    def ask(self, capsule, /, parameters=None, **fields):
        self.last_request += 1
        self.peer.tell(event="asked", capsule=capsule, request=self.last_request)
        self.say(capsule, parameters, request=self.last_request, **fields)
        return self.last_request

    def write(self, data):
        if self.stream is None:
            self.stream = self._quic.get_next_available_stream_id()
        self._quic.send_stream_data(self.stream, data)
        self.transmit()

    def send_datagram(self, data):
        self._quic.send_datagram_frame(data)
        self._transmit_soon()

    def send_aside(self, data, address):
        """From the session's socket, but none of the session's."""
        if self._transport is not None:
            self._transport.sendto(data, address)

    def stop(self, error, reason=""):
        if error != "none":
            self.peer.tell(event="error", error=error, text=reason)
        self.close(error_code=wire.ERRORS[error], reason_phrase=reason)

    def lose(self, reason="lost"):
        """Ends without a word, as when the network or the process has gone."""
        if not self.ended.done():
            if self._timer is not None:
                self._timer.cancel()
            self._transport.abort()
            self.finish(Ended("lost", None, reason))

    def finish(self, ended):
        if not self.ended.done():
            self.peer.tell(event="closed", code=ended.code, reason=ended.reason, how=ended.how, tunnel=self.peer.counts)
            self.ended.set_result(ended)

    def transmit(self):
        if not self.ended.done():
            super().transmit()

    # ---- What comes ----

    def datagram_received(self, data, addr):
        if self.ended.done():
            return
        if self.is_reset(data):
            if self._quic._close_event is None:  # who has been told of a close takes nothing any more
                self.lose("stateless reset")
        elif self.is_own(data) or self.peer.shared is None:
            super().datagram_received(data, addr)
        else:
            self.peer.shared.received(data)

    def is_reset(self, data):
        token = self._quic._peer_cid.stateless_reset_token
        return bool(token) and len(data) >= 21 and not data[0] & 0x80 and data.endswith(token)

    def is_own(self, data):
        """By the connection ID that it is sent to."""
        cids = [cid.cid for cid in self._quic._host_cids]
        if data[:1] >= b"\x80":
            return len(data) > 6 and data[6 : 6 + data[5]] in cids
        return data[1 : 1 + CID_BYTES] in cids

    def quic_event_received(self, event):
        if isinstance(event, events.HandshakeCompleted):
            self.peer.connected(self)
        elif isinstance(event, events.StreamDataReceived) and event.stream_id == self.stream:
            self.read(event.data)
            if event.end_stream:
                self.stop("stream_closed")
        elif isinstance(event, (events.StreamReset, events.StopSendingReceived)):
            self.stop("stream_closed")
        elif isinstance(event, events.DatagramFrameReceived):
            self.guard(lambda: self.peer.from_channel(*wire.decode_datagram(event.data)))
        elif isinstance(event, events.ConnectionTerminated):
            self.terminated(event)

    def terminated(self, event):
        how = "closed" if event.frame_type is None else "failed"
        if event.reason_phrase == "Idle timeout":
            how = "lost"
        self.finish(Ended(how, event.error_code, event.reason_phrase))
        self._transport.close()

    def guard(self, action):
        try:
            action()
        except wire.WireError as error:
            self.stop(error.error, str(error))

    def read(self, data):
        def each():
            for kind, value in self.capsules.feed(data):
                self.take(kind, value)

        self.guard(each)

    def take(self, kind, value):
        """What is wrong with an offer ends that offer; with anything else, the session."""
        try:
            read = wire.decode(kind, value)
        except wire.WireError as error:
            if error.number is None:
                raise
            self.order.take_offer(error.number)
            self.say("PAIR_REFUSE", offer=error.number, code=wire.ERRORS["bad_request"])
            return
        if read.not_understood is not None and read.name not in ("PAIR_OFFER", "PAIR_MADE"):
            raise wire.WireError("not_understood", f"parameter {read.not_understood:#x} of {read.name}")
        self.order.check(read)
        self.told(read)
        action = getattr(self, "on_" + read.name.lower(), None)
        if action:
            action(read)

    def told(self, read):
        more = {name.lower(): value for name, value in read.parameters.items()}
        if "other" in read.fields:
            more["peer"] = read.fields["other"]["ids"][0]
        if "leg" in read.fields:
            more |= {"kind": read.fields["leg"]["kind"], "channel": read.fields["leg"].get("channel"),
                     "relay_port": read.fields["leg"].get("port")}
        if read.name == "TUNNEL_LIMIT":
            more["bytes"] = max(read.fields["frame"] - 2, 0)  # on any channel
        self.peer.tell(event=EVENTS.get(read.name, read.name.lower()), **read.fields, **more)

    # ---- What comes of it ----

    def on_registered(self, read):
        self.limits = {**read.fields, **read.parameters}
        self.peer.registered(self)
        if not self.up.done():
            self.up.set_result(None)
        self.resumption_done()

    def on_observed_address(self, read):
        if read.fields["probe"] == 0:
            self.peer.observed(self)

    def on_pair_offer(self, read):
        if read.not_understood is not None:
            self.say("PAIR_REFUSE", offer=read.fields["offer"], code=wire.ERRORS["not_understood"])
        else:
            self.peer.offered(self, read)

    def on_pair_made(self, read):
        made = read.fields
        known = read.not_understood is None and "unknown" not in made["leg"]
        if known:
            self.peer.made(made)
        else:
            self.say("PAIR_CLOSE", pair=made["pair"])
        if made["origin"] == RESUMED:
            self.resumption_done()

    def resumption_done(self):
        if self.order.resumed == 0:
            self.peer.keep_only(self.order.pairs)

    def on_leg_made(self, read):
        if pair := self.peer.pairs.get(read.fields["pair"]):
            pair.change(read.fields["leg"])

    def on_leg_token(self, read):
        if pair := self.peer.pairs.get(read.fields["pair"]):
            pair.new_token(read.fields["token"])

    def on_other_leg(self, read):
        if pair := self.peer.pairs.get(read.fields["pair"]):
            pair.room = read.fields["bytes"]

    def on_refused(self, read):
        self.peer.refused(read.fields)

    def on_pair_closed(self, read):
        self.peer.closed(read.fields["pair"], read.fields["code"])

    def on_go_away(self, read):
        if read.fields["addresses"] and not self.away.done():
            self.away.set_result((read.fields["addresses"], read.fields["port"], read.parameters.get("RELAY_ID")))

    def on_stay(self, _):
        if self.away.done():
            self.away = asyncio.get_running_loop().create_future()

#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""A peer of the session protocol's QUIC part, on aioquic: handshakes, echoes on the control stream, moves about.

  session_peer.py HOST CERTIFICATE KEY [--sessions N] [--at-once N] [--echo BYTES] [--rebind N [--home]] [--key-updates N]
                  [--no-certificate] [--alpn NAME] [--keep SECONDS] [--version 1|2] [--read-slowly]
                  [--suite AES_128_GCM_SHA256|...]
                  [--deaf SECONDS] [--hear BYTES --hear-sessions N] [--reset]

With --at-once N there are N sessions side by side. --deaf: what comes in the first seconds after all handshakes is lost, and
nothing is sent; --hear: then all listen until --hear-sessions of them have as many bytes. --reset, of one session: after
--deaf it says something, and whether it was reset is told.

Each session opens, echoes, and closes with application error 0xc00. One JSON object on standard output.
"""

import argparse
import json
import os
import select
import socket
import ssl
import sys
import time

from aioquic.quic import events
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.connection import QuicConnection
from aioquic.quic.packet import QuicProtocolVersion
from aioquic.tls import CipherSuite

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../interop"))
import culvert_wire as wire  # noqa: E402

TIMEOUT_S = 15
PATH_CHALLENGE = 0x1A  # RFC 9000 section 19.17
CHALLENGE_WITHIN_S = 5


class Session:
    def __init__(self, arguments):
        self.arguments = arguments
        configuration = QuicConfiguration(
            is_client=True, alpn_protocols=[arguments.alpn], verify_mode=ssl.CERT_NONE, server_name="relay",
            max_datagram_frame_size=65536, idle_timeout=arguments.idle,
        )
        if arguments.suite:
            configuration.cipher_suites = [CipherSuite[arguments.suite]]
        if arguments.version == 2:
            configuration.supported_versions = [QuicProtocolVersion.VERSION_2, QuicProtocolVersion.VERSION_1]
            configuration.original_version = QuicProtocolVersion.VERSION_2
        if not arguments.no_certificate:
            configuration.load_cert_chain(arguments.certificate, arguments.key)
        self.quic = QuicConnection(configuration=configuration)
        self.echo_bytes = arguments.echo or 100
        self.challenges = 0
        self.count_challenges()
        self.target = socket.getaddrinfo(arguments.host, arguments.port, type=socket.SOCK_DGRAM)[0]
        self.rebind()
        self.completed = False
        self.closed = None
        self.received = b""
        self.quic.connect(self.target[4], now=time.monotonic())
        self.flush()

    def count_challenges(self):
        """aioquic has no event for PATH_CHALLENGE frames: so their handler is wrapped."""
        handlers = self.quic._QuicConnection__frame_handlers
        handler, epochs = handlers[PATH_CHALLENGE]

        def count(*arguments):
            handler(*arguments)
            self.challenges += 1

        handlers[PATH_CHALLENGE] = (count, epochs)

    def move(self):
        """To another port, and on when the relay has had the answer to its challenge and what came after that: a move
        that comes before is none that it could notice, and neither is one of which it hears no more than the end."""
        challenges = self.challenges
        self.rebind()
        self.echo(self.echo_bytes)
        deadline = time.monotonic() + CHALLENGE_WITHIN_S
        while self.challenges == challenges and self.closed is None and time.monotonic() < deadline:
            self.turn(0.1)
        self.echo(self.echo_bytes)

    def rebind(self):
        self.socket = socket.socket(self.target[0], socket.SOCK_DGRAM)
        self.socket.connect(self.target[4])
        self.socket.setblocking(False)

    def flush(self):
        for data, _ in self.quic.datagrams_to_send(now=time.monotonic()):
            try:
                select.select([], [self.socket], [], 1)  # for room, on a busy machine
                self.socket.send(data)
            except OSError:
                pass

    def turn(self, timeout):
        timer = self.quic.get_timer()
        if timer is not None:
            timeout = min(timeout, max(timer - time.monotonic(), 0))
        ready, _, _ = select.select([self.socket], [], [], timeout)
        if ready:
            for _ in range(64):
                try:
                    data = self.socket.recv(65536)
                except OSError:
                    break
                self.quic.receive_datagram(data, self.target[4], now=time.monotonic())
        timer = self.quic.get_timer()
        if timer is not None and timer <= time.monotonic():
            self.quic.handle_timer(now=time.monotonic())
        while (event := self.quic.next_event()) is not None:
            self.on_event(event)
        self.flush()

    def on_event(self, event):
        if isinstance(event, events.HandshakeCompleted):
            self.completed = True
        elif isinstance(event, events.ConnectionTerminated):
            self.closed = {"code": event.error_code, "frame": event.frame_type, "reason": event.reason_phrase}
        elif isinstance(event, events.StreamDataReceived):
            self.received += event.data

    def until(self, condition, what, seconds=TIMEOUT_S):
        deadline = time.monotonic() + seconds
        while not condition():
            if self.closed is not None:
                raise RuntimeError(f"{what}: closed: {self.closed}")
            if time.monotonic() > deadline:
                raise RuntimeError(f"{what}: not in {seconds} s")
            self.turn(0.05)

    def lose(self):
        try:
            while True:
                self.socket.recv(65536)
        except OSError:
            pass

    def echo(self, length):
        data = os.urandom(length)
        self.received = b""
        self.quic.send_stream_data(0, data)
        self.flush()
        self.until(lambda: len(self.received) >= length, "echo")
        if self.received != data:
            raise RuntimeError("echo: other bytes came back")

    def close(self):
        self.quic.close(error_code=0xC00)
        self.flush()


def run_one(arguments):
    session = Session(arguments)
    session.until(lambda: session.completed, "handshake")
    if arguments.reset:
        be_deaf([session], arguments.deaf)
        return {"reset": is_reset(session)}
    if arguments.echo:
        session.echo(arguments.echo)
    home = session.socket
    for _ in range(arguments.rebind):
        session.move()
    if arguments.home:
        session.socket = home
        session.echo(arguments.echo or 100)
    for _ in range(arguments.key_updates):
        session.quic.request_key_update()
        session.echo(arguments.echo or 100)
    if arguments.keep:
        deadline = time.monotonic() + arguments.keep
        while time.monotonic() < deadline and session.closed is None:
            if arguments.read_slowly:
                time.sleep(0.1)
            else:
                session.turn(0.1)
    closed = session.closed
    if closed is None:
        session.close()
    return {"closed": closed, "received": len(session.received), "retries": session.quic._retry_count}


def be_deaf(sessions, seconds):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        for session in sessions:
            session.lose()
        time.sleep(0.02)


def is_reset(session):
    """Whether the relay answers a packet of the session with a stateless reset."""
    token = session.quic._peer_cid.stateless_reset_token
    session.lose()
    session.quic.send_stream_data(0, bytes(200))
    session.flush()
    ready, _, _ = select.select([session.socket], [], [], 2)
    answer = session.socket.recv(2000) if ready else b""
    return token is not None and 21 <= len(answer) < 200 and answer.endswith(token)


def hear(sessions, length, wanted):
    """Until as many sessions as are wanted have heard that many bytes, and a little longer."""
    deadline = time.monotonic() + TIMEOUT_S
    heard = 0
    while time.monotonic() < deadline:
        for session in sessions:
            session.turn(0)
        if heard < wanted <= (heard := sum(len(session.received) >= length for session in sessions)):
            deadline = min(deadline, time.monotonic() + 2)
        time.sleep(0.01)
    for session in sessions:
        session.close()
    return {"heard": heard}


def run_many(arguments):
    sessions = []
    for _ in range(arguments.at_once):
        sessions.append(Session(arguments))
        sessions[-1].until(lambda: sessions[-1].completed, "handshake")
        if arguments.hear:
            sessions[-1].quic.send_stream_data(0, wire.frame(wire.GREASE, b""))  # the peer opens the control stream
            sessions[-1].flush()
        for session in sessions:
            session.lose() if arguments.deaf else session.turn(0)
    be_deaf(sessions, arguments.deaf)
    if arguments.hear:
        return hear(sessions, arguments.hear, arguments.hear_sessions)
    for session in sessions:
        session.echo(arguments.echo or 100)
    print(json.dumps({"open": len(sessions)}), flush=True)
    deadline = time.monotonic() + arguments.keep
    while time.monotonic() < deadline:
        for session in sessions:
            session.turn(0)
        time.sleep(0.02)
    for session in sessions:
        session.echo(arguments.echo or 100)
        session.close()
    return {"closed": None}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("host")
    parser.add_argument("certificate")
    parser.add_argument("key")
    parser.add_argument("--port", type=int, default=443)
    parser.add_argument("--sessions", type=int, default=1)
    parser.add_argument("--at-once", type=int, default=0)
    parser.add_argument("--echo", type=int, default=0)
    parser.add_argument("--rebind", type=int, default=0)
    parser.add_argument("--home", action="store_true")
    parser.add_argument("--key-updates", type=int, default=0)
    parser.add_argument("--no-certificate", action="store_true")
    parser.add_argument("--alpn", default="culvert/1")
    parser.add_argument("--keep", type=float, default=0)
    parser.add_argument("--idle", type=float, default=60)
    parser.add_argument("--version", type=int, default=1)
    parser.add_argument("--read-slowly", action="store_true")
    parser.add_argument("--suite")
    parser.add_argument("--deaf", type=float, default=0)
    parser.add_argument("--reset", action="store_true")
    parser.add_argument("--hear", type=int, default=0)
    parser.add_argument("--hear-sessions", type=int, default=1)
    arguments = parser.parse_args()
    start, result = time.monotonic(), {}
    try:
        if arguments.at_once:
            result = run_many(arguments)
        for _ in range(0 if arguments.at_once else arguments.sessions):
            result = run_one(arguments)
        result["error"] = None
    except RuntimeError as error:
        result["error"] = str(error)
    result["seconds"] = round(time.monotonic() - start, 3)
    print(json.dumps(result), flush=True)


if __name__ == "__main__":
    main()

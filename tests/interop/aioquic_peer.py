#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""A peer with somebody else's QUIC stack (aioquic), for tests and the demo.

It binds its leg with the token, from the very socket that then carries QUIC through the relay, and sends
or receives one file. Both sides show a self-signed certificate and know each other by peer ID.

  aioquic_peer.py cert alice              makes alice.crt and alice.key, prints the peer ID
  aioquic_peer.py listen ... --receive F  waits for a connection
  aioquic_peer.py dial ... --send F       opens one to the relay port

Either may send or receive. SIGUSR1 sends the token again. Progress goes to stderr; the last line on stdout
is JSON. Without --token it is an ordinary QUIC peer, and --relay may be the other peer itself.
"""

import argparse
import base64
import datetime
import hashlib
import ipaddress
import json
import os
import select
import signal
import socket
import ssl
import sys
import time

from aioquic.buffer import Buffer
from aioquic.quic import events
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.connection import QuicConnection
from aioquic.quic.packet import QuicPacketType, pull_quic_header
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

ALPN = "culvert-file"
TOKEN_BYTES = 32
TOKEN_REPEATS_S = (0, 1, 3, 7)  # until the handshake is done: a token is a datagram, and may be lost
UDP_PAYLOAD_BYTES = 1350
WINDOW_BYTES = 16 << 20
SEND_AHEAD_BYTES = 1 << 20
SOCKET_BUFFER_BYTES = 8 << 20
LENGTH_BYTES = 8  # a file on a stream: its length, its bytes; the answer is its SHA-256
WRONG_PEER = 0x1


class PeerError(Exception):
    pass


def peer_id(certificate):
    spki = certificate.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return base64.b32encode(hashlib.sha256(spki).digest()).decode().rstrip("=").lower()


def make_certificate(path):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, os.path.basename(path))])
    now = datetime.datetime.now(datetime.timezone.utc)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=365))
        .sign(key, hashes.SHA256())
    )
    with open(path + ".crt", "wb") as f:
        f.write(certificate.public_bytes(serialization.Encoding.PEM))
    with open(os.open(path + ".key", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as f:
        f.write(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
    print(peer_id(certificate))


def read_token(path):
    """32 bytes, or their 64 hex digits, from a file or from stdin ("-")."""
    if path == "-":
        raw = sys.stdin.buffer.read()
    else:
        with open(path, "rb") as f:
            raw = f.read()
    token = raw if len(raw) == TOKEN_BYTES else bytes.fromhex(raw.decode().strip())
    if len(token) != TOKEN_BYTES:
        raise PeerError(f"the token in {path} has {len(token)} bytes, not {TOKEN_BYTES}")
    return token


def parse_address(text):
    """"192.0.2.1:40000" or "[2001:db8::1]:40000", as the tuple that recvfrom() returns."""
    host, _, port = text.rpartition(":")
    host = host.strip("[]")
    version = ipaddress.ip_address(host).version
    return (host, int(port)) if version == 4 else (host, int(port), 0, 0)


def show_address(address):
    return f"[{address[0]}]:{address[1]}" if ":" in address[0] else f"{address[0]}:{address[1]}"


def bind_socket(address):
    sock = socket.socket(socket.AF_INET6 if len(address) == 4 else socket.AF_INET, socket.SOCK_DGRAM)
    for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
        sock.setsockopt(socket.SOL_SOCKET, option, SOCKET_BUFFER_BYTES)
    try:
        sock.setsockopt(socket.SOL_SOCKET, 33, SOCKET_BUFFER_BYTES)  # SO_RCVBUFFORCE
    except PermissionError:
        pass
    sock.setblocking(False)
    sock.bind(address)
    return sock


class MutualConnection(QuicConnection):
    """aioquic's server asks for no client certificate unless its TLS context is told to."""

    def _initialize(self, peer_cid):
        super()._initialize(peer_cid)
        if not self._is_client:
            self.tls._request_client_certificate = True

    def peer_id(self):
        certificate = self.tls._peer_certificate
        return peer_id(certificate) if certificate else None


class Sender:
    """Feeds a file to a stream, never far ahead of what was acknowledged."""

    verb = "sent"

    def __init__(self, path):
        self.file = open(path, "rb")
        self.total = os.fstat(self.file.fileno()).st_size
        self.bytes = 0
        self.digest = hashlib.sha256()
        self.answer = b""
        self.stream = None

    def connected(self, quic):
        self.stream = quic.get_next_available_stream_id()
        quic.send_stream_data(self.stream, self.total.to_bytes(LENGTH_BYTES, "big"))

    def feed(self, quic):
        if self.stream is None or self.file.closed:
            return
        sender = quic._streams[self.stream].sender
        while sender._buffer_stop - sender._buffer_start < SEND_AHEAD_BYTES:
            piece = self.file.read(1 << 18)
            self.digest.update(piece)
            self.bytes += len(piece)
            last = self.bytes == self.total
            quic.send_stream_data(self.stream, piece, end_stream=last)
            if last:
                self.file.close()
                return
            if not piece:
                raise PeerError("the file shrank while it was sent")

    def received(self, quic, event):
        self.answer += event.data
        if event.end_stream:
            if self.answer != self.digest.digest():
                raise PeerError("the other side's SHA-256 is not that of the file sent")
            quic.close()
            return True
        return False


class Receiver:
    verb = "received"

    def __init__(self, path):
        self.file = open(path, "wb")
        self.total = None
        self.bytes = 0
        self.digest = hashlib.sha256()
        self.head = b""

    def connected(self, quic):
        pass

    def feed(self, quic):
        pass

    def received(self, quic, event):
        data = event.data
        if self.total is None:
            self.head += data
            if len(self.head) < LENGTH_BYTES:
                return False
            self.total = int.from_bytes(self.head[:LENGTH_BYTES], "big")
            data = self.head[LENGTH_BYTES:]
        self.file.write(data)
        self.digest.update(data)
        self.bytes += len(data)
        if not event.end_stream:
            return False
        self.file.close()
        if self.bytes != self.total:
            raise PeerError(f"the stream ended after {self.bytes} of {self.total} bytes")
        quic.send_stream_data(event.stream_id, self.digest.digest(), end_stream=True)
        return True


class Progress:
    def __init__(self, name, every_s):
        self.name = name
        self.every_s = every_s
        self.tty = sys.stderr.isatty()
        self.begin = self.last = (time.monotonic(), 0)

    def say(self, text):
        print(f"{self.name}: {text}", file=sys.stderr, flush=True)

    def start(self, now):
        self.begin = self.last = (now, 0)

    def show(self, transfer, now, last=False):
        """The rate since the last line; in the last line, that of the whole transfer."""
        since, before = self.begin if last else self.last
        if not self.every_s or not transfer.total or (now - since < self.every_s and not last):
            return
        rate = (transfer.bytes - before) / max(now - since, 1e-9) / 1e6
        self.last = (now, transfer.bytes)
        text = (f"{self.name}: {transfer.verb} {transfer.bytes / 1e6:6.1f} of {transfer.total / 1e6:.1f} MB,"
                f" {rate:5.1f} MB/s")
        print("\r" + text if self.tty else text, end="" if self.tty and not last else "\n", file=sys.stderr, flush=True)


class Peer:
    """One socket, one connection, one file. Everything runs in run()."""

    def __init__(self, options):
        self.options = options
        self.relay = parse_address(options.relay)
        self.sock = bind_socket(parse_address(options.bind))
        self.transfer = Sender(options.send) if options.send else Receiver(options.receive)
        self.progress = Progress(options.name, options.progress)
        self.token = read_token(options.token) if options.token else None
        self.tokens_sent = 0
        self.quic = None
        self.handshake_at = None
        self.done_at = None
        self.ended = None
        self.datagrams = {"in": 0, "out": 0}
        self.started = time.monotonic()

    def configuration(self):
        configuration = QuicConfiguration(
            is_client=self.options.mode == "dial",
            alpn_protocols=[ALPN],
            verify_mode=ssl.CERT_NONE,  # by peer ID instead, in handshake_done()
            max_datagram_size=UDP_PAYLOAD_BYTES,
            max_data=WINDOW_BYTES,
            max_stream_data=WINDOW_BYTES,
            idle_timeout=30,
            original_version=self.options.first_version,
        )
        configuration.load_cert_chain(self.options.cert, self.options.key)
        return configuration

    def send_token(self, *_):
        if self.token:
            self.sock.sendto(self.token, self.relay)
            self.progress.say(f"sent its token to {show_address(self.relay)}")

    def next_token_at(self):
        if not self.token or self.handshake_at or self.tokens_sent == len(TOKEN_REPEATS_S):
            return None
        return self.started + TOKEN_REPEATS_S[self.tokens_sent]

    def accept(self, datagram):
        """The connection that a client's first Initial packet opens; None for anything else."""
        try:
            header = pull_quic_header(Buffer(data=datagram), host_cid_length=8)
        except ValueError:
            return None
        if header.packet_type != QuicPacketType.INITIAL:
            return None
        return MutualConnection(
            configuration=self.configuration(), original_destination_connection_id=header.destination_cid
        )

    def receive_burst(self):
        for _ in range(64):
            try:
                datagram, source = self.sock.recvfrom(2048)
            except BlockingIOError:
                return
            except ConnectionRefusedError:  # an ICMP error of an earlier datagram
                continue
            self.datagrams["in"] += 1
            if self.quic is None and self.options.mode == "listen":
                self.quic = self.accept(datagram)
            if self.quic is not None:
                self.quic.receive_datagram(datagram, source, now=time.monotonic())

    def send_burst(self):
        for datagram, destination in self.quic.datagrams_to_send(now=time.monotonic()):
            try:
                self.sock.sendto(datagram, destination)
                self.datagrams["out"] += 1
            except (BlockingIOError, ConnectionRefusedError):
                pass  # lost, as on any network

    def handshake_done(self):
        seen = self.quic.peer_id()
        if seen != self.options.peer:
            self.quic.close(error_code=WRONG_PEER, reason_phrase="wrong peer ID")
            self.send_burst()
            raise PeerError(f"the other side is {seen or 'without a certificate'}, not {self.options.peer}")
        self.handshake_at = time.monotonic()
        self.progress.start(self.handshake_at)
        self.progress.say(f"connected to {seen[:12]}...")
        self.transfer.connected(self.quic)

    def handle_events(self):
        while (event := self.quic.next_event()) is not None:
            if isinstance(event, events.HandshakeCompleted):
                self.handshake_done()
            elif isinstance(event, events.StreamDataReceived):
                if self.transfer.received(self.quic, event):
                    self.done_at = time.monotonic()
                    self.progress.show(self.transfer, self.done_at, last=True)
            elif isinstance(event, events.ConnectionTerminated):
                self.ended = event

    def wait(self, wake_fd):
        deadlines = [self.started + self.options.timeout, self.next_token_at()]
        if self.quic is not None:
            deadlines.append(self.quic.get_timer())
        until = min(d for d in deadlines if d is not None)
        ready, _, _ = select.select([self.sock, wake_fd], [], [], max(0, until - time.monotonic()))
        if wake_fd in ready:
            os.read(wake_fd, 64)

    def step(self):
        self.receive_burst()
        now = time.monotonic()
        if (token_at := self.next_token_at()) is not None and now >= token_at:
            self.tokens_sent += 1
            self.send_token()
        if self.quic is None:
            return
        if (timer := self.quic.get_timer()) is not None and now >= timer:
            self.quic.handle_timer(now)
        self.handle_events()
        self.transfer.feed(self.quic)
        self.send_burst()
        self.progress.show(self.transfer, now)

    def run(self):
        wake_fd, signal_fd = os.pipe2(os.O_NONBLOCK)
        signal.set_wakeup_fd(signal_fd)
        signal.signal(signal.SIGUSR1, self.send_token)
        if self.options.mode == "dial":
            self.send_token()
            self.tokens_sent = 1
            self.quic = MutualConnection(configuration=self.configuration())
            self.quic.connect(self.relay, now=time.monotonic())
            self.send_burst()
        while self.ended is None:
            self.wait(wake_fd)
            if time.monotonic() >= self.started + self.options.timeout:
                raise PeerError(f"not done after {self.options.timeout} s ({self.state()})")
            self.step()
        if self.done_at is None:
            raise PeerError(f"the connection ended early: {self.ended.reason_phrase or hex(self.ended.error_code)}")
        return self.summary()

    def state(self):
        if self.handshake_at is None:
            return "no QUIC handshake with the other side; is its leg bound?"
        return f"{self.transfer.verb} {self.transfer.bytes} of {self.transfer.total} bytes"

    def summary(self):
        return {
            "name": self.options.name,
            "bytes": self.transfer.bytes,
            "seconds": round(self.done_at - self.handshake_at, 3),
            "sha256": self.transfer.digest.hexdigest(),
            "local": show_address(self.sock.getsockname()),
            "remote": show_address(self.relay),
            "peer": self.quic.peer_id(),
            "datagrams_in": self.datagrams["in"],
            "datagrams_out": self.datagrams["out"],
            "retries": self.quic._retry_count,
            "renegotiated": self.quic._version_negotiated_incompatible,
        }


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    modes = parser.add_subparsers(dest="mode", required=True)
    cert = modes.add_parser("cert", help="make a key and a self-signed certificate")
    cert.add_argument("path", help="writes PATH.crt and PATH.key")
    for mode in ("listen", "dial"):
        p = modes.add_parser(mode)
        p.add_argument("--relay", required=True, metavar="ADDRESS:PORT", help="where the relay port is")
        p.add_argument("--bind", default="0.0.0.0:0", metavar="ADDRESS:PORT", help="this peer's own socket")
        p.add_argument("--token", metavar="FILE", help="32 bytes, or 64 hex digits; - is stdin")
        p.add_argument("--cert", required=True, metavar="FILE")
        p.add_argument("--key", required=True, metavar="FILE")
        p.add_argument("--peer", required=True, metavar="PEER-ID", help="who the other side must be")
        p.add_argument("--name", default=mode, help="this peer's name in messages")
        p.add_argument("--timeout", type=float, default=120, metavar="SECONDS")
        p.add_argument("--progress", type=float, default=1, metavar="SECONDS", help="how often; 0 is never")
        p.add_argument("--first-version", type=lambda text: int(text, 0), metavar="N", help="the QUIC version to dial with")
        what = p.add_mutually_exclusive_group(required=True)
        what.add_argument("--send", metavar="FILE")
        what.add_argument("--receive", metavar="FILE")
    return parser.parse_args()


def main():
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    options = parse_arguments()
    if options.mode == "cert":
        make_certificate(options.path)
        return
    try:
        print(json.dumps(Peer(options).run()), flush=True)
    except (PeerError, OSError) as error:
        sys.exit(f"{options.name}: {error}")


if __name__ == "__main__":
    main()

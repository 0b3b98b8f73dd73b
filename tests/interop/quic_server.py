#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""aioquic's own server behind a pair: one socket for all clients, QUIC version 1 alone, and Retry for everyone.

  quic_server.py --leg FILE --bind ADDRESS:PORT --cert F --key F

It takes files as aioquic_peer.py sends them and answers with their SHA-256. FILE has the leg: ADDRESS PORT TOKEN. The
token is sent from the server's socket, at the start, and at SIGUSR1 that which FILE has then: so one socket may have
several legs. On stdout a line of JSON for each file: bytes, sha256. Ends with SIGTERM.
"""

import argparse
import asyncio
import hashlib
import json
import signal

from aioquic.asyncio import QuicConnectionProtocol
from aioquic.asyncio.server import QuicServer
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.events import StreamDataReceived
from aioquic.quic.packet import QuicProtocolVersion

from aioquic_peer import ALPN, LENGTH_BYTES, UDP_PAYLOAD_BYTES, WINDOW_BYTES, bind_socket, parse_address

TOKEN_AGAIN_S = (0, 1, 3, 7)


class Files(QuicConnectionProtocol):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.streams = {}

    def quic_event_received(self, event):
        if not isinstance(event, StreamDataReceived):
            return
        data = self.streams.setdefault(event.stream_id, bytearray())
        data += event.data
        if not event.end_stream:
            return
        content = data[LENGTH_BYTES:]
        digest = hashlib.sha256(content)
        self._quic.send_stream_data(event.stream_id, digest.digest(), end_stream=True)
        print(json.dumps({"bytes": len(content), "sha256": digest.hexdigest()}), flush=True)


async def serve(options):
    loop = asyncio.get_running_loop()
    configuration = QuicConfiguration(
        is_client=False,
        alpn_protocols=[ALPN],
        max_datagram_size=UDP_PAYLOAD_BYTES,
        max_data=WINDOW_BYTES,
        max_stream_data=WINDOW_BYTES,
        supported_versions=[QuicProtocolVersion.VERSION_1],
    )
    configuration.load_cert_chain(options.cert, options.key)
    transport, server = await loop.create_datagram_endpoint(
        lambda: QuicServer(configuration=configuration, create_protocol=Files, retry=True),
        sock=bind_socket(parse_address(options.bind)),
    )

    def bind_leg():
        with open(options.leg) as f:
            address, port, token = f.read().split()
        for seconds in TOKEN_AGAIN_S:
            loop.call_later(seconds, transport.sendto, bytes.fromhex(token), (address, int(port)))

    stopped = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stopped.set)
    loop.add_signal_handler(signal.SIGUSR1, bind_leg)
    bind_leg()
    await stopped.wait()
    server.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--leg", required=True, metavar="FILE")
    parser.add_argument("--bind", required=True, metavar="ADDRESS:PORT")
    parser.add_argument("--cert", required=True, metavar="FILE")
    parser.add_argument("--key", required=True, metavar="FILE")
    asyncio.run(serve(parser.parse_args()))


if __name__ == "__main__":
    main()

// SPDX-License-Identifier: BSD-3-Clause
// A stock peer on @matrixai/quic (quiche): one socket, its leg bound by QUICSocket.send, then ordinary QUIC to the
// relay port. Each side sends --bytes on --streams streams that the dialling side opens and on one that the
// listening side opens, all at once, and receives as many. Both sides know each other by peer ID alone.
//
//   matrixai_peer.mjs listen|dial --relay ADDRESS --port N --token FILE --cert FILE --key FILE --peer ID
//       [--streams N] [--bytes N] [--timeout SECONDS]
//
// "ready" on stderr: the token is sent, and the server answers. The last line on stdout is JSON: peer, and for each
// stream the SHA-256 of what was sent and received.
import { createHash, createHmac, randomBytes, timingSafeEqual, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { QUICClient, QUICServer, QUICSocket, events, native } from '@matrixai/quic';

const CHUNK_BYTES = 65536;
const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567';

const { positionals, values: options } = parseArgs({
  allowPositionals: true,
  options: {
    relay: { type: 'string' },
    port: { type: 'string' },
    token: { type: 'string' },
    cert: { type: 'string' },
    key: { type: 'string' },
    peer: { type: 'string' },
    streams: { type: 'string', default: '4' },
    bytes: { type: 'string', default: '1000000' },
    timeout: { type: 'string', default: '100' },
  },
});
const mode = positionals[0];
const streamCount = Number(options.streams);
const bytesPerStream = Number(options.bytes);
const verified = [];

function base32(bytes) {
  let text = '';
  let bits = 0;
  let value = 0;
  for (const byte of bytes) {
    value = (value << 8) | byte;
    for (bits += 8; bits >= 5; bits -= 5) text += BASE32[(value >> (bits - 5)) & 31];
    value &= (1 << bits) - 1;
  }
  return bits > 0 ? text + BASE32[(value << (5 - bits)) & 31] : text;
}

function peerId(der) {
  const spki = new X509Certificate(der).publicKey.export({ type: 'spki', format: 'der' });
  return base32(createHash('sha256').update(spki).digest());
}

// Any certificate of the chain may have the wanted key: that is how a root key is rotated.
async function verifyPeer(chain) {
  const ids = chain.map(peerId);
  if (!ids.includes(options.peer)) return native.CryptoError?.BadCertificate ?? 298;
  verified.push(options.peer);
}

const config = {
  key: readFileSync(options.key, 'utf8'),
  cert: readFileSync(options.cert, 'utf8'),
  verifyPeer: true,
  verifyCallback: verifyPeer,
  maxIdleTimeout: 30000,
  keepAliveIntervalTime: 10000,
};

async function send(stream) {
  const hash = createHash('sha256');
  const writer = stream.writable.getWriter();
  for (let sent = 0; sent < bytesPerStream; sent += CHUNK_BYTES) {
    const chunk = randomBytes(Math.min(CHUNK_BYTES, bytesPerStream - sent));
    hash.update(chunk);
    await writer.write(chunk);
  }
  await writer.close();
  return hash.digest('hex');
}

async function receive(stream) {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of stream.readable) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  if (bytes !== bytesPerStream) throw new Error(`a stream ended after ${bytes} of ${bytesPerStream} bytes`);
  return hash.digest('hex');
}

async function drain(stream) {
  for await (const chunk of stream.readable) throw new Error(`${chunk.length} bytes more than were expected`);
}

async function both(stream) {
  const [sent, received] = await Promise.all([send(stream), receive(stream)]);
  return { stream: Number(stream.streamId), sent, received };
}

// The streams that the other side opens, in their order.
async function* streamsOf(connection) {
  const waiting = [];
  let wake = () => {};
  connection.addEventListener(events.EventQUICConnectionStream.name, (event) => {
    if (event.detail.initiated === 'local') return;
    waiting.push(event.detail);
    wake();
  });
  for (;;) {
    while (waiting.length === 0) await new Promise((resolve) => (wake = resolve));
    yield waiting.shift();
  }
}

async function acceptStreams(streams, count) {
  const transfers = [];
  while (transfers.length < count) transfers.push(both((await streams.next()).value));
  return Promise.all(transfers);
}

function openStreams(connection, count) {
  return Promise.all(Array.from({ length: count }, () => both(connection.newStream('bidi'))));
}

const retryKey = Uint8Array.from(randomBytes(32)).buffer;

// These take and give ArrayBuffers: a Buffer has the wrong length once it is made a connection ID.
function sign(key, data) {
  return Uint8Array.from(createHmac('sha256', Buffer.from(key)).update(Buffer.from(data)).digest()).buffer;
}

const serverCrypto = {
  key: retryKey,
  ops: {
    async sign(key, data) {
      return sign(key, data);
    },
    async verify(key, data, signature) {
      const right = Buffer.from(sign(key, data));
      const shown = Buffer.from(signature);
      return shown.length === right.length && timingSafeEqual(shown, right);
    },
  },
};
const clientCrypto = {
  ops: {
    async randomBytes(data) {
      randomBytes(data.byteLength).copy(Buffer.from(data));
    },
  },
};

// The side that answers last knows that both have everything.
async function listen(socket, bind) {
  const server = new QUICServer({ crypto: serverCrypto, socket, config });
  const connected = new Promise((resolve) => {
    server.addEventListener(events.EventQUICServerConnection.name, (event) => resolve(event.detail), { once: true });
  });
  await server.start();
  await bind();
  const connection = await connected;
  const streams = streamsOf(connection);
  const closed = new Promise((resolve) => {
    connection.addEventListener(events.EventQUICConnectionClose.name, resolve, { once: true });
  });
  const transfers = (await Promise.all([acceptStreams(streams, streamCount), openStreams(connection, 1)])).flat();
  const goodbye = (await streams.next()).value;
  await drain(goodbye);
  await goodbye.writable.close();
  await closed;
  await server.stop({ force: true });
  return transfers;
}

async function dial(socket, bind) {
  await bind();
  const client = await QUICClient.createQUICClient({
    host: options.relay,
    port: Number(options.port),
    socket,
    crypto: clientCrypto,
    config,
  });
  const streams = streamsOf(client.connection);
  const transfers = (
    await Promise.all([acceptStreams(streams, 1), openStreams(client.connection, streamCount)])
  ).flat();
  const goodbye = client.connection.newStream('bidi');
  await goodbye.writable.close();
  await drain(goodbye);
  await client.destroy({ force: true });
  return transfers;
}

setTimeout(() => {
  console.error(`${mode}: not done in ${options.timeout} s`);
  process.exit(1);
}, 1000 * Number(options.timeout)).unref();

const socket = new QUICSocket({});
await socket.start({ host: options.relay.includes(':') ? '::' : '0.0.0.0', port: 0 });
const token = Buffer.from(readFileSync(options.token, 'utf8').trim(), 'hex');
const bind = async () => {
  await socket.send(token, Number(options.port), options.relay);
  console.error('ready');
};
try {
  const transfers = await (mode === 'listen' ? listen : dial)(socket, bind);
  transfers.sort((a, b) => a.stream - b.stream);
  await socket.stop({ force: true });
  console.log(JSON.stringify({ peer: verified[0] ?? null, transfers }));
  process.exit(0);
} catch (error) {
  console.error(`${mode}: ${error.name}: ${error.message}`);
  process.exit(1);
}

/**
 * A light client of Socket.IO over a websocket, for load: it knows connect, event, acknowledgement and ping, and nothing
 * else. The stock client costs more CPU than a server that only relays.
 */
import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';

/** Calls of one socket. Payloads are JSON texts, so that a load run decides itself what it parses. */
export interface LoadSocket {
  /** Sends an event; `onAck` gets the JSON text of the arguments of its acknowledgement. */
  emit(event: string, payload: string, onAck?: (args: string) => void): void;
  close(): void;
}

interface Handlers {
  /** The whole text of an event packet after its type: `["name",{...}]`. */
  onEvent(text: string): void;
  onClose?(): void;
}

/** Writes a masked text frame. The mask is zero, which is a valid one and leaves the text as it is. */
function frame(text: string): Buffer {
  const length = Buffer.byteLength(text);
  const header = length < 126 ? 2 : length < 65_536 ? 4 : 10;
  const bytes = Buffer.allocUnsafe(header + 4 + length);
  bytes[0] = 0x81;
  if (header === 2) bytes[1] = 0x80 | length;
  else if (header === 4) {
    bytes[1] = 0xfe;
    bytes.writeUInt16BE(length, 2);
  } else {
    bytes[1] = 0xff;
    bytes.writeBigUInt64BE(BigInt(length), 2);
  }
  bytes.writeUInt32BE(0, header);
  bytes.write(text, header + 4);
  return bytes;
}

/** Splits what arrives into the texts of whole frames; what is left over waits for the rest. */
function frameReader(onText: (text: string) => void): (chunk: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0);
  return (chunk) => {
    let data = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
    for (;;) {
      if (data.length < 2) break;
      const short = (data[1] ?? 0) & 0x7f;
      const header = short < 126 ? 2 : short === 126 ? 4 : 10;
      if (data.length < header) break;
      const length = header === 2 ? short : header === 4 ? data.readUInt16BE(2) : Number(data.readBigUInt64BE(2));
      if (data.length < header + length) break;
      if (((data[0] ?? 0) & 0x0f) === 1) onText(data.toString('utf8', header, header + length));
      data = data.subarray(header + length);
    }
    rest = data;
  };
}

async function upgraded(port: number): Promise<{ socket: Socket; rest: Buffer }> {
  const socket = connect({ host: '127.0.0.1', port });
  socket.setNoDelay(true);
  const key = randomBytes(16).toString('base64');
  socket.write(
    `GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\n` +
      `Connection: Upgrade\r\nSec-WebSocket-Key: ${key}\r\nSec-WebSocket-Version: 13\r\n\r\n`,
  );
  let head = Buffer.alloc(0);
  return new Promise((resolve, reject) => {
    const onData = (chunk: Buffer): void => {
      head = Buffer.concat([head, chunk]);
      const end = head.indexOf('\r\n\r\n');
      if (end === -1) return;
      socket.off('data', onData);
      if (head.toString('latin1', 0, 12) !== 'HTTP/1.1 101') reject(new Error(head.toString('latin1', 0, end)));
      else resolve({ socket, rest: head.subarray(end + 4) });
    };
    socket.on('data', onData);
    socket.once('error', reject);
  });
}

/** Connects, authenticates, and resolves once the server has greeted the socket. */
export async function openLoadSocket(port: number, token: string | null, handlers: Handlers): Promise<LoadSocket> {
  const { socket, rest } = await upgraded(port);
  const acks = new Map<number, (args: string) => void>();
  let nextAck = 0;
  let greeted: () => void = () => undefined;
  let refused: (error: Error) => void = () => undefined;
  const ready = new Promise<void>((resolve, reject) => {
    greeted = resolve;
    refused = reject;
  });

  function onPacket(text: string): void {
    const type = text.slice(0, 2);
    if (type === '42') handlers.onEvent(text.slice(2));
    else if (type === '43') {
      const end = text.indexOf('[');
      const id = Number(text.slice(2, end));
      acks.get(id)?.(text.slice(end));
      acks.delete(id);
    } else if (type === '40') greeted();
    else if (type === '44') refused(new Error(text));
    else if (text[0] === '2') socket.write(frame('3'));
    else if (text[0] === '0') socket.write(frame(token === null ? '40' : `40${JSON.stringify({ token })}`));
  }

  const read = frameReader(onPacket);
  socket.on('data', read);
  socket.on('error', () => undefined);
  socket.on('close', () => handlers.onClose?.());
  read(rest);
  await ready;

  // Everything that is sent in one turn of the event loop leaves with one write.
  let gathered: Buffer[] = [];
  function flush(): void {
    socket.write(gathered.length === 1 ? (gathered[0] as Buffer) : Buffer.concat(gathered));
    gathered = [];
  }

  return {
    emit(event, payload, onAck) {
      let id = '';
      if (onAck) {
        acks.set(nextAck, onAck);
        id = String(nextAck++);
      }
      if (gathered.length === 0) setImmediate(flush);
      gathered.push(frame(`42${id}["${event}",${payload}]`));
    },
    close: () => socket.destroy(),
  };
}

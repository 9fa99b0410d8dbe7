/** Splits a byte stream into frames. */
import { headerBytes, maxMessageBytes } from './message.js';

export interface Framer {
  /** Adds bytes and returns the frames that are complete. Throws RangeError on an impossible length. */
  push(chunk: Buffer): Buffer[];
}

/** Creates the framer of one connection. Bytes are joined only when a frame is complete, however many chunks it came in. */
export function createFramer(): Framer {
  let chunks: Buffer[] = [];
  let size = 0;

  function frameLength(): number | null {
    if (size < 4) return null;
    const [first = Buffer.alloc(0)] = chunks;
    const head = first.length >= 4 ? first : Buffer.concat(chunks);
    const length = head.readInt32LE(0);
    if (length < headerBytes || length > maxMessageBytes) throw new RangeError(`invalid frame length ${length}`);
    return length;
  }

  return {
    push(chunk) {
      chunks.push(chunk);
      size += chunk.length;
      const frames: Buffer[] = [];
      for (let length = frameLength(); length !== null && size >= length; length = frameLength()) {
        const joined = chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks, size);
        frames.push(joined.subarray(0, length));
        chunks = [joined.subarray(length)];
        size -= length;
      }
      return frames;
    },
  };
}

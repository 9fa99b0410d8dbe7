/** Byte strings as keys. */

/** The longest key that LMDB accepts with its default page size. */
export const maxKeyBytes = 1978;

/** Returns the four bytes that every key of a table or index begins with. */
export function numberPrefix(id: number): Buffer {
  const prefix = Buffer.allocUnsafe(4);
  prefix.writeUInt32BE(id);
  return prefix;
}

/** Returns the first byte string above all that begin with `prefix`. */
export function successor(prefix: Buffer): Buffer {
  let length = prefix.length;
  while (length > 1 && prefix[length - 1] === 0xff) length--;
  const result = Buffer.from(prefix.subarray(0, length));
  result[length - 1] = ((result[length - 1] ?? 0) + 1) & 0xff;
  return result;
}

/** Returns the same bytes as a Buffer, without copying. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

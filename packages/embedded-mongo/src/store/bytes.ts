/** Byte strings as keys. */

/** The longest key that LMDB takes with its usual page size. */
export const maxKeyBytes = 1978;

/** A table or index number as the first bytes of a key. */
export function numberPrefix(id: number): Buffer {
  const result = Buffer.allocUnsafe(4);
  result.writeUInt32BE(id);
  return result;
}

/** The first byte string above all that begin with `prefix`. */
export function successor(prefix: Buffer): Buffer {
  let length = prefix.length;
  while (length > 1 && prefix[length - 1] === 0xff) length--;
  const result = Buffer.from(prefix.subarray(0, length));
  result[length - 1] = ((result[length - 1] ?? 0) + 1) & 0xff;
  return result;
}

/** The same bytes as a Buffer, without copying. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

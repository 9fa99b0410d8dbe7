import { Writable } from 'node:stream';
import { createLogger, type Logger } from '../../src/kernel/logger.js';

/** A server's log, captured in memory. */
export interface CapturedLog {
  logger: Logger;
  text(): string;
  /** The lines, parsed. */
  lines(): Record<string, unknown>[];
}

/** The real logger, writing into memory. */
export function captureLog(level = 'info'): CapturedLog {
  const chunks: string[] = [];
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(chunk.toString());
      done();
    },
  });
  const text = (): string => chunks.join('');
  return {
    logger: createLogger(level, sink),
    text,
    lines: () =>
      text()
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Record<string, unknown>),
  };
}

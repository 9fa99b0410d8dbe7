/** What a stage may hold in memory (https://www.mongodb.com/docs/manual/core/aggregation-pipeline-limits/). */
import { CommandError } from '../errors.js';
import { encode } from '../bson/encode.js';
import type { Value } from '../bson/value.js';

/** 100 megabytes for each stage. Nothing is spilled to the disk here, whatever `allowDiskUse` says. */
export const maxStageBytes = 100 * 1024 * 1024;

/** Takes what is held in addition, in bytes. */
export type ReserveMemory = (bytes: number) => void;

/** Counts what one stage holds; throws `code` when that is too much. */
export function createMemoryLimit(code: number, what: string): ReserveMemory {
  let held = 0;
  return (bytes) => {
    held += bytes;
    if (held > maxStageBytes) {
      throw new CommandError(
        code,
        `${what} used too much memory and cannot spill to disk. Memory limit: ${maxStageBytes} bytes`,
      );
    }
  };
}

/** The size of a value in a document, in bytes. */
export const encodedSize = (value: Value): number => encode({ '': value }).length;

/** Limits the memory of a pipeline stage (https://www.mongodb.com/docs/manual/core/aggregation-pipeline-limits/). */
import { CommandError } from '../errors.js';
import { encode } from '../bson/encode.js';
import type { Value } from '../bson/value.js';

/** 100 megabytes for each stage. Nothing is spilled to disk, whatever `allowDiskUse` says. */
export const maxStageBytes = 100 * 1024 * 1024;

/** Reserves additional memory. Throws if the limit is exceeded. */
export type ReserveMemory = (bytes: number) => void;

/** Creates the memory limit of one stage; exceeding it throws `code`. */
export function createMemoryLimit(code: number, owner: string): ReserveMemory {
  let reserved = 0;
  return (bytes) => {
    reserved += bytes;
    if (reserved > maxStageBytes) {
      throw new CommandError(
        code,
        `${owner} used too much memory and cannot spill to disk. Memory limit: ${maxStageBytes} bytes`,
      );
    }
  };
}

/** Returns the size of a value inside a document, in bytes. */
export const encodedSize = (value: Value): number => encode({ '': value }).length;

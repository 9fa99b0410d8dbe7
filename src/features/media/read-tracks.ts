/** Reads the duration of a recording and the size of its picture. */
import { setTimeout as wait } from 'node:timers/promises';
import { ADTS, FilePathSource, FLAC, Input, MATROSKA, MP3, MP4, OGG, QTFF, WAVE, WEBM } from 'mediabunny';

export interface Tracks {
  durationMs: number | null;
  width: number | null;
  height: number | null;
}

/** Formats that are whole in one file; formats that refer to other files are not read. */
const formats = [MP4, QTFF, WEBM, MATROSKA, MP3, WAVE, OGG, ADTS, FLAC];
const none: Tracks = { durationMs: null, width: null, height: null };
const maxMs = 7 * 86_400_000;
/** A file without metadata would have to be read whole; reading stops after this time. */
const timeoutMs = 5_000;
const cacheBytes = 1024 * 1024;

function whole(value: number | null | undefined, max: number): number | null {
  return typeof value === 'number' && value > 0 && value <= max ? Math.round(value) : null;
}

async function read(input: Input): Promise<Tracks> {
  const video = await input.getPrimaryVideoTrack();
  const seconds = (await input.getDurationFromMetadata()) ?? (await input.computeDuration());
  return {
    durationMs: whole(seconds * 1000, maxMs),
    width: whole(video && (await video.getDisplayWidth()), 100_000),
    height: whole(video && (await video.getDisplayHeight()), 100_000),
  };
}

/** Reads the metadata of a recording; all fields are null if it has none that can be read. */
export async function readTracks(path: string): Promise<Tracks> {
  const input = new Input({ source: new FilePathSource(path, { maxCacheSize: cacheBytes }), formats });
  try {
    return await Promise.race([read(input), wait(timeoutMs, none, { ref: false })]);
  } catch {
    return none;
  } finally {
    input.dispose();
  }
}

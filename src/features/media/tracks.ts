/** How long a recording is, and how large its picture. */
import { parseFile } from 'music-metadata';

export interface Tracks {
  durationMs: number | null;
  width: number | null;
  height: number | null;
}

const none: Tracks = { durationMs: null, width: null, height: null };
const mostMs = 7 * 86_400_000;

function whole(value: number | undefined, most: number): number | null {
  return value !== undefined && Number.isFinite(value) && value > 0 && value <= most ? Math.round(value) : null;
}

/** Reads what a recording says of itself; nothing where it says nothing that can be read. */
export async function readTracks(path: string): Promise<Tracks> {
  try {
    const { format } = await parseFile(path, { duration: false, skipCovers: true });
    const video = format.trackInfo.find((track) => track.video)?.video;
    return {
      durationMs: whole(format.duration === undefined ? undefined : format.duration * 1000, mostMs),
      width: whole(video?.pixelWidth, 100_000),
      height: whole(video?.pixelHeight, 100_000),
    };
  } catch {
    return none;
  }
}

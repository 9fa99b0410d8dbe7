/** Words as search compares them: without accents and case, so that "eleve" finds "Élève". */
import { normalizeCodePoint } from './normalize-text.js';

/** A normalized text, and where each of its code units comes from in the original, in UTF-16 code units. */
interface Normalized {
  text: string;
  starts: number[];
  ends: number[];
}

/** A query, taken literally: pieces between spaces; in the text, the last one may be the beginning of a word. */
export interface WordQuery {
  pieces: string[];
  /** The words in it, which an index can find: whole words, and the last one as a beginning. */
  whole: string[];
  prefix: string | null;
  /** Whether the pieces are exactly those words. */
  isPlain: boolean;
}

export type TextRange = [start: number, end: number];

/** The maximum number of words indexed per text. */
const wordsPerMessage = 200;
/** Only so much of a long word counts: at least what a query can hold, and short enough for the key of an index. */
const wordLength = 64;

/** Scripts that are written without spaces: each character is a word. */
const alone = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/u;
const words =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]|(?:(?![\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}])[\p{L}\p{N}])+/gu;
const wordCharacter = /[\p{L}\p{N}]/u;

function normalize(text: string): Normalized {
  const normalized: Normalized = { text: '', starts: [], ends: [] };
  let at = 0;
  for (const codePoint of text) {
    const end = at + codePoint.length;
    const plain = normalizeCodePoint(codePoint);
    // An accent belongs to the character before it.
    if (plain === '' && normalized.ends.length > 0) normalized.ends[normalized.ends.length - 1] = end;
    normalized.text += plain;
    for (let unit = 0; unit < plain.length; unit++) {
      normalized.starts.push(at);
      normalized.ends.push(end);
    }
    at = end;
  }
  return normalized;
}

const wordsIn = (normalized: string): string[] =>
  (normalized.match(words) ?? []).map((word) => word.slice(0, wordLength));

/** The words by which a text is found, each once. */
export function wordsOf(text: string): string[] {
  return [...new Set(wordsIn(normalize(text).text))].slice(0, wordsPerMessage);
}

/** Parses a query; null if it holds nothing but spaces. */
export function wordQuery(q: string): WordQuery | null {
  const pieces = normalize(q).text.split(/\s+/u).filter(Boolean);
  if (pieces.length === 0) return null;
  const found = pieces.map(wordsIn);
  const isPlain = found.every((one, place) => one.length === 1 && one[0] === pieces[place]);
  // A character after the last word, such as a period, ends it.
  const isOpen = wordCharacter.test([...(pieces.at(-1) ?? '')].at(-1) ?? '');
  const all = found.flat();
  const prefix = isOpen ? (all.pop() ?? null) : null;
  return { pieces, whole: [...new Set(all)], prefix, isPlain };
}

/** Whether a word may begin or end between two characters. */
function isBorder(before: string, after: string): boolean {
  if (!wordCharacter.test(before) || !wordCharacter.test(after)) return true;
  return alone.test(before) || alone.test(after);
}

function characterBefore(text: string, at: number): string {
  return [...text.slice(Math.max(0, at - 2), at)].at(-1) ?? '';
}

function characterAt(text: string, at: number): string {
  return String.fromCodePoint(text.codePointAt(at) ?? 0x20);
}

/** The positions of a piece in a normalized text. */
function placesOf(text: string, piece: string, isLast: boolean): number[] {
  const places: number[] = [];
  for (let at = text.indexOf(piece); at !== -1; at = text.indexOf(piece, at + 1)) {
    const end = at + piece.length;
    const begins = at === 0 || isBorder(characterBefore(text, at), characterAt(text, at));
    const ends = isLast || end === text.length || isBorder(characterBefore(text, end), characterAt(text, end));
    if (begins && ends) places.push(at);
  }
  return places;
}

/** Whether a query finds a message: by its words if they decide it, otherwise by its text. */
export function isFoundBy(query: WordQuery, message: { text: string; words: readonly string[] }): boolean {
  const { pieces, whole, prefix, isPlain } = query;
  const hasWords =
    whole.every((word) => message.words.includes(word)) &&
    (prefix === null || message.words.some((word) => word.startsWith(prefix)));
  if (!hasWords || isPlain) return hasWords;
  const { text } = normalize(message.text);
  return pieces.every((piece, place) => placesOf(text, piece, place === pieces.length - 1).length > 0);
}

/** The parts of a text that a query matches: ascending, without overlaps, in UTF-16 code units. */
export function rangesIn(text: string, { pieces }: WordQuery): TextRange[] {
  const normalized = normalize(text);
  const found = pieces.flatMap((piece, place) =>
    placesOf(normalized.text, piece, place === pieces.length - 1).map((at): TextRange => {
      return [normalized.starts[at] ?? 0, normalized.ends[at + piece.length - 1] ?? text.length];
    }),
  );
  const ranges: TextRange[] = [];
  for (const [start, end] of found.sort((a, b) => a[0] - b[0])) {
    const last = ranges.at(-1);
    if (last && start < last[1]) last[1] = Math.max(last[1], end);
    else ranges.push([start, end]);
  }
  return ranges;
}

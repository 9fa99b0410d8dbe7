/** Words as search knows them: without marks and case, so that whoever looks for "eleve" finds "Élève". */
import { normalizeCodePoint } from '../../kernel/normalize-text.js';

/** A text, folded: each character of it, and where its origin lies in the text, in UTF-16 code units. */
interface Folded {
  text: string;
  starts: number[];
  ends: number[];
}

/** What is looked for, literally: pieces between spaces, the last of which may go on in the text. */
export interface WordQuery {
  pieces: string[];
  /** The words in it, which an index knows: each as it is, and the last one as a beginning. */
  whole: string[];
  prefix: string | null;
  /** Whether the pieces are nothing but those words. */
  isPlain: boolean;
}

export type Range = [start: number, end: number];

/** At most so many words of a message can be found. */
const wordsPerMessage = 200;
/** So much of a long word counts: more than a query can hold, and little enough for the key of an index. */
const wordLength = 64;

/** Scripts that are written without spaces: each character is a word. */
const alone = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/u;
const words =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]|(?:(?![\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}])[\p{L}\p{N}])+/gu;
const wordCharacter = /[\p{L}\p{N}]/u;

function normalize(text: string): Folded {
  const folded: Folded = { text: '', starts: [], ends: [] };
  let at = 0;
  for (const codePoint of text) {
    const end = at + codePoint.length;
    const plain = normalizeCodePoint(codePoint);
    // A mark belongs to what stands before it.
    if (plain === '' && folded.ends.length > 0) folded.ends[folded.ends.length - 1] = end;
    folded.text += plain;
    for (let unit = 0; unit < plain.length; unit++) {
      folded.starts.push(at);
      folded.ends.push(end);
    }
    at = end;
  }
  return folded;
}

const wordsIn = (folded: string): string[] => (folded.match(words) ?? []).map((word) => word.slice(0, wordLength));

/** The words under which a text is found, each once. */
export function wordsOf(text: string): string[] {
  return [...new Set(wordsIn(normalize(text).text))].slice(0, wordsPerMessage);
}

/** What is looked for; null where there is nothing but spaces. */
export function wordQuery(q: string): WordQuery | null {
  const pieces = normalize(q).text.split(/\s+/u).filter(Boolean);
  if (pieces.length === 0) return null;
  const found = pieces.map(wordsIn);
  const isPlain = found.every((one, place) => one.length === 1 && one[0] === pieces[place]);
  // What follows the last word, such as a full stop, ends it.
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

/** Where a piece stands in a folded text. */
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

/** Whether a message is found: by its words where they say it all, else by its text. */
export function isFoundBy(query: WordQuery, message: { text: string; words: readonly string[] }): boolean {
  const { pieces, whole, prefix, isPlain } = query;
  const hasWords =
    whole.every((word) => message.words.includes(word)) &&
    (prefix === null || message.words.some((word) => word.startsWith(prefix)));
  if (!hasWords || isPlain) return hasWords;
  const { text } = normalize(message.text);
  return pieces.every((piece, place) => placesOf(text, piece, place === pieces.length - 1).length > 0);
}

/** Where what was looked for stands in a text: ascending, apart from each other, in UTF-16 code units. */
export function rangesIn(text: string, { pieces }: WordQuery): Range[] {
  const folded = normalize(text);
  const found = pieces.flatMap((piece, place) =>
    placesOf(folded.text, piece, place === pieces.length - 1).map((at): Range => {
      return [folded.starts[at] ?? 0, folded.ends[at + piece.length - 1] ?? text.length];
    }),
  );
  const ranges: Range[] = [];
  for (const [start, end] of found.sort((a, b) => a[0] - b[0])) {
    const last = ranges.at(-1);
    if (last && start < last[1]) last[1] = Math.max(last[1], end);
    else ranges.push([start, end]);
  }
  return ranges;
}

import { normalizeText } from '../../kernel/normalize-text.js';

const words = /[\p{L}\p{N}]+/gu;
const maxWords = 16;
const longest = 64;

/**
 * What the directory finds a person by: his username, and his display name from each of its words on, folded. Who looks
 * for the beginning of one of them looks for the beginning of a word, and may go on over several.
 */
export function namesOf({ username, displayName }: { username: string; displayName: string }): string[] {
  const folded = normalizeText(displayName);
  const places = [...folded.matchAll(words)].slice(0, maxWords).map(({ index }) => index);
  return [...new Set([normalizeText(username), ...places.map((place) => folded.slice(place, place + longest))])];
}

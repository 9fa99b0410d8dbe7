import { expect, it } from 'vitest';
import { isFoundBy, rangesIn, wordQuery, wordsOf } from './words.js';

function marked(text: string, q: string): string[] {
  const query = wordQuery(q);
  return query ? rangesIn(text, query).map(([start, end]) => text.slice(start, end)) : [];
}

function isFound(text: string, q: string): boolean {
  const query = wordQuery(q);
  return query !== null && isFoundBy(query, { text, words: wordsOf(text) });
}

it.each([
  ['Élève à l’école', 'eleve', ['Élève']],
  ['Élève à l’école', 'ECOL', ['écol']],
  ['e\u0301te\u0301 dehors', 'été', ['e\u0301te\u0301']],
  ['ΟΔΥΣΣΕΥΣ Οδυσσεύς', 'οδυσσευσ', ['ΟΔΥΣΣΕΥΣ', 'Οδυσσεύς']],
  ['İstanbul', 'istanbul', ['İstanbul']],
  ['a 😀 word 😀word', 'word', ['word', 'word']],
  ['ﬁnal ½', 'fin', ['ﬁn']],
  ['ﬁnal', 'f', ['ﬁ']],
  ['東京都に住む', '東京', ['東京']],
  ['京の東', '東京', []],
  ['한국어 문장', '한국', ['한국']],
  ['one two, one-two; ONE', 'two one', ['one', 'two', 'one', 'two', 'ONE']],
  ['lone one', 'one', ['one']],
  ['aaaa!', '(a+)+$', []],
  ['it says (a+)+$ here', '(a+)+$', ['(a+)+$']],
  ['all .* of it', '.*', ['.*']],
  ['so 😀😀 happy', '😀😀', ['😀😀']],
  ['mail to: a@b.example', 'a@b.ex', ['a@b.ex']],
  ['mail to: aa@b.example', 'a@b.ex', []],
  ['the end. The ending', 'end.', ['end.']],
  ['nothing here', '.*', []],
])('finds in %j by %j: %j', (text, q, expected) => {
  expect(marked(text, q)).toEqual(expected);
  expect(isFound(text, q)).toBe(expected.length > 0);
});

it('asks for every word, and for the last one as a beginning', () => {
  expect(isFound('alpha beta gamma', 'gamma al')).toBe(true);
  expect(isFound('alpha beta gamma', 'gam alpha')).toBe(false);
  expect(isFound('alpha beta gamma', 'alpha delta')).toBe(false);
});

it('keeps at most 200 words, each once and at most 64 code units of it', () => {
  expect(wordsOf(Array.from({ length: 300 }, (_, n) => `w${n} w${n}`).join(' '))).toHaveLength(200);
  expect(wordsOf('x'.repeat(4000))).toEqual(['x'.repeat(64)]);
  expect(marked('x'.repeat(100), 'x'.repeat(64))).toEqual(['x'.repeat(64)]);
});

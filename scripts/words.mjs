// The words of the field: no name, comment or document has a word that docs/GLOSSARY.md replaced. `node scripts/words.mjs [folder]`.
// words.json holds the words, how each is banned, and every exception with its reason.
import { basename } from 'node:path';
import {
  codeOf,
  commentsIn,
  dataOf,
  declaredIn,
  documentsOf,
  exceptionsOf,
  isMeant,
  report,
  stringsIn,
} from './code.mjs';
import { root } from './sources.mjs';

/** The lower-case words of an identifier or a file name: `HTTPServer_2` → http, server, 2. */
function wordsOf(name) {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter(Boolean);
}

const same = (one, other) => wordsOf(one).join(' ') === wordsOf(other).join(' ');

/** How a word may be banned. `as` says what the identifier names: a type, a property, another value, or a file. */
const bans = {
  /** The whole identifier, whatever it names. */
  whole: ({ name }, was) => same(name, was),
  /** The whole name of a type. */
  type: ({ name, as }, was) => as === 'type' && same(name, was),
  /** A word anywhere in a name. */
  word: ({ words }, was) => words.includes(was.toLowerCase()),
  /** The first of several words. */
  first: ({ words }, was) => words.length > 1 && words[0] === was.toLowerCase(),
  /** The last of several words. */
  end: ({ words }, was) => words.length > 1 && words.at(-1) === was.toLowerCase(),
  /** The last of several words of a type. */
  typeEnd: ({ words, as }, was) => as === 'type' && words.length > 1 && words.at(-1) === was.toLowerCase(),
};

function bannedIn(words, identifier, path) {
  for (const entry of words) {
    if (entry.in && !entry.in.some((place) => isMeant(place, path))) continue;
    const was = entry.was.find((one) => entry.match.some((ban) => bans[ban](identifier, one)));
    if (was) return { was, is: entry.is };
  }
  return null;
}

function faultsOfNames(file, { words }, exceptions) {
  const stem = basename(file.path).split('.')[0];
  const names = [...declaredIn(file), { name: stem, as: 'file', line: 0 }];
  return names.flatMap(({ name, as, line }) => {
    const banned = bannedIn(words, { name, as, words: wordsOf(name) }, file.path);
    if (!banned || exceptions.allows(name, file.path, as)) return [];
    const place = as === 'file' ? file.path : `${file.path}:${line}`;
    return [
      `${place}: "${name}" says "${banned.was}"; the word is ${banned.is}. Rename it, or give scripts/words.json an exception with a reason`,
    ];
  });
}

const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
const phrasePattern = (phrase) =>
  new RegExp(`(?<![\\p{L}\\p{N}_])${escaped(phrase).replace(/ +/g, '\\s+')}(?![\\p{L}\\p{N}_])`, 'giu');

function compile({ words, phrases }) {
  return {
    banned: words.flatMap(({ prose = [], is }) => prose.map((was) => ({ was, is, pattern: phrasePattern(was) }))),
    allowed: phrases.map((one) => ({ one, pattern: phrasePattern(one.name) })),
  };
}

const pronoun = /(?<![\p{L}\p{N}_])(he|him|his|himself)(?![\p{L}\p{N}_])/giu;
const blank = (text) => text.replace(/[^\n]/g, ' ');
const lineAt = (text, index) => text.slice(0, index).split('\n').length - 1;

/** The faults of the English of a text; what stands in backticks is code and not read. */
function faultsOfProse({ path, line, text }, { banned, allowed }, exceptions) {
  let prose = text.replace(/(`+)(?!`)[\s\S]*?[^`]\1(?!`)/g, blank);
  for (const { one, pattern } of allowed) {
    if (one.in && !one.in.some((place) => isMeant(place, path))) continue;
    prose = prose.replace(pattern, (found) => {
      exceptions.use(one);
      return blank(found);
    });
  }
  const faults = banned.flatMap(({ was, is, pattern }) =>
    [...prose.matchAll(pattern)].map(({ index }) => ({
      index,
      say: `"${was}"; the word is ${is}. Say it in that word, or give scripts/words.json a phrase with a reason`,
    })),
  );
  for (const { index, 0: word } of prose.matchAll(pronoun))
    faults.push({ index, say: `"${word}" for anybody; write they, them or their` });
  for (const { index } of prose.matchAll(/\bBuilds the\b/g))
    faults.push({ index, say: '"Builds the"; say what it does: "Creates", "Sends", or nothing' });
  return faults.map(({ index, say }) => `${path}:${line + lineAt(text, index)}: ${say}`);
}

function faultsOfComment(path, comment) {
  const [before, verb] = /^\s*(Builds|Gives) /.exec(comment.text) ?? [];
  if (!verb) return [];
  return [
    `${path}:${comment.line + lineAt(before, before.length)}: a comment that begins "${verb}"; begin with the verb of the domain: "Creates", "Returns"`,
  ];
}

function faultsOfCode(file, data, prose, exceptions) {
  const comments = commentsIn(file);
  const strings = stringsIn(file).flatMap(({ text, line }) =>
    [...text.matchAll(pronoun)].map(
      ({ 0: word }) => `${file.path}:${line}: "${word}" for anybody in a text; write they, them or their`,
    ),
  );
  return [
    ...faultsOfNames(file, data, exceptions.names),
    ...comments.flatMap((one) => faultsOfProse({ path: file.path, ...one }, prose, exceptions.phrases)),
    ...comments.flatMap((one) => faultsOfComment(file.path, one)),
    ...strings,
  ];
}

/** Empties the columns headed "was" of the tables of the glossary: the one place that may name the old words. */
function withoutOldWords(text) {
  let old = new Set();
  return text
    .split('\n')
    .map((line) => {
      if (!line.startsWith('|')) {
        old = new Set();
        return line;
      }
      const cells = line.split('|');
      cells.forEach((cell, column) => cell.trim() === 'was' && old.add(column));
      return cells.map((cell, column) => (old.has(column) ? blank(cell) : cell)).join('|');
    })
    .join('\n');
}

/** Comments of HTML are no text, and the fence of a block begins none of its own code. */
function proseOf({ path, text }) {
  const plain = text.replace(/^ {0,3}```.*$/gm, blank).replace(/<!--[\s\S]*?-->/g, blank);
  return path === 'docs/GLOSSARY.md' ? withoutOldWords(plain) : plain;
}

const base = process.argv[2] ?? root;
const { data, isOwn } = dataOf(base, 'words.json');
const exceptions = {
  names: exceptionsOf(data.names, isOwn, 'scripts/words.json'),
  phrases: exceptionsOf(data.phrases, isOwn, 'scripts/words.json'),
};
const prose = compile(data);
const documents = documentsOf(base).filter(({ path }) => path !== 'README.fr.md');
report([
  ...codeOf(base).flatMap((file) => faultsOfCode(file, data, prose, exceptions)),
  ...documents.flatMap((document) =>
    faultsOfProse({ path: document.path, line: 1, text: proseOf(document) }, prose, exceptions.phrases),
  ),
  ...exceptions.names.faults(),
  ...exceptions.phrases.faults(),
]);

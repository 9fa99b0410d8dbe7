/** Translates regular expressions from PCRE, which MongoDB uses, to JavaScript. */
import { CommandError } from '../errors.js';

export interface Pattern {
  regex: RegExp;
  /** The text that every match begins with, or null. An index can be used by it. */
  prefix: string | null;
  /** True if the prefix is all that the pattern requires. */
  prefixOnly: boolean;
}

const inlineFlags = /^\(\?([imsx]+)\)/;
const whitespaceClass = '[ \\t\\n\\v\\f\\r]';
const escapes: Readonly<Record<string, string>> = {
  A: '(?<![^])',
  z: '(?![^])',
  Z: '(?=\\n?(?![^]))',
  h: '[ \\t]',
  s: whitespaceClass,
  S: '[^ \\t\\n\\v\\f\\r]',
  e: '\\x1b',
  a: '\\x07',
  R: '(?:\\r\\n|[\\n\\v\\f\\r\\u0085\\u2028\\u2029])',
};
const classEscapes: Readonly<Record<string, string>> = { s: ' \\t\\n\\v\\f\\r', h: ' \\t', e: '\\x1b', a: '\\x07' };
const posixClasses: Readonly<Record<string, string>> = {
  alpha: 'A-Za-z',
  digit: '0-9',
  alnum: 'A-Za-z0-9',
  upper: 'A-Z',
  lower: 'a-z',
  space: ' \\t\\n\\v\\f\\r',
  punct: '!-\\/:-@\\[-`{-~',
  xdigit: '0-9A-Fa-f',
  word: '\\w',
};
const syntaxCharacter = /[\^$\\.*+?()[\]{}|/]/;

/** Drops the backslash where JavaScript's unicode mode does not allow one. */
function translateEscape(character: string, table: Readonly<Record<string, string>>): string {
  const translation = Object.hasOwn(table, character) ? table[character] : undefined;
  if (translation !== undefined) return translation;
  if (/[A-Za-z0-9]/.test(character) || syntaxCharacter.test(character) || character === '-') return `\\${character}`;
  return character;
}

interface PatternScanner {
  source: string;
  flags: ReadonlySet<string>;
  at: number;
}

function translateClass(scan: PatternScanner): string {
  let result = '[';
  scan.at++;
  if (scan.source[scan.at] === '^') result += scan.source[scan.at++];
  if (scan.source[scan.at] === ']') {
    result += '\\]';
    scan.at++;
  }
  while (scan.at < scan.source.length && scan.source[scan.at] !== ']') result += translateClassMember(scan);
  scan.at++;
  return `${result}]`;
}

function translateClassMember(scan: PatternScanner): string {
  const { source } = scan;
  const posix = /^\[:(\w+):\]/.exec(source.slice(scan.at, scan.at + 12));
  if (posix) {
    scan.at += posix[0].length;
    return posixClasses[posix[1] ?? ''] ?? '';
  }
  const character = source[scan.at++] ?? '';
  if (character === '\\') return translateEscape(source[scan.at++] ?? '', classEscapes);
  return character === '[' ? '\\[' : character;
}

function translateAnchor(scan: PatternScanner, character: string): string {
  const { flags } = scan;
  scan.at++;
  if (character === '.') return flags.has('s') ? '[^]' : '[^\\n]';
  if (character === '^') return flags.has('m') ? '(?<![^\\n])' : '(?<![^])';
  return flags.has('m') ? '(?![^\\n])' : '(?=\\n?(?![^]))';
}

function skipComment(scan: PatternScanner): boolean {
  const character = scan.source[scan.at] ?? '';
  if (!scan.flags.has('x')) return false;
  if (/\s/.test(character)) scan.at++;
  else if (character === '#') while (scan.at < scan.source.length && scan.source[scan.at++] !== '\n');
  else return false;
  return true;
}

function translatePattern(source: string, flags: ReadonlySet<string>): string {
  const scan: PatternScanner = { source, flags, at: 0 };
  let result = '';
  while (scan.at < source.length) {
    if (skipComment(scan)) continue;
    const character = source[scan.at] ?? '';
    if (character === '\\') {
      result += translateEscape(source[scan.at + 1] ?? '', escapes);
      scan.at += 2;
    } else if (character === '[') result += translateClass(scan);
    else if (character === '.' || character === '^' || character === '$') result += translateAnchor(scan, character);
    else {
      result += character === '/' ? '\\/' : character;
      scan.at++;
    }
  }
  return result;
}

const noPrefix = { prefix: null, prefixOnly: false };

/** Returns true if every match literally begins with what follows the anchor. */
function isAnchored(source: string, flags: ReadonlySet<string>): boolean {
  return source.startsWith('^') && !source.includes('|') && !['i', 'm', 'x'].some((flag) => flags.has(flag));
}

/** Returns the length in the source of the literal character at `at`; 0 if there is none or it is quantified. */
function literalWidth(source: string, at: number): number {
  const character = source[at] ?? '';
  const isEscaped = character === '\\' && /[^A-Za-z0-9]/.test(source[at + 1] ?? 'x');
  if (!isEscaped && syntaxCharacter.test(character)) return 0;
  const width = isEscaped ? 2 : 1;
  return /[*?{]/.test(source[at + width] ?? '') ? 0 : width;
}

function literalPrefix(source: string, flags: ReadonlySet<string>): Pick<Pattern, 'prefix' | 'prefixOnly'> {
  if (!isAnchored(source, flags)) return noPrefix;
  let prefix = '';
  let at = 1;
  for (let width = literalWidth(source, at); width > 0 && at < source.length; width = literalWidth(source, at)) {
    prefix += source[at + width - 1] ?? '';
    at += width;
  }
  const isWhole = at === source.length || (source.slice(at) === '.*' && flags.has('s'));
  return { prefix: prefix === '' ? null : prefix, prefixOnly: isWhole };
}

const maxCachedPatterns = 500;
const patternCache = new Map<string, Pattern>();

/**
 * Compiles a pattern with MongoDB's options i, m, s, x, u.
 * Throws 51108 for an unknown option, and 51091 for an invalid pattern or PCRE syntax that JavaScript does not have.
 */
export function compilePattern(pattern: string, options: string): Pattern {
  const key = `${options}/${pattern}`;
  const cached = patternCache.get(key);
  if (cached) return cached;
  if (/[^imsxu]/.test(options)) throw new CommandError(51108, `invalid flag in regex options: ${options}`);
  const inline = inlineFlags.exec(pattern);
  const source = inline ? pattern.slice(inline[0].length) : pattern;
  const flags = new Set(options + (inline?.[1] ?? ''));
  const result = { regex: toRegExp(source, flags), ...literalPrefix(source, flags) };
  if (patternCache.size > maxCachedPatterns) patternCache.clear();
  patternCache.set(key, result);
  return result;
}

function toRegExp(source: string, flags: ReadonlySet<string>): RegExp {
  const text = translatePattern(source, flags);
  const letters = flags.has('i') ? 'i' : '';
  for (const mode of ['u', '']) {
    try {
      return new RegExp(text, letters + mode);
    } catch {
      continue;
    }
  }
  throw new CommandError(
    51091,
    `Regular expression is invalid, or uses syntax that the embedded store does not support; set MONGODB_URI to use it: ${source}`,
  );
}

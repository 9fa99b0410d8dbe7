import { expressions, fails } from './case.js';
import { id, regex } from './values.js';

const strings = expressions('concat', [
  ['$concat', { a: 'x' }, { $concat: ['$a', '-', 'y'] }, 'x-y'],
  ['$concat with null', {}, { $concat: ['x', null] }, null],
  ['$concat of a number', { n: 1 }, { $concat: ['x', '$n'] }, fails(16702)],
  ['$toLower', {}, { $toLower: 'AbC' }, 'abc', 'operator/aggregation/toLower'],
  ['$toLower of null is an empty string', {}, { $toLower: null }, '', 'operator/aggregation/toLower'],
  ['$toLower of a missing field is an empty string', {}, { $toLower: '$x' }, '', 'operator/aggregation/toLower'],
  ['$toUpper', {}, { $toUpper: 'abC' }, 'ABC', 'operator/aggregation/toUpper'],
  ['$toUpper of a number', {}, { $toUpper: 5 }, '5', 'operator/aggregation/toUpper'],
  ['$substrCP', {}, { $substrCP: ['é😀bc', 1, 2] }, '😀b', 'operator/aggregation/substrCP'],
  ['$substrCP past the end', {}, { $substrCP: ['abc', 5, 2] }, '', 'operator/aggregation/substrCP'],
  ['$substrCP of null', {}, { $substrCP: [null, 0, 2] }, '', 'operator/aggregation/substrCP'],
  ['$substrBytes', {}, { $substrBytes: ['cafétéria', 0, 5] }, 'café', 'operator/aggregation/substrBytes'],
  [
    '$substrBytes inside a character',
    { s: 'cafétéria' },
    { $substrBytes: ['$s', 7, 3] },
    fails(28656, 28657),
    'operator/aggregation/substrBytes',
  ],
  ['$strLenCP', {}, { $strLenCP: 'é😀' }, 2, 'operator/aggregation/strLenCP'],
  ['$strLenCP of a missing field', {}, { $strLenCP: '$x' }, fails(34471), 'operator/aggregation/strLenCP'],
  ['$strLenBytes', {}, { $strLenBytes: 'é😀' }, 6, 'operator/aggregation/strLenBytes'],
  ['$split', {}, { $split: ['a-b-c', '-'] }, ['a', 'b', 'c'], 'operator/aggregation/split'],
  ['$split without the separator', {}, { $split: ['abc', '-'] }, ['abc'], 'operator/aggregation/split'],
  ['$split of null', {}, { $split: [null, '-'] }, null, 'operator/aggregation/split'],
  ['$split of a number', { n: 1 }, { $split: ['$n', '-'] }, fails(40085), 'operator/aggregation/split'],
  ['$split by an empty string', { s: 'abc' }, { $split: ['$s', ''] }, fails(40087), 'operator/aggregation/split'],
  ['$trim', {}, { $trim: { input: ' \n a b \t' } }, 'a b', 'operator/aggregation/trim'],
  ['$trim of given characters', {}, { $trim: { input: 'xxaxbxx', chars: 'x' } }, 'axb', 'operator/aggregation/trim'],
  ['$ltrim', {}, { $ltrim: { input: '  a ' } }, 'a ', 'operator/aggregation/ltrim'],
  ['$rtrim', {}, { $rtrim: { input: ' a  ' } }, ' a', 'operator/aggregation/rtrim'],
  ['$trim of null', {}, { $trim: { input: null } }, null, 'operator/aggregation/trim'],
  [
    '$regexMatch',
    {},
    { $regexMatch: { input: 'Chat', regex: regex('^c', 'i') } },
    true,
    'operator/aggregation/regexMatch',
  ],
  [
    '$regexMatch with options',
    {},
    { $regexMatch: { input: 'Chat', regex: '^c', options: 'i' } },
    true,
    'operator/aggregation/regexMatch',
  ],
  ['$regexMatch of null', {}, { $regexMatch: { input: null, regex: 'x' } }, false, 'operator/aggregation/regexMatch'],
]);

const types = expressions('type', [
  ['$toObjectId', {}, { $toObjectId: '000000000000000000000abc' }, id('abc'), 'operator/aggregation/toObjectId'],
  [
    '$toObjectId of an invalid string',
    { s: 'x' },
    { $toObjectId: '$s' },
    fails(241),
    'operator/aggregation/toObjectId',
  ],
  ['$type', { a: [1] }, { $type: '$a' }, 'array'],
  ['$type of an ObjectId', {}, { $type: id('1') }, 'objectId'],
  ['$type of a missing field', {}, { $type: '$x' }, 'missing'],
]);

export const stringCases = [...strings, ...types];

/** Text without what readers do not tell apart: so that whoever looks for "eleve" finds "Élève". */

const combiningMarks = /\p{M}/gu;

/** One code point folded: NFKD, without marks, in lower case (Unicode Standard Annex 15; final sigma is sigma). */
export function normalizeCodePoint(codePoint: string): string {
  if (codePoint < '\u0080') return codePoint.toLowerCase();
  const plain = codePoint.normalize('NFKD').replace(combiningMarks, '');
  return plain.toLowerCase().normalize('NFKD').replace(combiningMarks, '').replaceAll('ς', 'σ');
}

/** A text folded, character by character. */
export function normalizeText(text: string): string {
  return [...text].map(normalizeCodePoint).join('');
}

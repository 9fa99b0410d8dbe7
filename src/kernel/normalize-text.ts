/** Text without the differences that readers ignore, so that a search for "eleve" finds "Élève". */

const combiningMarks = /\p{M}/gu;

/** One code point in NFKD, without combining marks, in lower case (Unicode Standard Annex 15; final sigma is sigma). */
export function normalizeCodePoint(codePoint: string): string {
  if (codePoint < '\u0080') return codePoint.toLowerCase();
  const plain = codePoint.normalize('NFKD').replace(combiningMarks, '');
  return plain.toLowerCase().normalize('NFKD').replace(combiningMarks, '').replaceAll('ς', 'σ');
}

/** A text normalized character by character. */
export function normalizeText(text: string): string {
  return [...text].map(normalizeCodePoint).join('');
}

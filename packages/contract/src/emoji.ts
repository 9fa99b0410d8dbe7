import { z } from 'zod';
import { rule } from './input.js';

/** The emoji that Unicode recommends for interchange (UTS 51, RGI_Emoji), including skin tones, flags, families and keycaps. */
const recommended = new RegExp('^\\p{RGI_Emoji}$', 'v');
/** Characters that are shown as text by default and need a variation selector to be shown as an emoji. */
const textual = /(?!\p{Emoji_Presentation})\p{Emoji}(?!\p{Emoji_Modifier})/gu;
const longest = 64;

/** Returns true if the text is exactly one emoji, with or without its variation selectors. */
function isEmoji(text: string): boolean {
  if (text.length > longest) return false;
  return recommended.test(text) || recommended.test(text.replaceAll('\ufe0f', '').replace(textual, '$&\ufe0f'));
}

/** Exactly one emoji, returned as it was sent. */
export const emoji = z
  .string()
  .refine(isEmoji, rule('Must be exactly one emoji', 'Un emoji, et un seul, est attendu'))
  .describe('Exactly one emoji');

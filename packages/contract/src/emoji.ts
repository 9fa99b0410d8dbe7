import { z } from 'zod';
import { rule } from './input.js';

/** The emoji that Unicode recommends for interchange (UTS 51, RGI_Emoji): skin tones, flags, families and keycaps too. */
const recommended = new RegExp('^\\p{RGI_Emoji}$', 'v');
/** Where a character that is text by itself has to ask to be shown as an emoji. */
const textual = /(?!\p{Emoji_Presentation})\p{Emoji}(?!\p{Emoji_Modifier})/gu;
const longest = 64;

/** Whether a text is exactly one emoji, also where it is written without its variation selectors. */
function isEmoji(text: string): boolean {
  if (text.length > longest) return false;
  return recommended.test(text) || recommended.test(text.replaceAll('\ufe0f', '').replace(textual, '$&\ufe0f'));
}

/** Exactly one emoji; it comes back as it was sent. */
export const emoji = z
  .string()
  .refine(isEmoji, rule('It must be exactly one emoji', 'Il faut exactement un emoji'))
  .describe('Exactly one emoji');

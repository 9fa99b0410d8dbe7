import type { Simple } from './operator.js';

export const STRINGS: Readonly<Record<string, Simple>> = {};

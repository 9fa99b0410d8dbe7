import type { Simple } from './operator.js';

export const DATES: Readonly<Record<string, Simple>> = {};

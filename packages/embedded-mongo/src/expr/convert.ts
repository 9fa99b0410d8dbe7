import type { Simple } from './operator.js';

export const CONVERSIONS: Readonly<Record<string, Simple>> = {};

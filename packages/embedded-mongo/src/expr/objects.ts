import type { Simple } from './operator.js';

export const OBJECTS: Readonly<Record<string, Simple>> = {};

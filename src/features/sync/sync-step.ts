import type { Held } from '../../views/held.js';
import type { Entry } from './sync-cursor.js';

/** One conversation that is not as a device knows it; `before` is null where the device does not know it. */
export interface Step {
  held: Held;
  before: Entry | null;
}

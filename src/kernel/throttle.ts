/** Creates a function that calls `action` for a key at once and then at most once in `everyMs`; a call in between is made up for when the time is over. */
export function createThrottle(everyMs: number, action: (key: string) => void): (key: string) => void {
  /** The keys that are paused, and whether each was asked for meanwhile. */
  const paused = new Map<string, boolean>();

  return function request(key) {
    if (paused.has(key)) return void paused.set(key, true);
    paused.set(key, false);
    action(key);
    setTimeout(() => {
      const isDue = paused.get(key);
      paused.delete(key);
      if (isDue) request(key);
    }, everyMs).unref();
  };
}

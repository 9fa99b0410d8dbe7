/** Creates a function that runs `action` for a key at once, then at most once per `everyMs`; calls in between are combined into one at the end of the interval. */
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

const median = (times: number[]): number => [...times].sort((a, b) => a - b)[Math.floor(times.length / 2)] ?? 0;

interface Comparison {
  /** One function per kind of request, called with the number of the round. */
  requests: readonly ((round: number) => Promise<unknown>)[];
  rounds: number;
  /** Measuring stops as soon as the medians are this close. */
  bound: number;
}

/**
 * Measures how far the median durations of several kinds of requests are apart, relative to the shortest. A busy machine
 * shifts the median of few samples, so each of up to five attempts adds to the samples of the previous ones.
 */
export async function medianSpread({ requests, rounds, bound }: Comparison): Promise<number> {
  const times = requests.map((): number[] => []);
  let spread = Infinity;
  for (let tries = 0; tries < 5 && spread >= bound; tries++) {
    for (let round = 0; round < rounds; round++) {
      for (const [kind, request] of requests.entries()) {
        const began = performance.now();
        await request(round);
        times[kind]?.push(performance.now() - began);
      }
    }
    const medians = times.map(median);
    spread = Math.max(...medians) / Math.min(...medians) - 1;
  }
  return spread;
}

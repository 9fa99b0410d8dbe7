const median = (times: number[]): number => [...times].sort((a, b) => a - b)[Math.floor(times.length / 2)] ?? 0;

interface Comparison {
  /** Makes the same kind of request again and again, each with another round's number. */
  requests: readonly ((round: number) => Promise<unknown>)[];
  rounds: number;
  /** Stops as soon as the medians are this close. */
  bound: number;
}

/**
 * How far the medians of several kinds of requests lie apart, as a share of the shortest. A busy machine shifts a median
 * of few samples, so each of five further tries adds to the samples of those before.
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

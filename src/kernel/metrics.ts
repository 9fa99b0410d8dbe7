import { collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** The metrics of a server, in the text format of Prometheus. */
export interface Metrics {
  observeRequest(labels: { method: string; route: string; status: number }, seconds: number): void;
  observeEvent(event: string, outcome: string, seconds: number): void;
  /** A number that is read at each scrape; if it cannot be read, the last value stays. */
  gauge(name: string, help: string, read: () => number | Promise<number>): void;
  contentType: string;
  text(): Promise<string>;
}

const buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const requests = new Histogram({
    name: 'causerie_http_request_duration_seconds',
    help: 'Duration of HTTP requests in seconds, by method, route and status',
    labelNames: ['method', 'route', 'status'] as const,
    buckets,
    registers: [registry],
  });
  const events = new Histogram({
    name: 'causerie_socket_request_duration_seconds',
    help: 'Duration of socket events in seconds, by event and outcome',
    labelNames: ['event', 'outcome'] as const,
    buckets,
    registers: [registry],
  });

  return {
    observeRequest: (labels, seconds) => requests.observe(labels, seconds),
    observeEvent: (event, outcome, seconds) => events.observe({ event, outcome }, seconds),
    gauge(name, help, read) {
      const collect = async (): Promise<void> => {
        const value = await Promise.resolve(read()).catch(() => null);
        if (value !== null) gauge.set(value);
      };
      const gauge: Gauge = new Gauge({ name, help, registers: [registry], collect });
    },
    contentType: registry.contentType,
    text: () => registry.metrics(),
  };
}

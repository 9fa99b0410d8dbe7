import { describeRoutes } from '../../src/app.js';
import type { Endpoint } from '../../src/kernel/endpoint.js';
import { pathOf } from '../../src/kernel/openapi.js';

const routes = describeRoutes().map((route) => ({ path: pathOf(route), endpoint: route.endpoint }));

/** Every route of the server, with a name like `GET /api/users/:userId`. */
export function routeTable(): { name: string; endpoint: Endpoint }[] {
  return routes.map(({ path, endpoint }) => ({ name: `${endpoint.method.toUpperCase()} ${path}`, endpoint }));
}

function fits(pattern: string, path: string): boolean {
  const parts = path.split('/');
  const wanted = pattern.split('/');
  return (
    wanted.length === parts.length &&
    wanted.every((part, at) => (part.startsWith(':') ? parts[at] !== '' : part === parts[at]))
  );
}

function countOfParameters(pattern: string): number {
  return pattern.match(/:/g)?.length ?? 0;
}

/** The endpoint for a concrete path: static segments win over parameters, and HEAD counts as GET. */
export function endpointOf(method: string, path: string): Endpoint | undefined {
  const verb = method === 'HEAD' ? 'get' : method.toLowerCase();
  return routes
    .filter((route) => route.endpoint.method === verb && fits(route.path, path))
    .sort((a, b) => countOfParameters(a.path) - countOfParameters(b.path))[0]?.endpoint;
}

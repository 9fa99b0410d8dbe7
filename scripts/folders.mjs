// Arrows between rooms point down only: no rooms that import each other in a ring. `node scripts/folders.mjs [folder]`.
// A room is a top-level file of src, a top-level folder, or a folder of src/features. Imports of types count.
import { codeOf, importsIn, report, resolverOf } from './code.mjs';
import { root } from './sources.mjs';

function roomOf(path) {
  const parts = path.split('/').slice(1);
  return parts[0] === 'features' && parts.length > 2 ? `features/${parts[1]}` : parts[0];
}

/** The strongly connected sets of more than one room (Tarjan). */
function ringsOf(edges) {
  const rings = [];
  const stack = [];
  const index = new Map();
  const low = new Map();
  const follow = (room) => {
    index.set(room, index.size);
    low.set(room, index.get(room));
    stack.push(room);
    for (const next of edges.get(room)?.keys() ?? []) {
      if (!index.has(next)) follow(next);
      if (stack.includes(next)) low.set(room, Math.min(low.get(room), low.get(next)));
    }
    if (low.get(room) !== index.get(room)) return;
    const ring = stack.splice(stack.indexOf(room));
    if (ring.length > 1) rings.push(ring.sort());
  };
  for (const room of [...edges.keys()].sort()) if (!index.has(room)) follow(room);
  return rings;
}

const base = process.argv[2] ?? root;
const files = codeOf(base).filter((file) => file.path.startsWith('src/'));
const resolve = resolverOf(base, files);

/** Room → room that it imports → the first import that does. */
const edges = new Map();
for (const file of files) {
  const from = roomOf(file.path);
  if (!edges.has(from)) edges.set(from, new Map());
  for (const { path, line } of importsIn(file, resolve)) {
    const to = roomOf(path);
    if (to !== from && !edges.get(from).has(to)) edges.get(from).set(to, `${file.path}:${line} imports ${path}`);
  }
}

report(
  ringsOf(edges).map((ring) => {
    const imports = ring.flatMap((from) =>
      [...edges.get(from)].filter(([to]) => ring.includes(to)).map(([to, why]) => `  ${from} → ${to}: ${why}`),
    );
    return [
      `These ${ring.length} rooms import each other in a ring: ${ring.join(', ')}. Move what both need to a floor below, or publish a domain event instead of calling up.`,
      ...imports,
    ].join('\n');
  }),
);

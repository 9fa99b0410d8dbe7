// Which way imports may point. Each rule says what to do instead; test/contract/architecture.test.ts breaks every one of them on purpose.

/** The floors of the house from the top down. A room imports rooms on the floors below it; names without a dot are folders. */
const floors = [
  { name: 'processes', rooms: ['server.ts', 'cli'] },
  { name: 'wiring', rooms: ['app.ts', 'documents.ts', 'context'] },
  { name: 'realtime', rooms: ['subscribers.ts', 'realtime'] },
  { name: 'features', rooms: ['features'] },
  { name: 'views-log-jobs', rooms: ['views', 'log', 'jobs'] },
  { name: 'rules', rooms: ['rules'] },
  { name: 'repositories', rooms: ['repositories'] },
  { name: 'middleware-drivers', rooms: ['middleware', 'drivers'] },
  { name: 'kernel', rooms: ['kernel', 'config.ts', 'domain-events.ts'] },
];

const pathOf = (room) => (room.includes('.') ? `^src/${room.replace('.', '\\.')}$` : `^src/${room}/`);
const anyOf = (rooms) => rooms.map(pathOf).join('|');

const floorLaws = floors.slice(1).map(({ name, rooms }, index) => ({
  name: `floor-${name}`,
  comment: `Arrows point down: ${rooms.join(', ')} may use the floors below only. Move the code down, publish a domain event, or take a function that context/ passes in.`,
  severity: 'error',
  from: { path: anyOf(rooms) },
  to: { path: anyOf(floors.slice(0, index + 1).flatMap((floor) => floor.rooms)) },
}));

/** Rooms of one floor that must not know each other: the first may not import the others. */
const neighbors = [
  ['views', ['log', 'jobs']],
  ['jobs', ['log', 'views']],
  ['middleware', ['drivers']],
  ['drivers', ['middleware']],
  ['kernel', ['config.ts', 'domain-events.ts']],
  ['realtime', ['subscribers.ts']],
  ['context', ['app.ts', 'documents.ts']],
];
const neighborLaws = neighbors.map(([room, others]) => ({
  name: `neighbors-${room}`,
  comment: `${room} stands beside ${others.join(' and ')} and knows nothing of them. Move what both need one floor down, or connect them in context/.`,
  severity: 'error',
  from: { path: pathOf(room) },
  to: { path: anyOf(others) },
}));

/** Features stand in one line: a feature knows only what stands to its left. */
const line = [
  'media',
  'sessions',
  'users',
  'auth',
  'contacts',
  'conversations',
  'messages',
  'reactions',
  'groups',
  'notifications',
  'account',
  'sync',
];
/** `users` leads to two branches: `auth`, and the chat from `contacts` on, which knows nothing of `auth`. */
const besides = {
  contacts: ['auth'],
  conversations: ['auth'],
  messages: ['auth'],
  reactions: ['auth'],
  groups: ['auth'],
};
const featureLaws = line.slice(0, -1).map((feature, place) => {
  const forbidden = [...line.slice(place + 1), ...(besides[feature] ?? [])];
  return {
    name: `feature-line-${feature}`,
    comment: `${feature} may use only the features to its left. Turn the call round: publish a domain event, or take a function that context/ passes in.`,
    severity: 'error',
    from: { path: `^src/features/${feature}/` },
    to: { path: `^src/features/(${forbidden.join('|')})/` },
  };
});

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      comment:
        'A cycle, type imports included, turns two files into one. Move what both need one floor down, or pass it in from context/.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'contract-imports-zod-alone',
      comment:
        'Every client imports the contract: it may import zod and nothing else. What only the server needs belongs in src/.',
      severity: 'error',
      from: { path: '^packages/contract/src/' },
      to: { pathNot: '^packages/contract/src/|(^|/)node_modules/zod/|^zod$' },
    },
    {
      name: 'rules-are-pure',
      comment:
        'A rule turns facts into a verdict. Load the facts in the use case and pass them in; import only the contract and the kernel.',
      severity: 'error',
      from: { path: '^src/rules/', pathNot: '\\.test\\.ts$' },
      to: { pathNot: '^src/(rules|kernel)/|^packages/contract/' },
    },
    {
      name: 'log-imports-repositories-alone',
      comment:
        'The log orders and stores what it is given: it imports repositories, the kernel and the contract. Rules are passed in.',
      severity: 'error',
      from: { path: '^src/log/' },
      to: { path: '^(src|packages)/', pathNot: '^src/(log|repositories|kernel)/|^packages/contract/' },
    },
    {
      name: 'mongoose-in-repositories',
      comment:
        'Only repositories/ and drivers/database.ts know Mongoose and its driver; cli/ opens connections. Give a repository a named query and call that.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/repositories/|^src/drivers/database\\.ts$|^src/cli/' },
      to: { path: '(^|/)node_modules/(mongoose|mongodb|bson)/|^(mongoose|mongodb|bson)$' },
    },
    {
      name: 'use-cases-know-no-transport',
      comment:
        'Features, views, jobs, the log, rules and repositories serve both transports: no Express, no Socket.IO. Take plain values, return a view, throw a Problem.',
      severity: 'error',
      from: { path: '^src/(features|views|jobs|log|rules|repositories)/' },
      to: { path: '(^|/)node_modules/(express|socket\\.io)/|^(express|socket\\.io)$' },
    },
    {
      name: 'tables-call-their-service',
      comment:
        'A table of routes or socket events names one call each. Import the service or use case of the feature, the contract and the kernel.',
      severity: 'error',
      from: { path: '\\.(routes|sockets)\\.ts$' },
      to: { path: '^src/', pathNot: '^src/(kernel|features)/' },
    },
    {
      name: 'kernel-knows-nothing',
      comment:
        'The kernel knows nothing of chat: it imports itself and the contract. Pass in what it needs, or move the file to where it belongs.',
      severity: 'error',
      from: { path: '^src/kernel/' },
      to: { path: '^(src/(?!kernel/)|packages/(?!contract/))' },
    },
    {
      name: 'only-the-server-makes-the-context',
      comment:
        'createContext is called by server.ts alone. Take the parts you need as arguments; app.ts may import the type.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(server|context/context)\\.ts$' },
      to: { path: '^src/context/context\\.ts$', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'nothing-imports-the-server',
      comment: 'server.ts is the process. What others need of it belongs in a file of its own.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/server\\.ts$' },
      to: { path: '^src/server\\.ts$' },
    },
    {
      name: 'config-is-read-once',
      comment:
        'Settings come in as arguments. Only server.ts and the command-line tools call loadConfig; everybody else may import the type.',
      severity: 'error',
      from: { path: '^src/', pathNot: '(^src/(server|config)\\.ts$|^src/cli/)' },
      to: { path: '^src/config\\.ts$', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'no-unknown-imports',
      comment:
        'This import leads nowhere, or to a package that package.json does not name. Add the dependency or mend the path.',
      severity: 'error',
      from: {},
      to: { dependencyTypes: ['unknown', 'undetermined', 'npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'no-development-packages',
      comment: 'The server may not need what `npm install --omit=dev` leaves out. Move the package to dependencies.',
      severity: 'error',
      from: { path: '^(src|packages/contract/src)/', pathNot: '\\.test\\.ts$' },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
    ...floorLaws,
    ...neighborLaws,
    ...featureLaws,
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)dist/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
    combinedDependencies: true,
  },
};

// Which way imports may point. Each rule says what to do instead; test/contract/architecture.test.ts breaks every one of them on purpose.

/** Features stand in one line: a feature knows only what stands to its left. The last two may know everything before them. */
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

const features = line.slice(0, -1).map((feature, place) => {
  const forbidden = [...line.slice(place + 1), ...(besides[feature] ?? [])];
  return {
    name: `feature-line-${feature}`,
    comment: `${feature} may use only the features to its left. Turn the call round: publish a fact, or take a function that context.ts hands in.`,
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
        'A cycle, type imports included, makes two files one. Move what both need to the left, or hand it in from context.ts.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'mongoose-in-models',
      comment:
        'Mongoose stays in *.model.ts, drivers/database.ts, log/ and cli/. Give the model a named query and call that.',
      severity: 'error',
      from: { path: '^src/', pathNot: '(\\.model\\.ts$|^src/drivers/database\\.ts$|^src/log/|^src/cli/)' },
      to: { path: '(^|/)node_modules/(mongoose|mongodb|bson)/|^(mongoose|mongodb|bson)$' },
    },
    {
      name: 'policies-are-pure',
      comment:
        'A policy turns facts into a verdict. Let the service load the facts and pass them; import only the kernel and schemas.',
      severity: 'error',
      from: { path: '\\.policy\\.ts$' },
      to: { pathNot: '(^src/kernel/|\\.schemas\\.ts$)' },
    },
    {
      name: 'services-know-no-transport',
      comment:
        'A service serves both doors: no Express, no Socket.IO, no Mongoose. Take plain values, return a view, throw a Problem.',
      severity: 'error',
      from: { path: '\\.service\\.ts$' },
      to: {
        path: '(^|/)node_modules/(express|socket\\.io|mongoose)/|^(express|socket\\.io|mongoose)$|^src/(realtime|middleware)/|^src/app\\.ts$',
      },
    },
    {
      name: 'schemas-do-no-io',
      comment:
        'Schemas describe what goes in and out. They import the kernel, zod and other schemas; a view that needs a model belongs in views/.',
      severity: 'error',
      from: { path: '\\.schemas\\.ts$' },
      to: { path: '^src/', pathNot: '(^src/kernel/|\\.schemas\\.ts$)' },
    },
    {
      name: 'models-know-no-caller',
      comment:
        'A model holds the schema, the indexes and named queries. What to do with the rows is decided by its service.',
      severity: 'error',
      from: { path: '\\.model\\.ts$' },
      to: {
        path: '(\\.(service|policy|routes|sockets|jobs)\\.ts$|^src/(realtime|middleware|views|context|app|server))',
      },
    },
    {
      name: 'tables-call-their-service',
      comment:
        'A table of routes or events names one service call each. Import the service, schemas, the kernel and realtime/handler.ts.',
      severity: 'error',
      from: { path: '\\.(routes|sockets)\\.ts$' },
      to: { path: '^src/', pathNot: '(^src/kernel/|\\.schemas\\.ts$|\\.service\\.ts$|^src/realtime/handler\\.ts$)' },
    },
    {
      name: 'kernel-knows-nothing',
      comment:
        'The kernel knows nothing of chat and imports nothing of src. Hand in what it needs, or move the file to where it belongs.',
      severity: 'error',
      from: { path: '^src/kernel/' },
      to: { path: '^(src/(?!kernel/)|packages/)' },
    },
    {
      name: 'views-call-no-service',
      comment:
        'A view puts rows of several features together. Read through models and schemas; a decision belongs in a service.',
      severity: 'error',
      from: { path: '^src/views/' },
      to: { path: '(\\.(service|routes|sockets|jobs)\\.ts$|^src/(realtime|middleware)/)' },
    },
    {
      name: 'drivers-know-no-feature',
      comment:
        'A driver is one interface to one technology, and the queue knows no job. A rule about people or messages belongs in a feature.',
      severity: 'error',
      from: { path: '^src/(drivers|jobs)/' },
      to: { path: '^src/(features|realtime|views|log|middleware)/' },
    },
    {
      name: 'only-the-server-makes-the-context',
      comment:
        'createContext is called by server.ts alone. Take the parts you need as arguments; app.ts may import the type.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(server|context)\\.ts$' },
      to: { path: '^src/context\\.ts$', dependencyTypesNot: ['type-only'] },
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
      from: { path: '^src/', pathNot: '\\.test\\.ts$' },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
    ...features,
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

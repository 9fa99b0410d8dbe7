import js from '@eslint/js';
import tseslint from 'typescript-eslint';

const sizes = {
  'max-lines': ['error', { max: 300, skipBlankLines: true, skipComments: true }],
  'max-lines-per-function': ['error', { max: 60, skipBlankLines: true, skipComments: true, IIFEs: true }],
  'max-params': ['error', 4],
  complexity: ['error', 15],
};

const never = {
  emit: {
    selector: "CallExpression[callee.property.name='emit']",
    message: 'Only src/realtime/broadcast.ts tells clients something: publish a fact and give it an audience there.',
  },
  readMessage: {
    selector:
      ":matches(IfStatement, ConditionalExpression) > .test MemberExpression[property.name='message'][object.name=/^(e|err|error|cause|reason)$/]",
    message: 'An error is recognized by its class or its code, never by its text.',
  },
  hooks: {
    selector: 'CallExpression[callee.object.name=/[sS]chema$/][callee.property.name=/^(pre|post)$/]',
    message: 'What a write causes is written where the write is, in the service: no Mongoose hooks.',
  },
  branch: ['IfStatement', 'ConditionalExpression', 'SwitchStatement'].map((selector) => ({
    selector,
    message: 'A table of routes or events does not branch: move the rule into the service or its policy.',
  })),
};

const environment = {
  object: 'process',
  property: 'env',
  message: 'Only src/config.ts reads the environment: take the setting from the config it returns.',
};

const globals = {
  process: 'readonly',
  console: 'readonly',
  setTimeout: 'readonly',
  setInterval: 'readonly',
  clearInterval: 'readonly',
  fetch: 'readonly',
  Buffer: 'readonly',
  URL: 'readonly',
};

// A later block replaces a rule of an earlier one, so each file has exactly one list of `no-restricted-syntax`.
export default tseslint.config(
  { ignores: ['**/dist/**', '**/node_modules/**', 'data/**', 'coverage/**'] },
  js.configs.recommended,
  ...tseslint.configs.strict,
  {
    linterOptions: { reportUnusedDisableDirectives: 'error' },
  },
  {
    files: ['**/*.ts'],
    languageOptions: { parserOptions: { project: './tsconfig.test.json', tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: false }],
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/no-invalid-void-type': 'off',
      'no-console': 'error',
      'no-warning-comments': ['error', { terms: ['todo', 'fixme', 'xxx'], location: 'start' }],
      eqeqeq: 'error',
    },
  },
  {
    files: ['src/**/*.ts', 'packages/*/src/**/*.ts'],
    ignores: ['**/*.test.ts'],
    rules: {
      ...sizes,
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      '@typescript-eslint/ban-ts-comment': ['error', { 'ts-expect-error': true }],
    },
  },
  {
    files: ['src/**/*.ts'],
    rules: {
      'no-restricted-properties': ['error', environment],
      'no-restricted-syntax': ['error', never.emit, never.readMessage, never.hooks],
    },
  },
  // What makes the parts says which there are by what it returns.
  { files: ['src/context/*.ts'], rules: { '@typescript-eslint/explicit-module-boundary-types': 'off' } },
  { files: ['src/config.ts'], rules: { 'no-restricted-properties': 'off' } },
  {
    files: ['src/realtime/broadcast.ts', 'src/realtime/server.ts'],
    rules: { 'no-restricted-syntax': ['error', never.readMessage, never.hooks] },
  },
  {
    files: ['src/features/**/*.routes.ts', 'src/features/**/*.sockets.ts'],
    rules: { 'no-restricted-syntax': ['error', never.emit, never.readMessage, ...never.branch] },
  },
  { files: ['src/cli/**/*.ts'], rules: { 'no-console': 'off' } },
  {
    files: ['**/test/**/*.ts', '**/*.test.ts', '**/bench/**/*.ts', 'scripts/**', '*.js', '*.ts', 'packages/*/main.js'],
    rules: {
      'no-console': 'off',
      'no-restricted-syntax': 'off',
      'no-restricted-properties': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
    },
  },
  // A bench takes single fields of answers.
  {
    files: ['**/bench/**/*.ts'],
    rules: { '@typescript-eslint/no-explicit-any': 'off' },
  },
  { files: ['**/*.js', '**/*.mjs'], languageOptions: { globals } },
  { files: ['**/*.cjs'], languageOptions: { sourceType: 'commonjs' } },
);

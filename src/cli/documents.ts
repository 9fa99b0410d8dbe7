/** `npm run openapi`: generates docs/openapi.json and docs/asyncapi.json; with `--check` only verifies that they are up to date. */
import { readFileSync, writeFileSync } from 'node:fs';
import { describeRoutes } from '../app.js';
import { asyncapi, openapi } from '../documents.js';

/** Address in the committed documents; a running server puts its own there. */
const server = 'http://127.0.0.1:3000';
const folder = new URL('../../docs/', import.meta.url);

const documents = {
  'openapi.json': openapi(describeRoutes(), server),
  'asyncapi.json': asyncapi(server),
};

function isCommitted(file: URL, text: string): boolean {
  try {
    return readFileSync(file, 'utf8') === text;
  } catch {
    return false;
  }
}

const isCheck = process.argv.includes('--check');
for (const [name, document] of Object.entries(documents)) {
  const file = new URL(name, folder);
  const text = `${JSON.stringify(document, null, 2)}\n`;
  if (!isCheck) {
    writeFileSync(file, text);
  } else if (!isCommitted(file, text)) {
    console.error(`docs/${name} is out of date. Run \`npm run openapi\` and commit the result.`);
    process.exitCode = 1;
  }
}

// Runs the store as a process of its own: `node main.js --path FOLDER --socket FILE.sock`.
import { existsSync } from 'node:fs';

const built = new URL('./dist/host/standalone.js', import.meta.url);

if (existsSync(built)) {
  const { runStandalone } = await import(built.href);
  process.exitCode = await runStandalone(process.argv.slice(2));
} else {
  process.stderr.write(
    'The store has not been built: run `npm install` and `npm run build` in the root of the repository.\n',
  );
  process.exitCode = 1;
}

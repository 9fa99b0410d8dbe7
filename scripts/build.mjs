// Builds what is not built: `node scripts/build.mjs [packages|server]`; without an argument, everything.
import { build } from './builder.mjs';

const names = process.argv.slice(2);
if (!(await build(names.length > 0 ? names : undefined))) process.exitCode = 1;

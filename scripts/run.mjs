// Becomes one of the command-line tools: `node scripts/run.mjs cli/doctor.js [arguments]`.
import { launch } from './launch.mjs';

const [file, ...args] = process.argv.slice(2);
await launch(file, args);

// `npm start`: becomes the server.
import { launch } from './launch.mjs';

await launch('server.js', process.argv.slice(2));

/** The floor `sio`: plain Socket.IO with its defaults and no persistence. It numbers, acknowledges and relays the contract's frames. */
import { serveFrames } from './frames.js';

serveFrames((_row) => Promise.resolve());

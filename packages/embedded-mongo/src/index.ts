export { startEmbeddedStore } from './host/embedded-store.js';
export type { EmbeddedStore } from './host/embedded-store.js';
export type { HostOptions } from './host/host.js';
export { backupStore } from './host/backup.js';
export { socketOf, uriOfSocket } from './host/socket-note.js';
export { StoreVersionError } from './store/environment.js';
export { StoreLockedError } from './store/lock-file.js';

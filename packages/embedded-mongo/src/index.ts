export { type EmbeddedStore, startEmbeddedStore } from './host/embedded-store.js';
export type { HostOptions } from './host/host.js';
export { socketOf, uriOfSocket } from './host/store-address.js';
export { backupStore } from './host/store-client.js';
export { StoreVersionError } from './store/environment.js';
export { StoreLockedError } from './store/lock-file.js';

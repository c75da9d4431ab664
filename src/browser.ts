export { browserKeyStore } from './browser/browser-key-store.ts';
export type { KeptSession, NewSession, OpenedKeys, SessionKeyStore } from './client/renewing/key-store.ts';

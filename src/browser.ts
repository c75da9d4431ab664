export { browserKeyStore } from './browser/browser-key-store.ts';
export type { KeptSession, NewSession, SessionKeyStore } from './client/renewing/key-store.ts';

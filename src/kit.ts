export type { Kit, KitLanguage, KitOptions } from './kit/create-kit.ts';
export { createKit } from './kit/create-kit.ts';
export type { KitCredentials } from './kit/credentials.ts';
export type { KitExchange, KitServer, KitServerOptions } from './kit/serve/kit-server.ts';
export { createKitServer } from './kit/serve/kit-server.ts';
export type { ScenarioState } from './kit/serve/scenarios.ts';

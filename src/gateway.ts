export type { Dialect } from './gateway/dialects.ts';
export type { ForwardAuthOptions } from './gateway/forward-auth.ts';
export { forwardAuth } from './gateway/forward-auth.ts';
export type { GatewayListener, GatewayReport } from './gateway/listener.ts';

export type { Dialect } from './gateway/describe-request.ts';
export type { ForwardAuthOptions } from './gateway/forward-auth.ts';
export { forwardAuth } from './gateway/forward-auth.ts';
export type { GatewayListener, GatewayReport } from './gateway/listener.ts';
export type { ReverseProxyOptions } from './gateway/reverse-proxy.ts';
export { reverseProxy } from './gateway/reverse-proxy.ts';
export type { UpstreamOptions } from './gateway/upstream.ts';

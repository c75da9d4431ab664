export type { NodeExchange, NodeGateOptions, NodeHandler } from './node/admit.ts';
export { admitNode, callerOf, protect, requireScope } from './node/admit.ts';
export type { NodeRequest, NodeResponse, ReceivedFromNodeOptions } from './node/received.ts';
export { keepRawBody, receivedFromNode } from './node/received.ts';
export type { Caller, GateOptions } from './server/gate.ts';

export { type DurableObjectReplayOptions, durableObjectReplay, type ReplayNamespace } from './durable-object/replay.ts';
export {
  type ReplayObject,
  type ReplayObjectOptions,
  type ReplayObjectState,
  replayObject,
} from './durable-object/replay-object.ts';

export type { RedisOptions, SendCommand } from './redis/buckets.ts';
export { prepareRedisReplay, type RedisReplayOptions, redisReplay } from './redis/replay.ts';
export { type RedisRevokedSessions, redisRevokedSessions } from './redis/revoked-sessions.ts';

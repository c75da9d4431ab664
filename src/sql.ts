export { sqlAudit } from './sql/audit.ts';
export { sqlKeys } from './sql/keys.ts';
export { sqlMigrations } from './sql/migrations.ts';
export { type NodeSqlite, nodeSqlite } from './sql/node-sqlite.ts';
export { type SqlReplay, type SqlReplayOptions, sqlReplay } from './sql/replay.ts';
export { type SqlRevokedSessions, type SqlRevokedSessionsOptions, sqlRevokedSessions } from './sql/revoked-sessions.ts';
export type { SqlOptions } from './sql/tables.ts';

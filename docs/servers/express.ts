/**
 * A whole API server on Express, to copy: keys and audit in PostgreSQL, nonces and limits in Redis, rotation, and an orderly shutdown.
 *
 * Before the first start, create the tables, a sealing key and a key: see docs/server.md, "A whole server".
 */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { callerOf, protect, requireScope } from 'countersign/express';
import { redisReplay } from 'countersign/redis';
import { boundedSink, cachedKeys, createVerifier, managedKeys, sealerFromText } from 'countersign/server';
import { sqlAudit, sqlKeys } from 'countersign/sql';
import express from 'express';
import { Kysely, PostgresDialect } from 'kysely';
import { Pool } from 'pg';
import { RateLimiterRedis } from 'rate-limiter-flexible';
import { createClient } from 'redis';

const environment = (name: string): string => process.env[name] || fail(`The environment variable ${name} is not set.`);
const fail = (message: string): never => {
  throw new Error(message);
};

const pool = new Pool({ connectionString: environment('DATABASE_URL'), connectionTimeoutMillis: 2000 });
pool.on('error', (error) => console.error('The database has closed an idle connection.', error.message));
const database = new Kysely<object>({ dialect: new PostgresDialect({ pool }) });

const redis = createClient({
  url: environment('REDIS_URL'),
  disableOfflineQueue: true,
  commandOptions: { timeout: 0 },
});
redis.on('error', (error: Error) => console.error('Redis is not reachable.', error.message));
await redis.connect();
const perMinute = (keyPrefix: string, points: number) =>
  new RateLimiterRedis({ storeClient: redis, useRedisPackage: true, keyPrefix, points, duration: 60 });

/** How long a server uses a key that it has read, in seconds: so long may it accept a revoked one, or refuse a new secret. */
const keyCache = 5;
const secrets = sealerFromText(environment('COUNTERSIGN_SEALING_KEY'));
const keys = managedKeys({ table: sqlKeys({ database }), secrets });
const audit = boundedSink(sqlAudit({ database }), {
  onLoss: (event, loss) => console.error('An audit event is lost.', loss, JSON.stringify(event)),
});
const verifier = createVerifier({
  keys: cachedKeys(keys, { lifetime: keyCache }),
  replay: redisReplay({ send: (...command) => redis.sendCommand(command) }),
  limits: { byAddress: perMinute('address', 600), byKey: perMinute('key', 300) },
  audit,
  publicOrigin: environment('PUBLIC_ORIGIN'), // such as https://api.example.com
});

const app = express();
app.get('/health', (_, response) => void response.json({ status: 'ok' })); // not signed

// A session must not get a secret that outlives it.
app.post('/v1/keys/rotate', protect(verifier, { scope: 'keys:rotate', sessions: false }), async (request, response) => {
  const { accessKey } = callerOf(request).principal;
  const { secret, id } = await keys.rotate(accessKey, { overlap: 7 * 86_400 });
  response.set('Cache-Control', 'no-store').json({ accessKey, secret, id, usableAfter: keyCache });
});

app.use(protect(verifier));
app.use(express.json());
app.get('/v1/orders', requireScope('orders:read'), (request, response) => {
  response.json({ orders: [], service: callerOf(request).principal.service });
});
app.post('/v1/orders', requireScope('orders:write'), (request, response) => {
  response.status(201).json({ ordered: request.body });
});

const server = app.listen(Number(process.env.PORT ?? 8080));
await once(server, 'listening');
console.log(`Listening on port ${(server.address() as AddressInfo).port}.`);

/** Responds to the requests that have begun, writes the audit, and ends. */
async function stop(): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  await closed;
  await audit.idle();
  await redis.close();
  await database.destroy();
}
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void stop());

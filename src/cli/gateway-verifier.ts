import type { Kysely } from 'kysely';
import { fail } from '../core/errors.ts';
import { allowUnsignedPayload } from '../core/unsafe-options.ts';
import { explainRefusals } from '../explain/explain-refusals.ts';
import { type BoundedSink, boundedSink } from '../server/audit/bounded-sink.ts';
import { jsonLinesSink } from '../server/audit/log-sinks.ts';
import type { AuditSink, ReplayStore } from '../server/contracts.ts';
import { cachedKeys } from '../server/keys/cached-keys.ts';
import { managedKeys } from '../server/keys/managed-keys.ts';
import type { TrustedProxies } from '../server/verify/proxies.ts';
import { createVerifier, type Verifier } from '../server/verify/verifier.ts';
import { sqlAudit } from '../sql/audit.ts';
import { sqlKeys } from '../sql/keys.ts';
import { sqlReplay } from '../sql/replay.ts';
import { sqlRevokedSessions } from '../sql/revoked-sessions.ts';
import { atRestOptions, secretsAtRest } from './at-rest.ts';
import type { Options, OptionValues } from './command.ts';
import { databaseOptions, withDatabase } from './database.ts';
import { findingOptions, findScheme, parseFinding, schemeOptions } from './find-scheme.ts';
import { jsonLine, printNotice } from './output.ts';
import { redisOptions, withRedisReplay } from './redis.ts';
import { parseDuration } from './times.ts';

/** Options for the verifier of a gateway. */
export const gatewayVerifierOptions = {
  origin: { type: 'text', value: 'URL', help: 'The origin that callers sign, such as https://api.example.com.' },
  'public-path': { type: 'text', value: 'PATH', help: 'The path prefix that a proxy removes, such as /v1.' },
  'trusted-proxy': { type: 'list', value: 'CIDR', help: "A proxy whose headers are trusted for the client's address." },
  'trusted-header': { type: 'list', value: 'NAME', help: 'A header of these proxies, such as x-forwarded-for.' },
  tolerance: { type: 'text', value: 'TIME', help: 'Maximum clock difference: 300, 5m. Default: 300.' },
  ...findingOptions,
  'allow-unsigned-payload': { type: 'flag', help: 'Accepts bodies that callers declare as unsigned.' },
  audit: { type: 'text', value: 'WHERE', help: 'stdout, database or none. Default: stdout.' },
  ...schemeOptions,
  ...databaseOptions,
  ...atRestOptions,
  ...redisOptions,
} as const satisfies Options;

type GivenVerifier = OptionValues<typeof gatewayVerifierOptions>;

/**
 * Opens keys and stores, and creates a verifier with them. Before it returns, all audit events are written.
 *
 * @throws SignatureError `invalid_configuration`, `key_store_unavailable`, `replay_store_unavailable`, `session_store_unavailable`
 */
export async function withGatewayVerifier<Result>(
  given: GivenVerifier,
  use: (verifier: Verifier) => Promise<Result>,
): Promise<Result> {
  // Checked first, because it needs no connection.
  const secrets = await secretsAtRest(given);
  const { scheme } = findScheme(given);
  return withDatabase(given, { missing: 'refuse', connections: 10 }, async (database) => {
    const place = { database, ...(given.schema !== undefined && { schema: given.schema }) };
    const keys = managedKeys({ table: sqlKeys(place), secrets });
    // These fail at startup if a table does not exist.
    await keys.list({ limit: 1 });
    const revokedSessions = sqlRevokedSessions(place);
    await revokedSessions.has({ accessKey: '', id: '' });
    const audit = auditOf(given, place);
    const verify = (replay: ReplayStore) =>
      use(
        createVerifier({
          keys: cachedKeys(keys),
          replay,
          revokedSessions,
          scheme,
          explain: explainRefusals(),
          ...addressOf(given),
          acceptFindings: given['accept-finding'].map((name) => parseFinding(scheme, name)),
          ...(given.tolerance !== undefined && { tolerance: parseDuration('tolerance', given.tolerance) }),
          ...(audit && { audit }),
          ...(given['allow-unsigned-payload'] && { [allowUnsignedPayload]: true }),
        }),
      );
    const result = await withRedisReplay(given, (shared) => verify(shared ?? sqlReplay(place)));
    await audit?.idle();
    return result;
  });
}

function addressOf(given: GivenVerifier) {
  const { origin, 'public-path': path, 'trusted-proxy': addresses, 'trusted-header': headers } = given;
  if (!addresses.length !== !headers.length) {
    fail('invalid_configuration', '--trusted-proxy and --trusted-header must be given together.');
  }
  return {
    ...(origin !== undefined && { publicOrigin: origin }),
    ...(path !== undefined && { publicPath: path }),
    ...(addresses.length && { trustedProxies: { addresses, headers } as TrustedProxies }),
  };
}

type Place = { readonly database: Kysely<object>; readonly schema?: string };

function auditOf(
  { audit = 'stdout', json }: GivenVerifier & { readonly json?: boolean },
  place: Place,
): BoundedSink | undefined {
  const sinks: Readonly<Record<string, () => AuditSink | undefined>> = {
    stdout: () => jsonLinesSink(process.stdout),
    database: () => sqlAudit(place),
    none: () => undefined,
  };
  if (!Object.hasOwn(sinks, audit)) fail('invalid_configuration', '--audit must be stdout, database or none.');
  const sink = sinks[audit]?.();
  const onLoss = ({ method, path }: { readonly method: string; readonly path: string }, loss: string) =>
    printNotice(
      json ? jsonLine({ auditLoss: { method, path, loss } }) : `Lost the audit event of ${method} ${path}: ${loss}.`,
    );
  return sink && boundedSink(sink, { onLoss, capacity: 10_000 });
}

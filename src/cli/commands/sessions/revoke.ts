import { fail } from '../../../core/errors.ts';
import { parseSessionKey } from '../../../core/session/access-key.ts';
import { redisRevokedSessions } from '../../../redis.ts';
import { sqlRevokedSessions } from '../../../sql/revoked-sessions.ts';
import type { RevocablePrincipal } from '../../../stores/revoked-session.ts';
import { command, type Options, type OptionValues } from '../../command.ts';
import { databaseOptions, hasDatabase, withDatabase } from '../../database.ts';
import { printFor } from '../../output.ts';
import { hasRedis, redisOptions, withRedis } from '../../redis.ts';
import { formatTime, parseTime } from '../../times.ts';

const options = {
  id: { type: 'text', value: 'ID', help: 'The id of a session of this key, as in the audit.' },
  expires: { type: 'text', value: 'TIME', help: 'When the session with this id ends. Default: in a year.' },
  ...databaseOptions,
  ...redisOptions,
  redis: { type: 'text', value: 'URL', help: 'redis://… that has revoked sessions. Default: COUNTERSIGN_REDIS_URL.' },
} as const satisfies Options;

type Given = OptionValues<typeof options>;

export const sessionsRevoke = command({
  name: 'sessions revoke',
  summary: 'Revokes a session, at once and permanently',
  operands: [{ name: 'ACCESS_KEY', help: 'the access key of the session, or with --id that of its parent' }],
  options,
  details: [
    'It is revoked in the database and in Redis, whichever are given: where your servers look for revoked sessions.',
    'The gateway looks in the database.',
  ].join('\n'),
  examples: ['sessions revoke csign_ak_live_…~s1.…', 'sessions revoke csign_ak_live_… --id 3q2-7wAAx0rT9f1B'],
  async run(given, [accessKey = '']) {
    const session = sessionOf(accessKey, given);
    await revokeEverywhere(session, given);
    const { id, expiresAt } = session.session;
    printFor(given, {
      value: { accessKey: session.accessKey, id, expiresAt: formatTime(expiresAt), revoked: true },
      text: `The session ${id} of ${session.accessKey} is revoked.`,
    });
    return 0;
  },
});

/** No session lasts longer, in milliseconds. */
const year = 365 * 86_400_000;

/** @throws SignatureError `invalid_configuration`, `malformed_field` */
function sessionOf(accessKey: string, { id, expires }: Given): Required<RevocablePrincipal> {
  const parsed = parseSessionKey(accessKey);
  if (parsed) {
    if (id !== undefined || expires !== undefined)
      fail('invalid_configuration', 'Give either the access key of a session, or that of its parent and --id.');
    // Sessions that were narrowed from the first link end with it.
    const { parent, first } = parsed;
    return { accessKey: parent, session: { id: first.i, expiresAt: first.e * 1000 } };
  }
  if (id === undefined)
    return fail('invalid_configuration', 'This is the access key of no session: give --id as well, as in the audit.');
  if (!/^[\w-]{16}$/.test(id)) fail('invalid_configuration', '--id must be the 16 characters of the id of a session.');
  return {
    accessKey,
    session: { id, expiresAt: expires === undefined ? Date.now() + year : parseTime('expires', expires) },
  };
}

/** @throws SignatureError `invalid_configuration`, `session_store_unavailable`, `replay_store_unavailable` if Redis cannot be reached. */
async function revokeEverywhere(session: RevocablePrincipal, given: Given): Promise<void> {
  const { schema, 'redis-prefix': prefix } = given;
  const isInRedis = hasRedis(given);
  if (hasDatabase(given) || !isInRedis) {
    await withDatabase(given, { missing: 'refuse' }, (database) =>
      sqlRevokedSessions({ database, ...(schema !== undefined && { schema }) }).revoke(session),
    );
  }
  if (isInRedis) {
    await withRedis(given, (send) =>
      redisRevokedSessions({ send, ...(prefix !== undefined && { prefix }) }).revoke(session),
    );
  }
}

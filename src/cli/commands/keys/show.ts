import { fail } from '../../../core/errors.ts';
import { command } from '../../command.ts';
import { databaseOptions } from '../../database.ts';
import { columns, printable, printFor } from '../../output.ts';
import { type ShownKey, type ShownSecret, toShownKey } from './key-shown.ts';
import { withTable } from './open-keys.ts';

export const keysShow = command({
  name: 'keys show',
  summary: 'Shows an access key and the states of its secrets',
  operands: [{ name: 'ACCESS_KEY', help: 'the key' }],
  options: databaseOptions,
  examples: ['keys show csign_ak_live_…'],
  run: (given, [accessKey = '']) =>
    withTable(given, async (table) => {
      const key = await table.read(accessKey);
      if (!key) return fail('unknown_key', 'No key has this access key.', 401);
      const shown = toShownKey(key, Date.now());
      printFor(given, { value: shown, text: printable(inLines(shown)) });
      return 0;
    }),
});

function inLines({ secrets, ...key }: ShownKey): string {
  const rows = Object.entries(key).map(([name, value]) => [
    labels[name] ?? name,
    name === 'sessions' ? describeSessions(key.sessions) : Array.isArray(value) ? value.join(', ') : `${value}`,
  ]);
  return columns([...rows, ...secrets.map((secret) => ['secret', describeSecret(secret)])]);
}

const labels: Readonly<Record<string, string>> = {
  accessKey: 'access key',
  createdAt: 'created',
  lastUsedAt: 'last used',
  revokedAt: 'revoked',
  notBefore: 'valid from',
  expiresAt: 'valid until',
};

/** Whether a key may issue sessions, in words. */
export const describeSessions = (sessions: ShownKey['sessions']): string =>
  sessions ? `at most ${sessions.maxLifetime} seconds` : sessions === false ? 'refused' : 'allowed';

const describeSecret = ({
  id,
  state,
  scheme,
  kind,
  sealedWith,
  createdAt,
  notBefore,
  expiresAt,
}: ShownSecret): string =>
  [
    `${id}  ${state}`,
    ...(scheme === undefined ? [] : [`for ${scheme}`]),
    sealedWith === undefined ? kind : `sealed with ${sealedWith}`,
    `created ${createdAt}`,
    ...(notBefore === undefined ? [] : [`from ${notBefore}`]),
    ...(expiresAt === undefined ? [] : [`until ${expiresAt}`]),
  ].join(', ');

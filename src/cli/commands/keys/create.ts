import { fail } from '../../../core/errors.ts';
import type { NewKey } from '../../../server/keys/new-key.ts';
import { atRestOptions } from '../../at-rest.ts';
import { command, type Options, type OptionValues } from '../../command.ts';
import { databaseOptions } from '../../database.ts';
import { parsePublicKey } from '../../pem-key.ts';
import { readBytes } from '../../text-file.ts';
import { parseDuration, parseTime } from '../../times.ts';
import { withDeliveringKeys, withSecretlessKeys } from './open-keys.ts';
import { deliverSecret, printIssued, secretOutputOptions } from './secret-output.ts';

const keyOptions = {
  service: { type: 'text', value: 'NAME', help: 'The owner of the key. Required.' },
  environment: { type: 'text', value: 'NAME', help: "Lower-case letters and digits, such as test. Default: 'live'." },
  scope: { type: 'list', value: 'SCOPE', help: 'A permission of the key.' },
  'access-key': { type: 'text', value: 'KEY', help: 'The access key. Default: a random one.' },
  'not-before': { type: 'text', value: 'TIME', help: 'When it becomes valid: 2026-11-22T12:00:00Z, +7d.' },
  expires: { type: 'text', value: 'TIME', help: 'When it expires.' },
  address: { type: 'list', value: 'CIDR', help: 'A client address range that may use it, such as 192.0.2.0/24.' },
  scheme: {
    type: 'list',
    value: 'NAME',
    help: 'A scheme that it may sign with. Default: any.',
  },
  algorithm: { type: 'list', value: 'NAME', help: 'An algorithm that it may sign with, such as ed25519.' },
  'no-sessions': { type: 'flag', help: 'Refuses all sessions of the key.' },
  'max-session-lifetime': { type: 'text', value: 'TIME', help: 'The longest life of a session of the key: 900, 15m.' },
  'public-key': { type: 'text', value: 'FILE', help: "The caller's public key in PEM, instead of a secret." },
  explain: { type: 'flag', help: 'Returns the precise reason of a refusal to its callers; for development.' },
} as const satisfies Options;

export const keysCreate = command({
  name: 'keys create',
  summary: 'Creates an access key and its secret',
  options: { ...keyOptions, ...secretOutputOptions, ...databaseOptions, ...atRestOptions },
  details: [
    'The secret is shown once: on a terminal, or in the file of --out, which countersign sign accepts as --credentials.',
    'If standard output is a pipe or a file, it is printed only with --print-secret:',
    '  countersign keys create --service shop --json --print-secret | jq -r .secret',
  ].join('\n'),
  examples: ['keys create --service shop --scope orders:read --out shop.json'],
  async run(given) {
    const key = newKey(given);
    const publicKey = await publicKeyOf(given);
    if (publicKey) {
      await withSecretlessKeys(given, async (keys) => printIssued(given, await keys.create({ ...key, publicKey })));
    } else {
      await withDeliveringKeys(given, (open) => deliverSecret(given, open, (keys) => keys.create(key)));
    }
    return 0;
  },
});

function newKey(given: OptionValues<typeof keyOptions>): Omit<NewKey, 'publicKey'> {
  const { service = '', environment, expires, scope, address, scheme, algorithm } = given;
  const { 'access-key': accessKey, 'not-before': notBefore } = given;
  return {
    service,
    ...(environment !== undefined && { environment }),
    ...(accessKey !== undefined && { accessKey }),
    ...(scope.length && { scopes: scope }),
    ...(address.length && { addresses: address }),
    ...(scheme.length && { schemes: scheme }),
    ...(algorithm.length && { algorithms: algorithm }),
    ...(notBefore !== undefined && { notBefore: parseTime('not-before', notBefore) }),
    ...(expires !== undefined && { expiresAt: parseTime('expires', expires) }),
    ...(given.explain && { explain: true }),
    ...sessionsOf(given),
  };
}

/** @throws SignatureError `invalid_configuration` */
function sessionsOf({
  'no-sessions': none,
  'max-session-lifetime': longest,
}: OptionValues<typeof keyOptions>): Pick<NewKey, 'sessions'> {
  if (longest === undefined) return none ? { sessions: false } : {};
  if (none) fail('invalid_configuration', 'Give either --no-sessions or --max-session-lifetime.');
  return { sessions: { maxLifetime: parseDuration('max-session-lifetime', longest) } };
}

async function publicKeyOf({
  'public-key': file,
  algorithm,
}: OptionValues<typeof keyOptions>): Promise<NewKey['publicKey']> {
  if (file === undefined) return undefined;
  return parsePublicKey(new TextDecoder().decode(await readBytes(file, 'The public key')), algorithm);
}

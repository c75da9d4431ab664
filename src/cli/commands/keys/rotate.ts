import { atRestOptions } from '../../at-rest.ts';
import { command } from '../../command.ts';
import { databaseOptions } from '../../database.ts';
import { parsePublicKey } from '../../pem-key.ts';
import { readBytes } from '../../text-file.ts';
import { parseDuration, parseTime } from '../../times.ts';
import { withDeliveringKeys, withSecretlessKeys } from './open-keys.ts';
import { deliverSecret, printIssued, secretOutputOptions } from './secret-output.ts';

export const keysRotate = command({
  name: 'keys rotate',
  summary: 'Adds a new secret to a key; the old ones remain valid for a while',
  operands: [{ name: 'ACCESS_KEY', help: 'the key' }],
  options: {
    overlap: {
      type: 'text',
      value: 'TIME',
      help: 'How long the old secrets remain valid: 3600, 12h, 7d; 0 ends them at once. Default: 7d.',
    },
    'starts-at': {
      type: 'text',
      value: 'TIME',
      help: 'When the new secret becomes valid: 2026-11-22T12:00:00Z, +1d. Default: now.',
    },
    scheme: {
      type: 'text',
      value: 'NAME',
      help: 'The only scheme of the new secret; then only secrets for it alone end. Default: any.',
    },
    algorithm: {
      type: 'list',
      value: 'NAME',
      help: 'The algorithm of an RSA key: rsa-v1_5-sha256. Default: rsa-pss-sha512.',
    },
    'public-key': { type: 'text', value: 'FILE', help: "The caller's new public key in PEM, instead of a secret." },
    ...secretOutputOptions,
    ...databaseOptions,
    ...atRestOptions,
  },
  examples: ['keys rotate csign_ak_live_… --overlap 7d --out shop-new.json'],
  async run(given, [accessKey = '']) {
    const { overlap, 'starts-at': startsAt, scheme, 'public-key': file } = given;
    const rotation = {
      ...(overlap !== undefined && { overlap: parseDuration('overlap', overlap) }),
      ...(startsAt !== undefined && { startsAt: parseTime('starts-at', startsAt) }),
      ...(scheme !== undefined && { scheme }),
    };
    if (file === undefined) {
      await withDeliveringKeys(given, (open) => deliverSecret(given, open, (keys) => keys.rotate(accessKey, rotation)));
      return 0;
    }
    const pem = new TextDecoder().decode(await readBytes(file, 'The public key'));
    const publicKey = await parsePublicKey(pem, given.algorithm);
    await withSecretlessKeys(given, async (keys) =>
      printIssued(given, await keys.rotate(accessKey, { ...rotation, publicKey })),
    );
    return 0;
  },
});

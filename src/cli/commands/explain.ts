import type { Scheme } from '../../core/scheme.ts';
import { explainSignature } from '../../explain/explain.ts';
import type { SignatureExplanation } from '../../explain/explanation.ts';
import type { KeyRecord } from '../../server/contracts.ts';
import { command } from '../command.ts';
import { compareStrings, formatComparison } from '../compare-strings.ts';
import { describeSchemes, findScheme, recognisedSchemes } from '../find-scheme.ts';
import { formatExplanation } from '../format-explanation.ts';
import { hideSecrets } from '../hidden-secrets.ts';
import { type KeysValues, withKeysOfOptions } from '../keys-of-options.ts';
import { printFor, printNotice } from '../output.ts';
import { messageOperand, readCircumstances, readRequestFile, receivedOptions } from '../received-message.ts';
import { readBytes } from '../text-file.ts';
import { formatTime } from '../times.ts';

export const explain = command({
  name: 'explain',
  summary: 'Explains what a signature covers, where it differs, and why',
  operands: [messageOperand],
  options: {
    ...receivedOptions,
    'string-to-sign': {
      type: 'text',
      value: 'FILE',
      help: "The caller's string to sign, to compare with the expected.",
    },
    'try-origin': { type: 'list', value: 'URL', help: 'An origin that the caller may have signed.' },
    'try-path': { type: 'list', value: 'PATH', help: 'A path prefix that a proxy may have removed.' },
  },
  details: [
    'Tries the usual mistakes of callers, libraries and proxies, and reports which of them produce the signature.',
    'Exits with 0 if the request verifies, otherwise with 1.',
    '',
    describeSchemes,
  ].join('\n'),
  examples: [
    'explain request.http --credentials shop.json',
    'explain curl.txt --credentials shop.json --string-to-sign mine.txt',
    'explain request.http --database postgres://keys.internal/keys --at 2026-11-22T12:00:00Z',
  ],
  async run(given, [file]) {
    const use = findScheme(given);
    const { request, missingBody } = await readRequestFile(file, given);
    if (missingBody)
      printNotice(`note: the record does not contain ${missingBody}: give the body with --body-file FILE`);
    const own = given['string-to-sign'];
    const mine = own === undefined ? undefined : await readBytes(own, 'The string to sign');
    return withKeysOfOptions(given, use, async ({ store, accessKey, others }) => {
      const explanation = await explainSignature(request, {
        ...readCircumstances(given),
        keys: store,
        scheme: use.scheme,
        otherKeys: await others(),
        otherSchemes: recognisedSchemes().filter(({ name }) => name !== use.scheme.name),
        origins: given['try-origin'],
        paths: given['try-path'],
        maxBodyBytes: Number.MAX_SAFE_INTEGER,
        withoutBody: missingBody !== undefined,
        ...(given.from !== undefined && { address: given.from }),
        ...(accessKey !== undefined && { accessKey }),
      });
      const compared =
        mine &&
        compareStrings(
          isKeyedHash(use.scheme) ? hideSecrets(mine, await knownRecords(explanation, { store, others })) : mine,
          explanation.stringToSign,
        );
      const text = formatExplanation(explanation);
      printFor(given, {
        value: { ...forPrograms(explanation), ...(compared && { compared }) },
        text: compared ? `${text}\n\n${formatComparison(compared)}` : text,
      });
      return explanation.verified ? 0 : 1;
    });
  },
});

const isKeyedHash = ({ findings = [] }: Scheme): boolean => findings.some(({ code }) => code === 'keyed-hash');

async function knownRecords(
  { key }: SignatureExplanation,
  { store, others }: Pick<KeysValues, 'store' | 'others'>,
): Promise<readonly KeyRecord[]> {
  const own = key && (await store.find(key.accessKey));
  return [...(own ? [own] : []), ...(await others())];
}

/** Formats times like the other commands. */
function forPrograms({ time, ...explanation }: SignatureExplanation): object {
  if (!time) return explanation;
  const { signedAt, expiresAt, judgedAt, tolerance, fresh } = time;
  return {
    ...explanation,
    time: {
      ...(signedAt !== undefined && { signedAt: formatTime(signedAt) }),
      ...(expiresAt !== undefined && { expiresAt: formatTime(expiresAt) }),
      judgedAt: formatTime(judgedAt),
      tolerance,
      fresh,
    },
  };
}

import { explainSignature } from '../../explain/explain.ts';
import type { SignatureExplanation } from '../../explain/explanation.ts';
import { command } from '../command.ts';
import { explainedInWords } from '../explained.ts';
import { withGivenKeys } from '../given-keys.ts';
import { printFor } from '../output.ts';
import { circumstancesOf, messageOperand, receivedOptions, requestIn } from '../received-message.ts';
import { recognisedSchemes, schemeOf, schemesInWords } from '../scheme-named.ts';
import { printedTime } from '../times.ts';

export const explain = command({
  name: 'explain',
  summary: 'Says what a signature was made over, where it differs, and why',
  operands: [messageOperand],
  options: {
    ...receivedOptions,
    'try-origin': { type: 'list', value: 'URL', help: 'Where callers may believe the server is.' },
    'try-path': { type: 'list', value: 'PATH', help: 'What may have been taken off the front of the path.' },
  },
  details: [
    'Tries what callers, libraries and proxies usually do otherwise, and says with which of it the signature fits.',
    'Exits with 0 for a request that verifies, with 1 for one that does not.',
    '',
    schemesInWords,
  ].join('\n'),
  examples: [
    'explain request.http --credentials shop.json',
    'explain request.http --database postgres://keys.internal/keys --at 2026-11-22T12:00:00Z',
  ],
  async run(given, [file]) {
    const use = schemeOf(given);
    const request = await requestIn(file, given);
    return withGivenKeys(given, use, async ({ store, accessKey, others }) => {
      const explanation = await explainSignature(request, {
        ...circumstancesOf(given),
        keys: store,
        scheme: use.scheme,
        otherKeys: await others(),
        otherSchemes: recognisedSchemes().filter(({ name }) => name !== use.scheme.name),
        origins: given['try-origin'],
        paths: given['try-path'],
        maxBodyBytes: Number.MAX_SAFE_INTEGER,
        ...(given.from !== undefined && { address: given.from }),
        ...(accessKey !== undefined && { accessKey }),
      });
      printFor(given, { value: forPrograms(explanation), text: explainedInWords(explanation) });
      return explanation.verified ? 0 : 1;
    });
  },
});

/** Times as this program prints them elsewhere. */
function forPrograms({ time, ...explanation }: SignatureExplanation): object {
  if (!time) return explanation;
  const { signedAt, expiresAt, judgedAt, tolerance, fresh } = time;
  return {
    ...explanation,
    time: {
      ...(signedAt !== undefined && { signedAt: printedTime(signedAt) }),
      ...(expiresAt !== undefined && { expiresAt: printedTime(expiresAt) }),
      judgedAt: printedTime(judgedAt),
      tolerance,
      fresh,
    },
  };
}

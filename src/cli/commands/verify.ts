import { fail } from '../../core/errors.ts';
import { allowUnsignedPayload } from '../../core/unsafe-options.ts';
import type { AuditEvent } from '../../server/contracts.ts';
import { memoryReplay } from '../../server/replay/memory-replay.ts';
import type { ReceivedRequest } from '../../server/verify/message.ts';
import type { Verified } from '../../server/verify/result.ts';
import { createVerifier } from '../../server/verify/verifier.ts';
import { command } from '../command.ts';
import { describeSchemes, findingOptions, findScheme, parseFinding } from '../find-scheme.ts';
import { type KeysValues, withKeysOfOptions } from '../keys-of-options.ts';
import { columns, printable, printFor, type Result, styled } from '../output.ts';
import { messageOperand, readCircumstances, readRequestFile, receivedOptions } from '../received-message.ts';
import { formatTime } from '../times.ts';

export const verify = command({
  name: 'verify',
  summary: 'Verifies the signature of a received request',
  operands: [messageOperand],
  options: {
    ...receivedOptions,
    scope: { type: 'text', value: 'SCOPE', help: 'A scope that the key must have.' },
    ...findingOptions,
    'allow-unsigned-payload': { type: 'flag', help: 'Accepts a body that the caller declares as unsigned.' },
  },
  details: [
    'The keys are those of --database, or the given one. --secret-file can be repeated, for a rotation.',
    'Earlier requests are not known here, so replays are not detected.',
    '',
    describeSchemes,
  ].join('\n'),
  examples: [
    'verify request.http --credentials shop.json --at 2026-11-22T12:00:00Z',
    'verify request.http --database postgres://keys.internal/keys --origin https://api.example.com',
  ],
  async run(given, [file]) {
    const use = findScheme(given);
    const { request, missingBody } = await readRequestFile(file, given);
    if (missingBody)
      fail('invalid_request', `The record does not contain ${missingBody}: give the body with --body-file FILE.`);
    return withKeysOfOptions(given, use, async ({ store, source, accessKey }) => {
      let event: AuditEvent | undefined;
      const circumstances = readCircumstances(given);
      const verifier = createVerifier({
        ...circumstances,
        // Without `touch`: a check here is not a use of the key.
        keys: { find: (name) => store.find(name) },
        replay: memoryReplay({ clock: circumstances.clock }),
        scheme: use.scheme,
        acceptFindings: given['accept-finding'].map((name) => parseFinding(use.scheme, name)),
        maxBodyBytes: Number.MAX_SAFE_INTEGER,
        audit: (reported) => {
          event = reported;
        },
        ...(given['allow-unsigned-payload'] && { [allowUnsignedPayload]: true }),
      });
      const result = await verifier.verify(request, {
        ...(given.scope !== undefined && { scope: given.scope }),
        ...(given.from !== undefined && { address: given.from }),
        ...(accessKey !== undefined && { accessKey }),
      });
      // An unavailable store says nothing about the signature.
      if (!result.ok && result.error.status >= 500) throw result.error;
      printFor(given, result.ok ? accepted(result, { source, event }) : refused(result.error));
      return result.ok ? 0 : 1;
    });
  },
});

type Verification = Pick<KeysValues, 'source'> & { readonly event: AuditEvent | undefined };

function accepted(
  { principal, scheme, body, retiresAt }: Verified<ReceivedRequest>,
  { source, event }: Verification,
): Result {
  const { accessKey, service, environment, scopes } = principal;
  const known = source === 'database';
  const value = {
    verified: true,
    accessKey,
    ...(known && { service, environment, scopes }),
    scheme,
    ...(event?.secretId !== undefined && { secretId: event.secretId }),
    bodyBytes: body?.length ?? 0,
    ...(retiresAt !== undefined && { retiresAt: formatTime(retiresAt) }),
  };
  const rows = [
    ['access key', accessKey],
    ...(known ? [['service', service]] : []),
    ['scheme', scheme],
    ...(value.secretId === undefined ? [] : [['secret id', value.secretId]]),
    ['body', `${value.bodyBytes} bytes`],
    ...(value.retiresAt === undefined ? [] : [['secret retires', value.retiresAt]]),
  ];
  return { value, text: `${styled('green', 'verified')}\n${printable(columns(rows))}` };
}

function refused({ code, message }: { readonly code: string; readonly message: string }): Result {
  return {
    value: { verified: false, code, message },
    text: `${styled('red', 'not verified')}: ${code}\n${printable(message)}`,
  };
}

import { type AuditEvent, createVerifier, memoryKeys, memoryReplay } from 'countersign/server';
import { describe, expect, it } from 'vitest';
import { headerView } from '../../src/node/received.ts';
import {
  accessKey,
  authority,
  costlySignatures,
  everyScheme,
  fillings,
  type Head,
  honestHead,
  mostBytes,
  type SchemeOfTest,
} from './costly.ts';
import { noon } from './rig.ts';

/** In characters. A message is a sentence, with a few dozen characters of what was received. */
const most = { message: 320, body: 512, headers: 1024, event: 1280 } as const;
const parts = ['message', 'body', 'headers', 'event'] as const;

function judged({ scheme, secret, acceptFindings }: SchemeOfTest) {
  const events: AuditEvent[] = [];
  const verifier = createVerifier({
    scheme,
    acceptFindings,
    keys: memoryKeys(
      [accessKey, scheme.name].map((name) => ({ accessKey: name, service: 'shop', secrets: [{ secret }] })),
    ),
    replay: memoryReplay({ clock: () => noon }),
    clock: () => noon,
    audit: (event) => {
      events.push(event);
    },
  });
  return async ({ method, target, fields }: Head) => {
    const result = await verifier.verify({
      ...{ method, authority, target, scheme: 'https', headers: headerView(fields) },
      body: new TextEncoder().encode('{}'),
    });
    const event = JSON.stringify(events.pop());
    if (result.ok) return undefined;
    return {
      message: result.error.message,
      body: result.response.body,
      headers: JSON.stringify(result.response.headers),
      event,
    };
  };
}

/** Texts that a scheme takes apart before it refuses them. */
function* named(honest: Head): Generator<Head> {
  for (const length of [64, 500, 3500]) {
    const text = 'a'.repeat(length);
    const quoted = `"${'\\"'.repeat(length / 4)}"`;
    yield { ...honest, method: text };
    for (const part of [text, quoted]) {
      for (const input of [
        `${part}=()`,
        `s0=("${part}")`,
        `s0=(${part})`,
        `s0=("@${text}")`,
        `s0=("a";${part})`,
        `s0=("a";key=${part})`,
        `s0=("a" "a";tr;key=${part})`,
        `s0=("a";bs;key=${part})`,
        `s0=("content-digest";key=${part})`,
        `s0=("@method";name=${part})`,
        `s0=("@query-param";name=${part})`,
        `s0=("a" "${part}" "${part}")`,
        `s0=("@method");keyid=${part}`,
        `s0=("@method");nonce=${part}`,
        `s0=("@method");alg=${part}`,
        `${part}="a"`,
        `${part}`,
      ]) {
        const label = /^[a-z\d]+(?==)/.exec(input)?.[0] ?? 's0';
        for (const signature of [`${label}=:AAAA:`, `${text}b=:AAAA:`, `${label}=1`]) {
          const others = honest.fields.flatMap((name, i) =>
            i % 2 || /^signature/i.test(name) ? [] : [name, honest.fields[i + 1] ?? ''],
          );
          yield { ...honest, fields: [...others, 'signature-input', input, 'signature', signature] };
        }
      }
    }
  }
}

/** Values of an honest request that are replaced by longer ones of the same form. */
function* lengthened(honest: Head): Generator<Head> {
  for (const length of [40, 64, 128, 512]) {
    const grown = (text: string) => text.replace(/[A-Za-z\d]+/g, (word) => word.padEnd(length, word));
    for (let place = 1; place < honest.fields.length; place += 2) {
      const value = honest.fields[place] ?? '';
      for (const word of new Set(value.match(/[A-Za-z\d]+/g))) {
        yield { ...honest, fields: honest.fields.with(place, value.replace(word, grown)) };
      }
    }
    for (const word of new Set(honest.target.match(/[A-Za-z\d]+/g))) {
      yield { ...honest, target: honest.target.replace(word, grown) };
    }
  }
}

describe.each(everyScheme)('$name', (one) => {
  it('repeats little of what a stranger sends, in refusal, error and audit', async () => {
    const judge = judged(one);
    const honest = await honestHead(one);
    const longest = { message: '', body: '', headers: '', event: '' };
    for (const head of [
      ...[mostBytes, 4000, 1600].flatMap((bytes) => [...fillings(honest, bytes)]),
      ...(one.scheme.name === 'rfc9421' ? costlySignatures() : []),
      ...named(honest),
      ...lengthened(honest),
    ]) {
      const told = await judge(head);
      for (const part of parts) {
        if (told && told[part].length > longest[part].length) longest[part] = told[part];
      }
    }
    for (const part of parts) {
      expect(longest[part].length, `${part}: ${longest[part].slice(0, 400)}`).toBeLessThanOrEqual(most[part]);
      expect(longest[part].length).toBeGreaterThan(20);
    }
  });
});

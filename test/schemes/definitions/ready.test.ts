import * as door from 'countersign/schemes';
import { defineScheme } from 'countersign/schemes';
import { describe, expect, it } from 'vitest';
import { judge, judgeOf } from './judge.ts';
import { published, textBytes } from './published.ts';
import { type Ready, ready } from './ready.ts';
import { signWith } from './sign.ts';
import { codesOf, misspellings, tamperings } from './tampering.ts';

const noon = Date.UTC(2026, 10, 22, 12);
const headers = { 'content-type': 'application/json' };
const attempt = published({
  method: 'POST',
  target: '/v1/orders?limit=10&after=a%2Fb',
  headers,
  body: textBytes('{"amount":1}'),
  accessKey: 'partner-1',
  secret: Buffer.from('a secret of 32 bytes, for tests.').toString('base64'),
  time: noon,
});

const exports: ReadonlyMap<string, unknown> = new Map(Object.entries(door));

function setUpOf({ definition, acceptFindings }: Ready) {
  const scheme = defineScheme(definition);
  const time = { now: noon };
  const server = judgeOf({ ...attempt, scheme, acceptFindings, clock: () => time.now });
  return { time, server, sent: signWith(scheme, { ...attempt, challenge: server.challenge() }) };
}

describe.each(ready)('$exported', ({ exported, ...one }) => {
  const { definition, acceptFindings } = one;
  const setUp = () => setUpOf({ exported, ...one });
  const scheme = defineScheme(definition);

  it('leaves open what is documented, and no more of high severity', () => {
    const high = (scheme.findings ?? []).filter(({ severity }) => severity === 'high');
    expect(high.map(({ code }) => code).sort()).toEqual(acceptFindings);
  });

  it('is exported by the name that is documented', () => {
    const given = exports.get(exported);
    expect(typeof given === 'function' || given === definition).toBe(true);
  });

  it('verifies what it signed, and says who called', async () => {
    const { server, sent } = setUp();
    const { headers: fields, ...rest } = sent;
    const result = await server.verifier.verify({ ...rest, headers: new Headers(fields) });
    expect(result).toMatchObject({ ok: true, scheme: scheme.name });
    const carries = JSON.stringify(definition).includes('{accessKey}');
    expect(result).toMatchObject({ principal: { accessKey: carries ? attempt.accessKey : scheme.name } });
  });

  it('takes a request once', async () => {
    const { server, sent } = setUp();
    expect(await judge(server, sent)).toBe('ok');
    expect(await judge(server, sent)).toBe('replayed_request');
  });

  it('refuses what was changed, but for what it is known to leave open', async () => {
    const { server, sent } = setUp();
    const accepted: string[] = [];
    for (const { of, sent: changed } of tamperings(sent, codesOf(scheme))) {
      if ((await judge(server, changed)) === 'ok') accepted.push(of);
    }
    expect(accepted).toEqual([]);
  });

  it('refuses every header of its own with a character changed, added or missing', async () => {
    const { server, sent } = setUp();
    const accepted: string[] = [];
    for (const { of, sent: changed } of misspellings(sent, headers)) {
      if ((await judge(server, changed)) === 'ok') accepted.push(of);
    }
    expect(accepted).toEqual([]);
  });

  it('refuses another secret', async () => {
    const { sent } = setUp();
    const secret = Buffer.from('another secret of so many bytes.').toString('base64');
    const server = judgeOf({ ...attempt, secret, scheme, acceptFindings, clock: () => noon });
    expect(await judge(server, sent)).toBe('signature_mismatch');
  });

  it('is plain data, which survives JSON', () => {
    const copy = JSON.parse(JSON.stringify(definition));
    expect(copy).toEqual(definition);
    expect(signWith(defineScheme(copy), attempt)).toEqual(signWith(scheme, attempt));
  });
});

describe.each(ready.filter(({ definition }) => definition.stringToSign.includes('{timestamp')))(
  '$exported, which has a time',
  (one) => {
    it.each([
      { when: 'old', seconds: 302, code: 'stale_timestamp' },
      { when: 'not of this time yet', seconds: -302, code: 'future_timestamp' },
    ])('refuses what is $when', async ({ seconds, code }) => {
      const { server, sent, time } = setUpOf(one);
      time.now = noon + seconds * 1000;
      expect(await judge(server, sent)).toBe(code);
    });
  },
);

it('covers every definition that is exported', () => {
  const definitions = [...exports].filter(
    ([, value]) => typeof value === 'object' && value !== null && 'stringToSign' in value && 'name' in value,
  );
  expect(ready.map(({ exported }) => exported)).toEqual(expect.arrayContaining(definitions.map(([name]) => name)));
});

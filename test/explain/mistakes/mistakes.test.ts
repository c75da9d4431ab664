import { createServer } from 'node:http';
import { generateCredentials } from 'countersign';
import { explainRefusals, explainSignature } from 'countersign/explain';
import { protect } from 'countersign/node';
import { createVerifier, memoryKeys, memoryReplay } from 'countersign/server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { headerView } from '../../../src/node/received.ts';
import { type App, listening } from '../../adapters/adapter.ts';
import { sendHttp1 } from '../../adapters/wire.ts';
import { call, type Given, type Mistake, type Wire } from './client.ts';
import { mistakes, type Named } from './list.ts';

// A whole second, so that ages in messages are whole.
const now = Date.UTC(2026, 10, 22, 12);
const explained = generateCredentials({ environment: 'test' });
const plain = generateCredentials();
const keys = memoryKeys([
  { accessKey: explained.accessKey, service: 'partner', secrets: [explained], explain: true },
  { accessKey: plain.accessKey, service: 'partner', secrets: [plain] },
]);
const origins = ['https://api.example.com'];

let app: App;
beforeAll(async () => {
  const explain = explainRefusals({ origins, perMinute: 1000, timeout: 30_000 });
  const verifier = createVerifier({ keys, replay: memoryReplay({ clock: () => now }), clock: () => now, explain });
  app = await listening(createServer(protect(verifier, (_, response) => void response.end('{}'))));
});
afterAll(() => app.close());

const givenTo = ({ accessKey, secret }: { readonly accessKey: string; readonly secret: string }): Given => ({
  ...{ accessKey, secret, now },
  host: new URL(app.origin).host,
});

type Told = { readonly status: number; readonly text: string; readonly codes: readonly string[] | undefined };

/** Sends a request to the server as it is. */
async function send({ method, target, headers, body }: Wire): Promise<Told> {
  const { status, bytes } = await sendHttp1(app.origin, { method, target, headers, body: new Uint8Array(body) });
  const { code = '', detail = '', differences } = JSON.parse(bytes.toString());
  const codes = differences?.map((one: { readonly code: string }) => one.code);
  return { status, text: `${code}: ${detail}`, codes };
}

/** What `explainSignature` finds in the recorded request. */
async function explain({ method, target, headers, body }: Wire): Promise<readonly string[]> {
  const { differences } = await explainSignature(
    {
      ...{ method, target, authority: headers.Host ?? '', scheme: 'http', body: new Uint8Array(body) },
      headers: headerView(Object.entries(headers).flat()),
    },
    { keys, origins, clock: () => now },
  );
  return differences.map(({ code }) => code);
}

/** Mistakes and how many of them were named. */
const tally = { mistakes: 0, named: 0, byRefusal: 0 };

async function judge(named: Named, mistake: Mistake): Promise<void> {
  const wire = call(givenTo(explained), mistake);
  const told = await send(wire);
  if (named === 'accepted') {
    expect(told.status).toBe(200);
    return;
  }
  tally.mistakes++;
  expect(told.status, told.text).not.toBe(200);
  if (named === 'nobody') {
    expect(told.codes ?? []).toEqual([]);
    return;
  }
  if ('refusal' in named) {
    expect(told.text).toMatch(named.refusal);
    expect((await send(call(givenTo(plain), mistake))).text).toMatch(named.refusal);
    tally.byRefusal++;
  } else {
    expect(told.codes, told.text).toEqual(named.differences);
    expect(await explain(wire)).toEqual(named.differences);
  }
  tally.named++;
}

describe.each(Object.entries(mistakes))('a mistake with the %s', (_, rows) => {
  it.each(rows)('%s', async (_name, named, mistake) => judge(named, mistake));
});

describe('a mistake of behaviour', () => {
  it('a retry with the same nonce is named', async () => {
    const wire = call(givenTo(explained));
    expect((await send(wire)).status).toBe(200);
    tally.mistakes++;
    expect((await send(wire)).text).toMatch(/^replayed_request: /);
    tally.named++;
  });

  it('a redirect with the signature of the first request cannot be recognised from itself', async () => {
    tally.mistakes++;
    const wire = call(givenTo(explained), { signed: () => ({ host: 'old.example.net', target: '/moved?from=here' }) });
    expect(await send(wire)).toMatchObject({ status: 401, codes: [] });
  });
});

it('accepts what the client does without a mistake', async () => {
  const right: Mistake[] = [{}, { method: 'GET' }, { signedHeaders: { 'x-request-id': 'R-1' } }];
  for (const mistake of right) expect((await send(call(givenTo(plain), mistake))).status).toBe(200);
});

it('names at least 88 of 91', () => {
  console.log(`${tally.named} of ${tally.mistakes} mistakes are named, ${tally.byRefusal} of them to any caller`);
  expect(tally.mistakes).toBeGreaterThanOrEqual(91);
  expect(tally.mistakes - tally.named).toBeLessThanOrEqual(3);
});

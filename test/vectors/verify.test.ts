import type { Verifier } from 'countersign/server';
import { describe, expect, it } from 'vitest';
import { bytesOf, type VerifyCase } from './format.ts';
import { vectors } from './read.ts';
import { verifierOf } from './verifier.ts';

const cases = new Map(vectors.verify.map((vector) => [vector.name, vector]));

type Judge = (verifier: Verifier, received: VerifyCase['received']) => Promise<VerifyCase['outcome']>;

const asPlainRequest: Judge = async (verifier, { headers, body, host: authority, ...line }) => {
  const view = new Headers();
  for (const [name, value] of headers) view.append(name, value);
  return outcomeOf(await verifier.verify({ ...line, authority, headers: view, body: bytesOf(body) }));
};

const asRequest: Judge = async (verifier, { method, scheme, host, target, headers, body }) => {
  const bytes = bytesOf(body);
  const init = { method, headers: headers.map(([...pair]) => pair), ...(bytes.length && { body: bytes }) };
  return outcomeOf(await verifier.verify(new Request(`${scheme}://${host}${target}`, init as RequestInit)));
};

function outcomeOf(result: Awaited<ReturnType<Verifier['verify']>>): VerifyCase['outcome'] {
  if (result.ok) return { accepted: true };
  const { code } = JSON.parse(result.response.body) as { code: string };
  return { accepted: false, code: result.error.code, publicCode: code, status: result.response.status };
}

async function judged(vector: VerifyCase, judge: Judge): Promise<VerifyCase['outcome']> {
  const { time, verifier } = verifierOf(vector);
  const before = cases.get(vector.after ?? '');
  if (before) {
    time.now = before.now;
    expect(await judge(verifier, before.received)).toEqual(before.outcome);
  }
  time.now = vector.now;
  return judge(verifier, vector.received);
}

/** Whether the platform's Request would hand on what was received unchanged. */
function fitsRequest({ received: { scheme, host, target, method } }: VerifyCase): boolean {
  const url = `${scheme}://${host}${target}`;
  const canonical = URL.canParse(url) && new URL(url).href === url && new URL(url).host === host;
  return canonical && target.startsWith('/') && !target.includes('#') && /^[A-Z]+$/.test(method);
}

describe('the verifier', () => {
  it('knows the case that each case comes after', () => {
    expect(vectors.verify.filter(({ after }) => after !== undefined && !cases.has(after))).toEqual([]);
  });

  it.each(vectors.verify)('judges $name', async (vector) => {
    expect(await judged(vector, asPlainRequest)).toEqual(vector.outcome);
  });

  it.each(vectors.verify.filter(fitsRequest))('judges $name as a Request', async (vector) => {
    expect(await judged(vector, asRequest)).toEqual(vector.outcome);
  });
});

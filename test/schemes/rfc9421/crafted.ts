import { createHmac } from 'node:crypto';
import { createSigner, type Signer } from 'countersign';
import { type Rfc9421Options, rfc9421 } from 'countersign/schemes';
import { digestOf, host, noon, type Parts, type Rig, type RigOptions, rig } from '../../server/rig.ts';

export const created = noon / 1000;

export type SchemeRig = Rig & { readonly signer: Signer };

/** Both halves of rfc9421, by one clock that stands still. */
export function schemeRig(options: Rfc9421Options = {}, verifierOptions: RigOptions = {}): SchemeRig {
  const made = rig({ scheme: rfc9421(options), ...verifierOptions });
  const { accessKey, secret, time } = made;
  return { ...made, signer: createSigner({ accessKey, secret, clock: () => time.now, scheme: rfc9421(options) }) };
}

export const body = '{"sku":"A-1"}';

/** The lines of an honest POST, by identifier. */
export const honestLines: Readonly<Record<string, string>> = {
  '"@method"': 'POST',
  '"@authority"': host,
  '"@path"': '/v1/orders',
  '"@query"': '?a=1',
  '"content-type"': 'application/json',
  '"content-digest"': digestOf(body),
};

export type Crafted = {
  readonly label?: string;
  /** In order: what stands before and after the colon. */
  readonly lines?: Readonly<Record<string, string>>;
  /** After the inner list; `KEY` stands for the access key. */
  readonly parameters?: string;
  /** In place of the whole inner list with its parameters, as it is sent. */
  readonly sent?: string;
  readonly headers?: Readonly<Record<string, string>>;
};

/** A POST whose signature is right whatever it covers, made by hand as RFC 9421 section 2.5 has it. */
export function crafted({ accessKey, secret }: Pick<Rig, 'accessKey' | 'secret'>, given: Crafted = {}): Parts {
  const { label = 'sig1', lines = honestLines, headers } = given;
  const { parameters = `;created=${created};keyid="KEY";alg="hmac-sha256";nonce="n0"` } = given;
  const text = `(${Object.keys(lines).join(' ')})${parameters.replace('KEY', accessKey)}`;
  const base = [...Object.entries({ ...lines, '"@signature-params"': text })].map((pair) => pair.join(': ')).join('\n');
  return {
    method: 'POST',
    scheme: 'https',
    authority: host,
    target: '/v1/orders?a=1',
    headers: {
      'content-type': 'application/json',
      'content-digest': digestOf(body),
      'signature-input': `${label}=${given.sent ?? text}`,
      signature: `${label}=:${createHmac('sha256', secret).update(base).digest('base64')}:`,
      ...headers,
    },
    body: new TextEncoder().encode(body),
  };
}

/** Without some of the lines. */
export const without = (...identifiers: readonly string[]): Record<string, string> =>
  Object.fromEntries(Object.entries(honestLines).filter(([identifier]) => !identifiers.includes(identifier)));

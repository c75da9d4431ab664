import { createSigner, type PreparedRequest, prepareRequest } from 'countersign';
import type { FindingCode, Scheme } from 'countersign/schemes';
import { createVerifier, type KeyRecord, memoryKeys, memoryReplay } from 'countersign/server';
import { accessKey, contentType, host, type Input, type Inputs, requestOf, secret } from './inputs.ts';
import { insist, type Row } from './rows.ts';

type Pair = { readonly publicKey: typeof CryptoKey.prototype; readonly privateKey: typeof CryptoKey.prototype };

/** A scheme of ours, as it is measured. */
export type Measurable = {
  readonly scheme: Scheme;
  /** @default that of the inputs */
  readonly secret?: string;
  /** In place of a secret. Then signing takes a promise, and a Request. */
  readonly pair?: Pair;
  /** @default none */
  readonly acceptFindings?: readonly FindingCode[];
};

const typed = ({ text }: Input): Record<string, string> => (text ? { 'content-type': contentType } : {});
const init = ({ method, text }: Input) => ({ method, ...(text && { body: text }) });
const signerOf = ({ scheme, pair, secret: own = secret }: Measurable) =>
  createSigner({ accessKey, scheme, secret: pair?.privateKey ?? own });

function verifierOf({ scheme, pair, acceptFindings = [], secret: own = secret }: Measurable, replay = memoryReplay()) {
  const secrets: KeyRecord['secrets'] = [pair ? { publicKey: pair.publicKey } : { secret: own }];
  return createVerifier({
    scheme,
    acceptFindings,
    replay,
    keys: memoryKeys([{ accessKey, service: 'bench', secrets }]),
  });
}

export async function accepts(measurable: Measurable, request: Request): Promise<void> {
  const result = await verifierOf(measurable).verify(request, { accessKey });
  insist(result.ok, `${measurable.scheme.name}: ${result.ok ? '' : result.error.message}`);
}

/** What a library sent that implements the same scheme must be what our verifier accepts. */
export const sent = (input: Input, headers: Record<string, string>, url = input.url): Request =>
  new Request(url, { ...init(input), headers: { ...typed(input), ...headers } });

/** Signs values, or a new Request where the key is a CryptoKey. */
export function signRowOf(measurable: Measurable, { all }: Inputs): Row {
  const signer = signerOf(measurable);
  const parts = all.map((input) => ({ ...init(input), url: input.url, headers: new Headers(typed(input)) }));
  let turn = 0;
  const name = 'countersign';
  if (measurable.pair) {
    const run = () => signer.sign(requestOf(all[turn++ % all.length] as Input));
    return { name, run, check: async () => accepts(measurable, await run()) };
  }
  const run = (): PreparedRequest => prepareRequest(signer, parts[turn++ % parts.length] as (typeof parts)[number]);
  const check = () => {
    turn = 0;
    const { url, headers } = run();
    return accepts(measurable, sent(all[0] as Input, headers, url));
  };
  return { name, run, check };
}

async function received(measurable: Measurable, input: Input) {
  const { method, url, headers: given } = await signerOf(measurable).sign(requestOf(input));
  const headers = new Map([...given].map(([name, value]) => [name, value] as const));
  if (input.text) headers.set('content-length', `${input.bytes.length}`);
  return {
    method,
    authority: host,
    target: url.slice(`https://${host}`.length),
    scheme: 'https' as const,
    headers: { get: (name: string) => headers.get(name.toLowerCase()) ?? null, keys: () => headers.keys() },
    body: input.text ? input.bytes : undefined,
  };
}

/** Without a memory for nonces, as the others are measured. */
export async function verifyRowOf(measurable: Measurable, { all }: Inputs): Promise<Row> {
  const verifier = verifierOf(measurable, { claim: () => 'fresh' });
  const requests: Awaited<ReturnType<typeof received>>[] = [];
  for (const input of all) requests.push(await received(measurable, input));
  const context = { accessKey };
  let turn = 0;
  const run = () => verifier.verify(requests[turn++ % requests.length] as (typeof requests)[number], context);
  return {
    name: 'countersign',
    run,
    check: async () => {
      const { name } = measurable.scheme;
      insist((await run()).ok, `${name}: refuses an honest request`);
      const [one] = requests as [(typeof requests)[number]];
      const forged = one.body ? { ...one, body: one.body.map((byte) => byte ^ 1) } : { ...one, target: '/' };
      insist(!(await verifier.verify(forged, context)).ok, `${name}: accepts a forgery`);
    },
  };
}

import { createSigner, prepareRequest, type Signer } from 'countersign';
import { createVerifier, memoryKeys, memoryReplay } from 'countersign/server';
import { accessKey, contentType, host, type Input, type Inputs, requestOf, secret } from './inputs.ts';
import { insist, type Row } from './rows.ts';

const signer: Signer = createSigner({ accessKey, secret });
const keys = memoryKeys([{ accessKey, service: 'bench', secrets: [{ secret }] }]);

/** Without a memory for nonces, as the others are measured: each input is verified many times. */
const verifier = createVerifier({ keys, replay: { claim: () => 'fresh' } });

async function accepts(request: Request): Promise<void> {
  const strict = createVerifier({ keys, replay: memoryReplay() });
  const copy = request.clone();
  const first = await strict.verify(request);
  insist(first.ok, 'countersign: its own verifier refuses it');
  insist(!(await strict.verify(copy)).ok, 'countersign: a replay is accepted');
}

const init = ({ method, text }: Input) => ({ method, ...(text && { body: text }) });

const partsOf = (input: Input) => ({ ...init(input), url: input.url, ...(input.text && { headers: typed }) });

export function headersRow({ all }: Inputs): Row {
  const parts = all.map(partsOf);
  let turn = 0;
  const run = () => prepareRequest(signer, parts[turn++ % parts.length] as (typeof parts)[number]).headers;
  return {
    name: 'countersign',
    run,
    check: () => {
      turn = 0;
      const [input] = all as readonly [Input];
      const headers = { ...(input.text && { 'content-type': contentType }), ...run() };
      return accepts(new Request(input.url, { ...init(input), headers }));
    },
  };
}

const typed = new Headers({ 'content-type': contentType });

export function signRow({ next }: Inputs, { known = false } = {}): Row {
  const run = () => {
    const input = next();
    return known ? signer.sign(requestOf(input), { body: input.text }) : signer.sign(requestOf(input));
  };
  return { name: 'countersign', run, check: async () => accepts(await run()) };
}

/** A server's view of signed requests, without a Request; made once, verified over and over. */
export function verifyRow({ all }: Inputs): Row {
  const received = all.map((input) => {
    const signed = prepareRequest(signer, partsOf(input)).headers;
    const headers = new Map(Object.entries(signed).map(([name, value]) => [name.toLowerCase(), value]));
    if (input.text) headers.set('content-type', contentType).set('content-length', `${input.bytes.length}`);
    return {
      method: input.method,
      authority: host,
      target: input.url.slice(`https://${host}`.length),
      scheme: 'https' as const,
      headers: { get: (name: string) => headers.get(name.toLowerCase()) ?? null },
      body: input.text ? input.bytes : undefined,
    };
  });
  let turn = 0;
  const run = () => verifier.verify(received[turn++ % received.length] as (typeof received)[number]);
  return {
    name: 'countersign',
    run,
    check: async () => {
      insist((await run()).ok, 'countersign: refuses an honest request');
      const forged = { ...(received[0] as (typeof received)[number]), target: '/' };
      insist(!(await verifier.verify(forged)).ok, 'countersign: accepts a forgery');
    },
  };
}

/** The same from a web `Request`; its body can be read once, so one is built each time, in both rows. */
export function verifyRequestRow({ all }: Inputs): Row {
  const signed = all.map((input) => ({
    input,
    headers: {
      ...(input.text && { 'content-type': contentType }),
      ...prepareRequest(signer, partsOf(input)).headers,
    },
  }));
  let turn = 0;
  const run = () => {
    const { input, headers } = signed[turn++ % signed.length] as (typeof signed)[number];
    return verifier.verify(new Request(input.url, { ...init(input), headers }));
  };
  return {
    name: 'countersign, new Request',
    run,
    check: async () => insist((await run()).ok, 'countersign: refuses a Request'),
  };
}

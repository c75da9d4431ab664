/** A program that uses every part that a client and a server need, and prints what it learned; to be run, and bundled. */
export const app = `
import { createSigner, generateCredentials, SignatureError, signedFetch } from 'countersign';
import { signingHooks } from 'countersign/ky';
import { createVerifier, memoryKeys, memoryReplay, protect, SignatureError as SameError } from 'countersign/server';

const credentials = generateCredentials();
const { accessKey, secret } = credentials;
const keys = memoryKeys([{ accessKey, service: 'shop', secrets: [credentials] }]);
const serve = protect(createVerifier({ keys, replay: memoryReplay() }), async (request, { principal }) =>
  Response.json({ service: principal.service, text: await request.text() }),
);
const signer = createSigner({ accessKey, secret });
const fetch = signedFetch(signer, { fetch: (input, init) => serve(new Request(input, init)) });
const answer = await fetch('https://api.example.com/orders?a=1', { method: 'POST', body: 'hello' });

const request = new Request('https://api.example.com/');
await signingHooks(signer).beforeRequest[0]({ request, options: {} });
const hooked = await serve(request.clone());
const replayed = await serve(request);
console.log(JSON.stringify({
  signed: [answer.status, await answer.json()],
  hooked: hooked.status,
  replayed: [replayed.status, (await replayed.json()).code],
  oneErrorClass: SignatureError === SameError,
}));
`;

/** What {@link app} prints, wherever it runs. */
export const answers = {
  signed: [200, { service: 'shop', text: 'hello' }],
  hooked: 200,
  replayed: [401, 'replayed_request'],
  oneErrorClass: true,
} as const;

import { countersignedFetch, createSigner, retirementFetch, signedFetch } from 'countersign';

/** What a page is given to call an API of another origin. */
export type Errand = {
  readonly api: string;
  readonly accessKey: string;
  readonly secret: string;
};

/** What became of one call: what the page could read of the answer, or why it got none. */
export type Seen =
  | {
      readonly status: number;
      readonly body: unknown;
      /** Only those that browsers show. */
      readonly headers: Readonly<Record<string, string>>;
    }
  | { readonly failed: string };

export type Report = {
  readonly ordered: Seen;
  readonly countersigned: Seen;
  readonly limited: Seen;
  readonly unsigned: Seen;
  /** Unix time in seconds at which the secret retires, as the page has heard. */
  readonly retires: number | undefined;
};

const seen = async (sending: Promise<Response>): Promise<Seen> => {
  try {
    const response = await sending;
    const { status, headers } = response;
    return { status, body: await response.json(), headers: Object.fromEntries(headers) };
  } catch (error) {
    return { failed: `${(error as Error).name}` };
  }
};

/** Calls as an app in a page does. */
async function run(given: string): Promise<string> {
  const { api, accessKey, secret } = JSON.parse(given) as Errand;
  const signer = createSigner({ credentials: { accessKey, secret, expiresAt: Date.now() + 60_000 } });
  let retires: number | undefined;
  const noticing = retirementFetch(signer, {
    onRetirement: (date) => {
      retires = date.getTime() / 1000;
    },
  });
  const order = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"sku":"A-1"}' };
  const report: Report = {
    ordered: await seen(noticing(`${api}/v1/orders`, order)),
    countersigned: await seen(countersignedFetch(signer)(`${api}/v1/orders?a=b`, { ...order, method: 'PATCH' })),
    limited: await seen(signedFetch(signer)(`${api}/limited`, order)),
    unsigned: await seen(fetch(`${api}/v1/orders`)),
    retires,
  };
  return JSON.stringify(report);
}

Object.assign(globalThis, { run });

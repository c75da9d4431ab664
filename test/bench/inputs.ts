export const accessKey = 'AKIDEXAMPLE';
export const secret = 'kwy2yR7pTnHvXq5tMQzsFbGcW4dLJ8ae';
export const host = 'api.example.com';
export const contentType = 'application/json';

/** A request by its values; all rows of an operation sign the same ones. */
export type Input = {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly text: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
};

export type Inputs = {
  readonly all: readonly Input[];
  /** Another one at each call, so that nobody gains from having seen it last time. */
  readonly next: () => Input;
};

export function inputs(method: 'GET' | 'POST', size = 0): Inputs {
  const all = Array.from({ length: size > 65536 ? 4 : 64 }, (_, i): Input => {
    const path = `/v1/orders/${84210 + i}/items`;
    const query = { after: `2026-01-${10 + (i % 20)}`, limit: '50', q: 'blue%20shoes', sort: '-created' };
    const text = size ? `{"sku":"A-${1000 + i}","note":"${'x'.repeat(size - 24)}"}` : '';
    const search = Object.entries(query).map((pair) => pair.join('='));
    return {
      method,
      path,
      query,
      text,
      url: `https://${host}${path}?${search.join('&')}`,
      bytes: new TextEncoder().encode(text),
    };
  });
  let turn = 0;
  return { all, next: () => all[turn++ % all.length] as Input };
}

export const requestOf = ({ method, url, text }: Input): Request =>
  new Request(url, { method, ...(text && { body: text, headers: { 'content-type': contentType } }) });

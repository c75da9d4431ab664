import hawk from 'hawk';
import { accessKey, contentType, host, type Input, type Inputs, secret } from './inputs.ts';
import { insist, type Row } from './rows.ts';

const credentials = { id: accessKey, key: secret, algorithm: 'sha256' } as const;
const find = async (id: string) => (id === accessKey ? credentials : undefined);

const sign = ({ url, method, text }: Input): string =>
  hawk.client.header(url, method, { credentials, ...(text && { payload: text, contentType }) }).header;

const receive = ({ url, method, text }: Input, authorization: string) => ({
  request: {
    method,
    url: url.slice(`https://${host}`.length),
    headers: { host, authorization, ...(text && { 'content-type': contentType }) } as Record<string, string>,
  },
  options: { host, port: 443, ...(text && { payload: text }) },
});
const verify = ({ request, options }: ReturnType<typeof receive>) => hawk.server.authenticate(request, find, options);

async function accepts(input: Input): Promise<void> {
  const authorization = sign(input);
  insist((await verify(receive(input, authorization))).credentials.id === accessKey, 'hawk');
  const forged = await verify(receive({ ...input, url: `${input.url}0` }, authorization)).catch(() => undefined);
  insist(!forged, 'hawk accepts a forgery');
}

export const hawkSignRow = ({ next }: Inputs): Row => ({
  name: 'hawk',
  run: () => sign(next()),
  check: () => accepts(next()),
});

export function hawkVerifyRow({ all, next }: Inputs): Row {
  const received = all.map((input) => receive(input, sign(input)));
  let turn = 0;
  return {
    name: 'hawk',
    run: () => verify(received[turn++ % received.length] as (typeof received)[number]),
    check: () => accepts(next()),
  };
}

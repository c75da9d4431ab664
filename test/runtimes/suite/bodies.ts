import { formBlob, prepareRequest } from 'countersign';
import { type Check, type Context, equal, refuses } from './check.ts';
import { accepted, equalBody, freshPath, headerOf, type StreamInit, signerFor, textOf, waysFor } from './client.ts';

const utf8 = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);
const allBytes = Uint8Array.from({ length: 256 }, (_, i) => i);
const large = Uint8Array.from({ length: 1 << 20 }, (_, i) => (i * 31) >>> 3);
const text = 'grüße €😀\r\n\0';

type Sample = {
  readonly name: string;
  readonly body: () => BodyInit;
  readonly bytes: Uint8Array;
  /** The content type that fetch gives it. */
  readonly type?: string;
};

const samples: readonly Sample[] = [
  { name: 'text', body: () => text, bytes: utf8(text), type: 'text/plain;charset=UTF-8' },
  { name: 'bytes', body: () => allBytes, bytes: allBytes },
  { name: 'an ArrayBuffer', body: () => allBytes.buffer, bytes: allBytes },
  { name: 'a view of part of a buffer', body: () => new DataView(allBytes.buffer, 3, 9), bytes: allBytes.slice(3, 12) },
  {
    name: 'URLSearchParams',
    body: () => new URLSearchParams([['ä b', "c+d&e='~'"]]),
    bytes: utf8('%C3%A4+b=c%2Bd%26e%3D%27%7E%27'),
    type: 'application/x-www-form-urlencoded;charset=UTF-8',
  },
  {
    name: 'a Blob with a type',
    body: () => new Blob([allBytes], { type: 'image/X-Test' }),
    bytes: allBytes,
    type: 'image/x-test',
  },
  { name: 'a Blob without type', body: () => new Blob([allBytes, 'x']), bytes: new Uint8Array([...allBytes, 120]) },
  { name: 'an empty Blob', body: () => new Blob([]), bytes: new Uint8Array() },
  { name: '1 MiB', body: () => large, bytes: large },
  { name: 'a Blob of 1 MiB', body: () => new Blob([large]), bytes: large },
];

// Bun gives the Request of a text no content type; signedFetch does.
const typeOf = ({ name, type }: Sample, way: string, { runtime }: Context): string | undefined =>
  runtime === 'bun' && way === 'sign' && name === 'text' ? undefined : type;

const streamOf = (...chunks: string[]): ReadableStream<Uint8Array> =>
  new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(utf8(chunk));
      controller.close();
    },
  });

function textForm(): FormData {
  const form = new FormData();
  form.append('name', 'Zoë');
  form.append('note "x"', 'line one\nline two');
  return form;
}

export const bodyChecks: readonly Check[] = [
  ...(samples.map((sample) => ({
    name: `a body of ${sample.name} arrives as signed, with its content type`,
    async run(context) {
      for (const [way, send] of Object.entries(waysFor(context))) {
        const init = { method: 'POST', body: sample.body() };
        const receipt = await accepted(await send(`${context.base}/bodies`, init));
        equalBody(receipt, sample.bytes);
        equal(headerOf(receipt, 'content-type'), typeOf(sample, way, context), `Content-Type (${way})`);
      }
    },
  })) satisfies Check[]),
  {
    name: 'POST, PUT, PATCH and DELETE without a body, or with an empty one, carry no digest',
    async run(context) {
      for (const send of Object.values(waysFor(context))) {
        for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
          for (const init of [{ method }, { method, body: '' }, { method, body: null }]) {
            const receipt = await accepted(await send(`${context.base}/empty`, init));
            equal([receipt.size, headerOf(receipt, 'content-digest')], [0, undefined], 'body and digest');
          }
        }
      }
    },
  },
  {
    name: 'headers() for a text and for bytes goes with plain fetch',
    async run(context) {
      const url = `${context.base}/headers`;
      for (const body of [text, allBytes]) {
        const headers = prepareRequest(signerFor(context), { method: 'POST', url, body }).headers;
        equalBody(
          await accepted(await fetch(url, { method: 'POST', headers, body })),
          typeof body === 'string' ? utf8(body) : body,
        );
      }
    },
  },
  {
    name: 'a FormData of texts arrives with the boundary that was signed',
    async run(context) {
      for (const send of Object.values(waysFor(context))) {
        const receipt = await accepted(await send(`${context.base}/form`, { method: 'POST', body: textForm() }));
        const boundary = /^multipart\/form-data; ?boundary="?([^"]+)"?$/.exec(
          headerOf(receipt, 'content-type') ?? '',
        )?.[1];
        equal(textOf(receipt).startsWith(`--${boundary}\r\n`), true, 'whether the body begins with the boundary');
        equal(textOf(receipt).includes('\r\n\r\nZoë\r\n'), true, 'whether the body holds the value');
      }
    },
  },
  {
    name: 'a FormData with a file arrives as signed; WebKit cannot read it and is told to use formBlob',
    async run(context) {
      const form = textForm();
      form.append('file', new File([allBytes], 'a.bin', { type: 'application/octet-stream' }));
      const post = (body: BodyInit) => waysFor(context).signedFetch(`${context.base}/files`, { method: 'POST', body });
      if (context.runtime === 'webkit') await refuses('body_unreadable', () => post(form));
      else equal((await accepted(await post(form))).size > 400, true, 'whether the file arrived');
    },
  },
  {
    name: 'formBlob sends a FormData with a file from every runtime',
    async run(context) {
      const form = textForm();
      form.append('file', new File([allBytes], 'a "1".bin', { type: 'application/octet-stream' }));
      for (const send of Object.values(waysFor(context))) {
        const body = await formBlob(form);
        const receipt = await accepted(await send(`${context.base}/files`, { method: 'POST', body }));
        equal(textOf(receipt).includes('filename="a %221%22.bin"\r\n'), true, 'whether the file name arrived');
        equal(textOf(receipt).includes('\r\n\r\nline one\r\nline two\r\n--'), true, 'whether the text arrived');
      }
    },
  },
  {
    name: 'signedFetch reads a stream once and sends what it read, also where streams cannot be sent',
    async run(context) {
      const init: StreamInit = { method: 'POST', body: streamOf('abc', 'dé', 'f'), duplex: 'half' };
      equalBody(await accepted(await waysFor(context).signedFetch(`${context.base}/stream`, init)), utf8('abcdéf'));
    },
  },
  {
    // Firefox has no such Requests: it makes the text "[object ReadableStream]" of the stream, and sends that.
    name: 'sign reads the stream of a Request once and sends what it read',
    async run(context) {
      const init: StreamInit = { method: 'POST', body: streamOf('abc', 'def'), duplex: 'half' };
      const expected = context.runtime === 'firefox' ? '[object ReadableStream]' : 'abcdef';
      equalBody(await accepted(await waysFor(context).sign(`${context.base}/stream`, init)), utf8(expected));
    },
  },
  {
    name: 'a stream above maxBodyBytes is refused with the choices named',
    async run(context) {
      const { signedFetch } = waysFor(context, { maxBodyBytes: 5 });
      const init: StreamInit = { method: 'POST', body: streamOf('abc', 'def'), duplex: 'half' };
      await refuses('body_too_large', () => signedFetch(`${context.base}/stream`, init));
    },
  },
  {
    name: 'a body that has been read is an error, never an empty body',
    async run(context) {
      const request = new Request(`${context.base}/read`, { method: 'POST', body: 'x' });
      await request.text();
      await refuses('body_consumed', () => signerFor(context).sign(request));
    },
  },
  {
    name: 'a signed Request can be signed anew, with one signature in the end',
    async run(context) {
      const signer = signerFor(context);
      const request = new Request(`${context.base}/anew`, { method: 'PUT', body: 'again' });
      equalBody(await accepted(await fetch(await signer.sign(await signer.sign(request)))), utf8('again'));
    },
  },
  {
    name: 'an upload with keepalive arrives as signed',
    async run(context) {
      for (const send of Object.values(waysFor(context))) {
        const init = { method: 'POST', body: 'bye', keepalive: true };
        equalBody(await accepted(await send(context.base + freshPath('keepalive'), init)), utf8('bye'));
      }
    },
  },
];

import { createServer } from 'node:http';
import { reverseProxy } from 'countersign/gateway';
import { describe, expect, it } from 'vitest';
import { listening } from '../adapters/adapter.ts';
import { present } from '../vectors/present.ts';
import { proxying, statusesIn, wireTo } from './proxied.ts';

const here = present('python3', '--version');
const admin = 'GET /admin HTTP/1.1\r\nHost: api.example.com\r\n\r\n';

describe.runIf(here)('two readings of one connection', () => {
  const { open, seen, opened, backend } = proxying();
  type Opened = Awaited<ReturnType<typeof open>>;

  /** What comes back before the gateway closes, or is asked to. */
  async function exchange({ origin }: Opened, text: string): Promise<string> {
    const wire = wireTo(origin);
    await wire.write(Buffer.from(text, 'latin1'));
    // Whoever has more to say has said it by now.
    await Promise.race([wire.closed, new Promise((resolve) => setTimeout(resolve, 1000))]);
    wire.destroy();
    return wire.received();
  }

  const body = '{"to":"A"}';
  it.each<[string, (opened: Opened) => string]>([
    [
      'a length and chunks',
      ({ head }) =>
        `${head({ method: 'POST', body })}Content-Length: 10\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${admin}`,
    ],
    [
      'chunks and a length',
      ({ head }) =>
        `${head({ method: 'POST', body })}Transfer-Encoding: chunked\r\nContent-Length: 10\r\n\r\na\r\n${body}\r\n0\r\n\r\n`,
    ],
    [
      'two lengths',
      ({ head }) => `${head({ method: 'POST', body })}Content-Length: 10\r\nContent-Length: 11\r\n\r\n${body}`,
    ],
    ['a list of lengths', ({ head }) => `${head({ method: 'POST', body })}Content-Length: 10, 10\r\n\r\n${body}`],
    ['a length with a sign', ({ head }) => `${head({ method: 'POST', body })}Content-Length: +10\r\n\r\n${body}`],
    ['a length in hex', ({ head }) => `${head({ method: 'POST', body })}Content-Length: 0xa\r\n\r\n${body}`],
    [
      'a coding that is not known',
      ({ head }) => `${head({ method: 'POST', body })}Transfer-Encoding: xchunked\r\n\r\na\r\n${body}\r\n0\r\n\r\n`,
    ],
    [
      'a coding after chunked',
      ({ head }) =>
        `${head({ method: 'POST', body })}Transfer-Encoding: chunked, identity\r\n\r\na\r\n${body}\r\n0\r\n\r\n`,
    ],
    [
      'a coding before chunked',
      ({ head }) =>
        `${head({ method: 'POST', body })}Transfer-Encoding: gzip, chunked\r\n\r\na\r\n${body}\r\n0\r\n\r\n`,
    ],
    [
      'two codings in two lines',
      ({ head }) =>
        `${head({ method: 'POST', body })}Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n\r\na\r\n${body}\r\n0\r\n\r\n`,
    ],
    [
      'a space before the colon',
      ({ head }) => `${head({ method: 'POST', body })}Transfer-Encoding : chunked\r\n\r\na\r\n${body}\r\n0\r\n\r\n`,
    ],
    [
      'a coding on a folded line',
      ({ head }) =>
        `${head({ method: 'POST', body })}Transfer-Encoding:\r\n chunked\r\nContent-Length: 10\r\n\r\n${body}`,
    ],
    ['a header on a folded line', ({ head }) => `${head()}X-Folded: a\r\n X-Countersign-Service: admin\r\n\r\n`],
    ['a line that ends in LF alone', ({ head }) => `${head()}X-A: a\nX-Countersign-Service: admin\r\n\r\n`],
    ['a CR in a value', ({ head }) => `${head()}X-A: a\rX-Countersign-Service: admin\r\n\r\n`],
    ['a NUL in a value', ({ head }) => `${head()}X-A: a\0b\r\n\r\n`],
    ['a header without a name', ({ head }) => `${head()}: admin\r\n\r\n`],
    ['a space in a name', ({ head }) => `${head()}X-Countersign Service: admin\r\n\r\n`],
    ['no host', ({ head }) => `${head().replace(/^Host: .*\r\n/m, '')}\r\n`],
    ['two hosts', ({ head }) => `${head()}Host: other.example.com\r\n\r\n`],
    [
      'a chunk that is longer than it says',
      ({ head }) => `${head({ method: 'POST', body })}Transfer-Encoding: chunked\r\n\r\n5\r\n${body}\r\n0\r\n\r\n`,
    ],
    [
      'a size of a chunk that is none',
      ({ head }) => `${head({ method: 'POST', body })}Transfer-Encoding: chunked\r\n\r\n-a\r\n${body}\r\n0\r\n\r\n`,
    ],
  ])('are refused: %s', async (_, text) => {
    const known = await open();
    const answer = await exchange(known, text(known));
    for (const status of statusesIn(answer)) expect(status).toMatch(/^(?:400|401|501)$/);
    expect(await seen()).toEqual([]);
  });

  it('do not come of what follows a body', async () => {
    const known = await open();
    const answer = await exchange(
      known,
      `${known.head({ method: 'POST', body })}Content-Length: 10\r\n\r\n${body}${admin}`,
    );
    expect(statusesIn(answer)).toEqual(['200', '401']);
    expect(await seen()).toMatchObject([{ target: '/v1/orders?page=2', complete: true }]);
  });

  it('do not come of a body that is none', async () => {
    const known = await open();
    // The body of a request that is signed without one, which a backend might take for the next request.
    const answer = await exchange(known, `${known.head()}Content-Length: ${admin.length}\r\n\r\n${admin}`);
    expect(statusesIn(answer)).toEqual(['401']);
    expect(await seen()).toEqual([]);
  });

  it('serves requests that come before the answers, each in its turn', async () => {
    const known = await open();
    const large = 'x'.repeat(200_000);
    const text = [
      `${known.head({ target: '/silence?seconds=0.3' })}\r\n`,
      `${known.head({ method: 'POST', body, target: '/two' })}Content-Length: 10\r\n\r\n${body}`,
      `${known.head({ method: 'POST', body: large, target: '/three' })}Content-Length: ${large.length}\r\n\r\n${large}`,
      `${known.head({ target: '/four' })}Connection: close\r\n\r\n`,
    ].join('');
    const wire = wireTo(known.origin);
    await wire.write(text);
    await wire.closed;
    expect(statusesIn(wire.received())).toEqual(['200', '200', '200', '200']);
    const targets = [...wire.received().matchAll(/"target": "([^"]*)"/g)].map(([, target]) => target);
    expect(targets).toEqual(['/silence?seconds=0.3', '/two', '/three', '/four']);
  });

  it('takes a body that nobody wants for what it is, and not for requests', async () => {
    const known = await open();
    const large = admin.repeat(4000);
    const refused = known.head({ method: 'POST', body: large, target: '/one' }).replace('/one', '/other');
    const text = `${refused}Content-Length: ${large.length}\r\n\r\n${large}${known.head({ target: '/two' })}\r\n`;
    expect(statusesIn(await exchange(known, text))).toEqual(['401', '200']);
    expect(await seen()).toMatchObject([{ target: '/two' }]);
  });

  it('drops trailers, in both directions', async () => {
    const known = await open();
    const head = known.head({ method: 'POST', body });
    const trailers = 'X-Countersign-Service: admin\r\nX-Trailer: 1\r\n';
    const answered =
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Late\r\n\r\n2\r\nok\r\n0\r\nX-Late: 1\r\n\r\n';
    const target = `/raw?answer=${encodeURIComponent(btoa(answered))}`;
    for (const text of [head, known.head({ method: 'POST', body, target })]) {
      const whole = `${text}Trailer: X-Trailer\r\nTransfer-Encoding: chunked\r\n\r\na\r\n${body}\r\n0\r\n${trailers}\r\n`;
      const answer = await exchange(known, whole);
      expect(statusesIn(answer)).toEqual(['200']);
      expect(answer).not.toContain('X-Late');
    }
    for (const { headers, complete } of await seen()) {
      expect(complete).toBe(true);
      expect(headers.filter(([name]) => /trailer/i.test(name))).toEqual([]);
      expect(headers.filter(([name]) => name === 'X-Countersign-Service')).toEqual([['X-Countersign-Service', 'shop']]);
    }
  });

  describe('a caller that waits for leave to send its body', () => {
    const large = 'x'.repeat(200_000);

    it.each([body, large])('gets it when its signature is found right', async (sent) => {
      const known = await open();
      const wire = wireTo(known.origin);
      const head = known.head({ method: 'POST', body: sent });
      await wire.write(`${head}Content-Length: ${sent.length}\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n`);
      await expect.poll(() => wire.received()).toBe('HTTP/1.1 100 Continue\r\n\r\n');
      await wire.write(sent);
      await wire.closed;
      expect(statusesIn(wire.received())).toEqual(['100', '200']);
      const [request] = await seen();
      expect(request).toMatchObject({ complete: true, fits: true });
      expect(request?.headers.map(([name]) => name.toLowerCase())).not.toContain('expect');
    });

    it.each([body, large])('does not get it otherwise', async (sent) => {
      const known = await open({ maxBodyBytes: 100_000 });
      const bad = known.head({ method: 'POST', body: sent }).replace('/v1', '/v2');
      const refused = await exchange(known, `${bad}Content-Length: ${sent.length}\r\nExpect: 100-continue\r\n\r\n`);
      expect(statusesIn(refused)).toEqual(['401']);
      expect(refused.toLowerCase()).toContain('connection: close');
    });

    it('does not get it for what is too large', async () => {
      const known = await open({ maxBodyBytes: 100_000 });
      const head = known.head({ method: 'POST', body: large });
      const refused = await exchange(known, `${head}Content-Length: ${large.length}\r\nExpect: 100-continue\r\n\r\n`);
      expect(statusesIn(refused)).toEqual(['413']);
    });

    it('gets it at once, and once, where the server does not leave it to the gateway', async () => {
      const known = await open();
      const { origin, close } = await listening(
        createServer(reverseProxy(known.verifier, { upstream: backend().origin })),
      );
      opened.push({ close });
      const head = known.head({ method: 'POST', body });
      const answer = await exchange(
        { ...known, origin },
        `${head}Content-Length: 10\r\nExpect: 100-continue\r\n\r\n${body}`,
      );
      expect(statusesIn(answer)).toEqual(['100', '200']);
    });

    it('gets nothing else that it expects', async () => {
      const known = await open();
      const answer = await exchange(known, `${known.head()}Expect: the-unexpected\r\n\r\n`);
      expect(statusesIn(answer)).toEqual(['417']);
    });
  });
});

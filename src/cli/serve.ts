import { createServer, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { fail } from '../core/errors.ts';
import type { GatewayListener } from '../gateway/listener.ts';
import type { commonOptions, Options, OptionValues } from './command.ts';
import { print, printNotice } from './output.ts';
import { readBytes, readSecretText } from './text-file.ts';
import { parseDuration } from './times.ts';

/** Options for where a server listens, and how it stops. */
export const listenOptions = {
  listen: { type: 'text', value: 'HOST:PORT', help: 'Default: 127.0.0.1:9301. Port 0 selects a free port.' },
  'tls-certificate': {
    type: 'text',
    value: 'FILE',
    help: 'The certificate chain in PEM, for https.',
  },
  'tls-key': { type: 'text', value: 'FILE', help: 'The private key of the certificate, in PEM.' },
  grace: { type: 'text', value: 'TIME', help: 'How long to wait for open requests when it stops. Default: 30.' },
} as const satisfies Options;

type GivenListen = OptionValues<typeof listenOptions & Pick<typeof commonOptions, 'json'>>;

/** Responds to bytes that are not HTTP. */
type RefuseMalformed = (error: Error, socket: Duplex) => void;

/**
 * Serves until a signal stops the process, then finishes open requests.
 *
 * @param refuseMalformed responds to bytes that are not HTTP; by default with 400 and no body.
 * @returns the exit status: 0, or 1 if requests were aborted.
 * @throws SignatureError `invalid_configuration` if it cannot listen.
 */
export async function serve(
  listener: GatewayListener,
  given: GivenListen,
  refuseMalformed?: RefuseMalformed,
): Promise<number> {
  const grace = parseDuration('grace', given.grace ?? '30') * 1000;
  const { host, port } = parseListen(given.listen ?? '127.0.0.1:9301');
  const server = (await serverOf(given, listener)).on('checkContinue', listener);
  if (refuseMalformed) server.on('clientError', refuseMalformed);
  await startListening(server, { host, port });
  const { address, family, port: bound } = server.address() as AddressInfo;
  const protocol = given['tls-key'] === undefined ? 'http' : 'https';
  const url = `${protocol}://${family === 'IPv6' ? `[${address}]` : address}:${bound}`;
  print(given.json ? JSON.stringify({ listening: url }) : `listening on ${url}`);
  await stopSignal();
  printNotice(given.json ? JSON.stringify({ stopping: true }) : 'stopping');
  return (await stopServer(server, grace)) === 'ended' ? 0 : 1;
}

function parseListen(text: string): { readonly host: string; readonly port: number } {
  const [, bracketed, bare, port] = /^(?:\[([\da-f:.]+)\]|([^:[\]]+)):(\d{1,5})$/i.exec(text) ?? [];
  const host = bracketed ?? bare;
  return host === undefined || Number(port) > 65_535
    ? fail('invalid_configuration', '--listen must look like 127.0.0.1:9301 or [::1]:9301.')
    : { host, port: Number(port) };
}

async function serverOf(given: GivenListen, listener: GatewayListener): Promise<Server> {
  const { 'tls-certificate': certificate, 'tls-key': key } = given;
  if ((certificate === undefined) !== (key === undefined)) {
    fail('invalid_configuration', '--tls-certificate and --tls-key must be given together.');
  }
  if (certificate === undefined || key === undefined) return createServer(listener);
  const cert = Buffer.from(await readBytes(certificate, 'The certificate'));
  const privateKey = await readSecretText(key, 'The private key of the certificate');
  try {
    return createTlsServer({ cert, key: privateKey }, listener);
  } catch (cause) {
    return fail('invalid_configuration', 'The certificate or its key is invalid, or they do not match.', 400, cause);
  }
}

function startListening(server: Server, place: { readonly host: string; readonly port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      try {
        fail('invalid_configuration', `Cannot listen on ${place.host}:${place.port}.`, 400, cause);
      } catch (error) {
        reject(error);
      }
    });
    server.listen(place, resolve);
  });
}

const signals = ['SIGTERM', 'SIGINT'] as const;

function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of signals) process.once(signal, () => resolve());
  });
}

/** Stops accepting connections, and waits for open requests until the grace period ends or a second signal arrives. */
async function stopServer(server: Server, grace: number): Promise<'ended' | 'aborted'> {
  let end: 'ended' | 'aborted' = 'ended';
  const abort = () => {
    end = 'aborted';
    server.closeAllConnections();
  };
  const late = setTimeout(abort, grace);
  for (const signal of signals) process.on(signal, abort);
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  // Idle keep-alive connections would keep the server open.
  const idle = setInterval(() => server.closeIdleConnections(), 100);
  await closed;
  clearTimeout(late);
  clearInterval(idle);
  for (const signal of signals) process.off(signal, abort);
  return end;
}

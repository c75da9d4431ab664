import { createServer, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { fail } from '../core/errors.ts';
import type { GatewayListener } from '../gateway/listener.ts';
import type { commonOptions, Options, OptionValues } from './command.ts';
import { print, printNotice } from './output.ts';
import { readBytes, readSecretText } from './text-file.ts';
import { parseDuration } from './times.ts';

/** Where a server listens, and how it ends. */
export const listenOptions = {
  listen: { type: 'text', value: 'HOST:PORT', help: 'Without it, 127.0.0.1:9301. Port 0 is any that is free.' },
  'tls-certificate': {
    type: 'text',
    value: 'FILE',
    help: 'A certificate in PEM, with those that it needs: for https.',
  },
  'tls-key': { type: 'text', value: 'FILE', help: 'Its private key in PEM.' },
  grace: { type: 'text', value: 'TIME', help: 'How long it may take to end what it has begun. Without it, 30.' },
} as const satisfies Options;

type GivenListen = OptionValues<typeof listenOptions & Pick<typeof commonOptions, 'json'>>;

/**
 * Serves until the process is told to stop, and then ends what it has begun.
 *
 * @returns the exit status: 0, or 1 where something had to be broken off.
 * @throws SignatureError `invalid_configuration` where it cannot listen.
 */
export async function serve(listener: GatewayListener, given: GivenListen): Promise<number> {
  const grace = parseDuration('grace', given.grace ?? '30') * 1000;
  const { host, port } = placeIn(given.listen ?? '127.0.0.1:9301');
  const server = (await serverOf(given, listener)).on('checkContinue', listener);
  await listening(server, { host, port });
  const { address, family, port: bound } = server.address() as AddressInfo;
  const protocol = given['tls-key'] === undefined ? 'http' : 'https';
  const url = `${protocol}://${family === 'IPv6' ? `[${address}]` : address}:${bound}`;
  print(given.json ? JSON.stringify({ listening: url }) : `listening on ${url}`);
  await signalled();
  printNotice(given.json ? JSON.stringify({ stopping: true }) : 'stopping');
  return (await stopped(server, grace)) === 'ended' ? 0 : 1;
}

function placeIn(text: string): { readonly host: string; readonly port: number } {
  const [, bracketed, bare, port] = /^(?:\[([\da-f:.]+)\]|([^:[\]]+)):(\d{1,5})$/i.exec(text) ?? [];
  const host = bracketed ?? bare;
  return host === undefined || Number(port) > 65_535
    ? fail('invalid_configuration', '--listen must be as 127.0.0.1:9301 or [::1]:9301.')
    : { host, port: Number(port) };
}

async function serverOf(given: GivenListen, listener: GatewayListener): Promise<Server> {
  const { 'tls-certificate': certificate, 'tls-key': key } = given;
  if ((certificate === undefined) !== (key === undefined)) {
    fail('invalid_configuration', '--tls-certificate and --tls-key need each other.');
  }
  if (certificate === undefined || key === undefined) return createServer(listener);
  const cert = Buffer.from(await readBytes(certificate, 'The certificate'));
  const privateKey = await readSecretText(key, 'The private key of the certificate');
  try {
    return createTlsServer({ cert, key: privateKey }, listener);
  } catch (cause) {
    return fail('invalid_configuration', 'The certificate and its key do not fit.', 400, cause);
  }
}

function listening(server: Server, place: { readonly host: string; readonly port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      try {
        fail('invalid_configuration', `It cannot listen on ${place.host}:${place.port}.`, 400, cause);
      } catch (error) {
        reject(error);
      }
    });
    server.listen(place, resolve);
  });
}

const signals = ['SIGTERM', 'SIGINT'] as const;

function signalled(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of signals) process.once(signal, () => resolve());
  });
}

/** Lets nobody in any more, and waits for those who are, until it takes too long or a second signal comes. */
async function stopped(server: Server, grace: number): Promise<'ended' | 'broken off'> {
  let end: 'ended' | 'broken off' = 'ended';
  const breakOff = () => {
    end = 'broken off';
    server.closeAllConnections();
  };
  const late = setTimeout(breakOff, grace);
  for (const signal of signals) process.on(signal, breakOff);
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  // Connections that are kept have nobody in them once they are idle.
  const idle = setInterval(() => server.closeIdleConnections(), 100);
  await closed;
  clearTimeout(late);
  clearInterval(idle);
  for (const signal of signals) process.off(signal, breakOff);
  return end;
}

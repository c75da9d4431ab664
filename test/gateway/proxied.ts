import { createServer } from 'node:http';
import { connect } from 'node:net';
import { type ReverseProxyOptions, reverseProxy } from 'countersign/gateway';
import type { KeyRecord, SignatureError, VerifierOptions } from 'countersign/server';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { listening } from '../adapters/adapter.ts';
import { type Answered, type Sent, sendHttp1 } from '../adapters/wire.ts';
import { type PythonBackend, type SeenRequest, startBackend } from './backend.ts';
import { type Call, type Parties, parties, signed } from './calls.ts';

export type Proxied = Parties & {
  readonly origin: string;
  readonly reports: SignatureError[];
  readonly send: (sent: Sent) => Promise<Answered>;
  readonly call: (call?: Call) => Promise<Answered>;
  /** The lines of a signed request, without those about its body, each ended. */
  readonly head: (call?: Call) => string;
};

type Opening = Partial<ReverseProxyOptions> & {
  readonly verifier?: Partial<VerifierOptions>;
  readonly record?: Partial<KeyRecord>;
};

/** A backend in Python for the tests of a file, and gateways in front of it for each of them. */
export function proxying() {
  const opened: Array<{ close(): Promise<void> }> = [];
  let backend: PythonBackend;
  let accessKey = '';
  beforeAll(async () => {
    backend = await startBackend();
  });
  afterAll(() => backend?.close());
  afterEach(async () => {
    for (const one of opened.splice(0)) await one.close();
  });

  return {
    opened,
    backend: () => backend,
    /** What the backend has seen through the gateway that was opened last. */
    async seen(): Promise<readonly SeenRequest[]> {
      const all = await backend.seen();
      return all.filter(({ headers }) => headers.some(([, value]) => value === accessKey));
    },
    async open({ verifier, record, ...options }: Opening = {}): Promise<Proxied> {
      const known = parties(verifier, record);
      accessKey = record?.accessKey ?? known.accessKey;
      const reports: SignatureError[] = [];
      const listener = reverseProxy(known.verifier, {
        upstream: backend.origin,
        report: (error) => void reports.push(error),
        ...options,
      });
      const { origin, close } = await listening(createServer(listener).on('checkContinue', listener));
      opened.push({ close });
      const send = (sent: Sent) => sendHttp1(origin, sent);
      const head = (call?: Call) => {
        const { method, target, headers } = signed(known, call);
        const lines = Object.entries(headers).flatMap(([name, value]) =>
          [value].flat().map((one) => `${name}: ${one}\r\n`),
        );
        return `${method} ${target} HTTP/1.1\r\n${lines.join('')}`;
      };
      return { ...known, origin, reports, send, call: (call) => send(signed(known, call)), head };
    },
  };
}

/** A connection on which a test says byte by byte what is sent. */
export type Wire = {
  write(bytes: string | Uint8Array): Promise<void>;
  /** All that has come so far. */
  received(): string;
  /** Resolves when the other end has closed, or broken off. */
  readonly closed: Promise<void>;
  end(): void;
  destroy(): void;
  pause(): void;
  resume(): void;
};

export function wireTo(origin: string): Wire {
  const socket = connect(Number(new URL(origin).port), '127.0.0.1');
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1');
  });
  socket.on('error', () => {});
  return {
    write: (bytes) => new Promise((resolve) => socket.write(bytes, () => resolve())),
    received: () => text,
    closed: new Promise((resolve) => socket.once('close', () => resolve())),
    end: () => void socket.end(),
    destroy: () => void socket.destroy(),
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
  };
}

/** The statuses of the answers in what has come on a connection. */
export const statusesIn = (text: string): readonly string[] =>
  [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status = '']) => status);

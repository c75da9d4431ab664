import { request } from 'node:http';
import type { FindingCode, Scheme } from 'countersign/schemes';
import {
  createVerifier,
  memoryKeys,
  memoryReplay,
  signedChallenges,
  type Verifier,
  type VerifyContext,
} from 'countersign/server';
import type { Sent } from './attempt.ts';

export type JudgeOptions = {
  readonly scheme: Scheme;
  readonly acceptFindings: readonly FindingCode[];
  readonly accessKey: string;
  readonly secret: string;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
};

export type Judge = { readonly verifier: Verifier; readonly challenge: () => string };

/** A verifier for one caller; by the scheme's name, too, for schemes that carry no access key. */
export function judgeOf({ scheme, acceptFindings, accessKey, secret, clock }: JudgeOptions): Judge {
  const challenges = signedChallenges({ clock });
  const record = { service: 'shop', secrets: [{ secret }] };
  const names = new Set([accessKey, scheme.name]);
  return {
    verifier: createVerifier({
      keys: memoryKeys([...names].map((name) => ({ accessKey: name, ...record }))),
      replay: memoryReplay({ clock }),
      scheme,
      acceptFindings,
      challenges,
      clock,
    }),
    challenge: () => challenges.issue(),
  };
}

/** `ok`, or the precise code of the refusal. */
export async function judge({ verifier }: Judge, sent: Sent, context?: VerifyContext): Promise<string> {
  const { method, scheme, authority, target, body } = sent;
  const headers = new Map(Object.entries(sent.headers));
  const result = await verifier.verify(
    {
      method,
      scheme,
      authority,
      target,
      headers: { get: (name) => headers.get(name.toLowerCase()) ?? null },
      ...(body.length && { body }),
    },
    context,
  );
  return result.ok ? 'ok' : result.error.code;
}

/** Sends it over a socket, as it is: fetch would send no body with GET. */
export function send({ method, authority, target, headers, body }: Sent): Promise<Response> {
  const { hostname, port } = new URL(`http://${authority}`);
  return new Promise((resolve, reject) => {
    // Node tells no length with GET and DELETE.
    const fields = { ...headers, ...(body.length && { 'content-length': body.length }) };
    const outgoing = request(
      { hostname, port, method, path: target, headers: fields, agent: false },
      async (incoming) => {
        const chunks: Buffer[] = [];
        for await (const chunk of incoming) chunks.push(chunk);
        resolve(new Response(Buffer.concat(chunks), { status: incoming.statusCode ?? 0 }));
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

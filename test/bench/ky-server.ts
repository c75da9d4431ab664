// The other end of the ky benchmark, a process of its own. Prints its port, and ends when its parent does.
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createVerifier, memoryKeys, memoryReplay } from 'countersign/server';
import { accessKey, secret } from './inputs.ts';

const verifier = createVerifier({
  keys: memoryKeys([{ accessKey, service: 'bench', secrets: [{ secret }] }]),
  replay: memoryReplay(),
});

async function judge({ method = '', url: target = '', headers }: IncomingMessage, body: Buffer): Promise<string> {
  if (headers.authorization?.startsWith('AWS4-HMAC-SHA256 ')) return 'aws4';
  if (!headers['x-api-signature']) return 'unsigned';
  const get = (name: string) => headers[name.toLowerCase()]?.toString() ?? null;
  const { ok } = await verifier.verify({ method, authority: headers.host ?? '', target, headers: { get }, body });
  return ok ? 'verified' : 'refused';
}

const server = createServer(async (request, response) => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const body = Buffer.concat(chunks);
  response.end(request.url?.endsWith('/check') ? `${await judge(request, body)} ${body.length}` : '{"ok":true}');
});
server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port));
process.stdin.on('end', () => process.exit(0)).resume();

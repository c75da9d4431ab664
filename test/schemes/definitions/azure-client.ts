import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AppConfigurationClient } from '@azure/app-configuration';
import type { Sent } from './attempt.ts';

/** What the client is to do, with names that find their way into path and query. */
export type AzureCall = {
  readonly key: string;
  readonly label: string;
  readonly value: string;
  readonly kind: 'get' | 'set';
};

/** What Azure's own client sends for these calls, to a server that takes down every request. */
export async function sentByAzure(
  calls: readonly AzureCall[],
  { accessKey, secret }: { readonly accessKey: string; readonly secret: string },
): Promise<readonly Sent[]> {
  const sent: Sent[] = [];
  const server = createServer(async (incoming, outgoing) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk);
    sent.push({
      method: incoming.method ?? '',
      scheme: 'http',
      authority: incoming.headers.host ?? '',
      target: incoming.url ?? '',
      headers: textsOf(incoming.headers),
      body: new Uint8Array(Buffer.concat(chunks)),
    });
    outgoing.writeHead(200, { 'content-type': 'application/json' }).end('{"key":"k","value":"v"}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const client = new AppConfigurationClient(`Endpoint=http://127.0.0.1:${port};Id=${accessKey};Secret=${secret}`, {
    allowInsecureConnection: true,
  });
  for (const { kind, value, ...setting } of calls) {
    await (kind === 'get'
      ? client.getConfigurationSetting(setting)
      : client.setConfigurationSetting({ ...setting, value }));
  }
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  return sent;
}

const textsOf = (headers: IncomingHttpHeaders): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).filter((pair): pair is [string, string] => typeof pair[1] === 'string'));

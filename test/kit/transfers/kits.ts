import { createKit, type Kit, type KitCredentials } from 'countersign/kit';
import { partner } from '../../schemes/define/rig.ts';
import { type Client, clients, run, unpack } from '../tools.ts';
import { type RawServer, startRawServer } from './raw-server.ts';

/** A client in the folder of its kit. */
export type PlacedClient = Client & { readonly scheme: string; readonly kit: UnpackedKit; readonly place: string };

type UnpackedKit = {
  readonly scheme: string;
  readonly files: Kit;
  readonly path: string;
  readonly credentials: KitCredentials;
  remove(): void;
};

/** A kit of the scheme of this package, and one of a defined scheme. */
export const kits: readonly UnpackedKit[] = [undefined, partner].map((definition) => {
  const files = createKit({ origin: 'https://api.example.com', ...(definition && { definition }) });
  const { path, remove } = unpack(files);
  const credentials: KitCredentials = JSON.parse(files['credentials.json'] ?? '');
  return { scheme: definition?.name ?? 'countersign-v1', files, path, credentials, remove };
});

/** The clients of both whose language is on this machine. */
export const placed: readonly PlacedClient[] = kits.flatMap((kit) =>
  clients
    .filter(({ language }) => Object.keys(kit.files).some((path) => path.startsWith(`clients/${language}/`)))
    .map((client) => ({ ...client, kit, scheme: kit.scheme, place: `${kit.path}/clients/${client.language}` })),
);

/** Builds what must be compiled, and starts a server. `close` ends it, and removes the kits. */
export async function prepareKits(): Promise<{ readonly server: RawServer; close(): void }> {
  const server = await startRawServer();
  for (const { build, place, language } of placed) {
    const built = build ? await run(build, place) : undefined;
    if (built?.status) throw new Error(`${language}: ${built.output}`);
  }
  const close = () => {
    server.close();
    for (const { remove } of kits) remove();
  };
  return { server, close };
}

/** The nonces of requests, whichever of the two schemes signs them. */
export const noncesOf = (requests: readonly string[]): readonly string[] =>
  requests.map((text) => /^(?:x-api-nonce: |authorization: hmac [^:]+:)(\w+)/im.exec(text)?.[1] ?? '');

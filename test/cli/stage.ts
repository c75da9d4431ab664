import { createSigner } from 'countersign';
import { aesSealer, createVerifier, managedKeys, memoryReplay } from 'countersign/server';
import { sqlKeys } from 'countersign/sql';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect } from 'vitest';
import { connect } from '../stores/sql-connect.ts';
import { countersign, folder, type Ran } from './run.ts';

/** A database to test on. */
export type Place = {
  /** The URL of a new database, without any tables. */
  empty(): Promise<string>;
  /** The Node that can open it. */
  readonly node: string;
};

/** What is printed of a secret that was made. */
export type Issued = { readonly accessKey: string; readonly id: string; readonly secret: string };

export const sealing: string = Buffer.alloc(32, 7).toString('base64');
export const newSealing: string = Buffer.alloc(32, 8).toString('base64');

/** A database of a test's own, and the program that works on it. */
export type Stage = {
  /** Where the program runs. */
  readonly path: string;
  readonly url: () => string;
  run(...args: readonly string[]): Promise<Ran>;
  runWith(env: Readonly<Record<string, string>>, ...args: readonly string[]): Promise<Ran>;
  /** What is printed as JSON, where all goes well and nothing is told beside it. */
  json<Value>(...args: readonly string[]): Promise<Value>;
  /** A new key. */
  created(...args: readonly string[]): Promise<Issued>;
  /** With what a call with this secret is answered, by a server with the same database. */
  outcome(issued: Pick<Issued, 'accessKey' | 'secret'>): Promise<string>;
  /** All that the database holds of keys. */
  stored(): Promise<string>;
};

/** To be called in a `describe`: the database is made before its tests, and the folder is gone after them. */
export function stageOn(place: () => Place): Stage {
  const { path, remove } = folder();
  let url = '';
  beforeAll(async () => {
    url = await place().empty();
  });
  afterAll(remove);

  const runWith: Stage['runWith'] = (env, ...args) =>
    countersign(args, {
      node: place().node,
      cwd: path,
      env: { COUNTERSIGN_DATABASE_URL: url, COUNTERSIGN_SEALING_KEY: `one:${sealing}`, ...env },
    });
  const json: Stage['json'] = async <Value>(...args: readonly string[]) => {
    const { status, stdout, stderr } = await runWith({}, ...args, '--json');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    return JSON.parse(stdout) as Value;
  };
  const opened = () => connect(url.replace(/^\//, 'file:/'));

  return {
    path,
    url: () => url,
    run: (...args) => runWith({}, ...args),
    runWith,
    json,
    created: (...args) => json('keys', 'create', '--service', 'shop', '--print-secret', ...args),
    async outcome({ accessKey, secret }) {
      const database = opened();
      const keys = { one: Buffer.from(sealing, 'base64'), two: Buffer.from(newSealing, 'base64') };
      const store = managedKeys({ table: sqlKeys({ database }), secrets: aesSealer({ current: 'one', keys }) });
      const verifier = createVerifier({ keys: store, replay: memoryReplay() });
      const signer = createSigner({ accessKey, secret });
      const result = await verifier.verify(await signer.sign(new Request('https://api.example.com/')));
      await database.destroy();
      return result.ok ? 'accepted' : result.error.code;
    },
    async stored() {
      const database = opened();
      const { rows } = await sql`select * from countersign_keys`.execute(database);
      await database.destroy();
      return JSON.stringify(rows);
    },
  };
}

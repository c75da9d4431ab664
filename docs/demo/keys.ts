import { type Credentials, generateCredentials, type KeyStore } from 'countersign/server';
import type { Database } from './sqlite.ts';

export type Keys = KeyStore & {
  /** A new key for a service. */
  issue(service: string): Credentials;
  revoke(accessKey: string): void;
  /** The access keys that are not revoked. */
  list(): string[];
};

/** Keys in a database. The verifier only needs `find`, which is asked for each request, so that a revocation takes effect at once. */
export function sqliteKeys(database: Database): Keys {
  database.query(
    'create table if not exists keys (access_key text primary key, service text not null, secret text not null, revoked integer not null default 0)',
  );
  return {
    find(accessKey) {
      const [row] = database.query('select service, secret, revoked from keys where access_key = ?', accessKey);
      if (!row) return undefined;
      return {
        accessKey,
        service: String(row.service),
        secrets: [{ secret: String(row.secret) }],
        revoked: row.revoked !== 0,
      };
    },
    issue(service) {
      const credentials = generateCredentials({ environment: 'demo' });
      const { accessKey, secret } = credentials;
      database.query('insert into keys (access_key, service, secret) values (?, ?, ?)', accessKey, service, secret);
      return credentials;
    },
    revoke(accessKey) {
      database.query('update keys set revoked = 1 where access_key = ?', accessKey);
    },
    list: () => database.query('select access_key from keys where revoked = 0').map((row) => String(row.access_key)),
  };
}

import type { ReplayStore } from 'countersign/server';
import type { Database } from './sqlite.ts';

/** Nonces in a database, so that a request from before a restart cannot be replayed after it. */
export function sqliteReplay(database: Database): ReplayStore {
  database.query(
    'create table if not exists nonces (access_key text, nonce text, expires_at integer not null, primary key (access_key, nonce))',
  );
  database.query('create index if not exists nonces_by_expiry on nonces (expires_at)');
  return {
    claim(accessKey, nonce, expiresAt) {
      database.query('delete from nonces where expires_at <= ?', Date.now());
      // One statement, so that of two requests at the same moment only one can win.
      const claimed = database.query(
        'insert into nonces values (?, ?, ?) on conflict do nothing returning nonce',
        accessKey,
        nonce,
        expiresAt,
      );
      return claimed.length === 1 ? 'fresh' : 'seen';
    },
  };
}

import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { type OnTerminal, onTerminal, terminalHere } from './on-terminal.ts';
import { countersign, sqliteHere, withSqlite } from './run.ts';
import { sealing, stageOn } from './stage.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

describe.runIf(terminalHere)('on a terminal', () => {
  const plain = { NO_COLOR: '1' };

  it('headings are bold, unless NO_COLOR is set or the terminal cannot', async () => {
    const help = async (env: OnTerminal['env'] = {}) => (await onTerminal(['--help'], { env })).shown;
    expect(await help()).toContain('\u001b[1mUsage:');
    expect(await help({ NO_COLOR: 'yes' })).not.toContain('\u001b');
    expect(await help({ TERM: 'dumb' })).not.toContain('\u001b');
  });

  it('a secret that is nowhere else is asked for, and not shown while it is typed', async () => {
    const args = ['sign', 'https://api.example.com/', '--access-key', 'partner-1', '--nonce', 'a'.repeat(16)];
    const timed = [...args, '--at', '2026-11-22'];
    const typed = { after: 'Secret: ', keys: 'no-no\u0015a secret of 20 bytes\r' };
    const { status, shown } = await onTerminal(timed, { env: plain, typed });
    const given = await countersign(timed, { env: { COUNTERSIGN_SECRET: 'a secret of 20 bytes' } });
    expect([status, shown]).toEqual([0, `Secret: \r\n${given.stdout.replaceAll('\n', '\r\n')}`]);
  });

  it('nobody is asked who has interrupted, or given nothing', async () => {
    for (const keys of ['\u0003', '\r', '\u0004']) {
      const typed = { after: 'Secret: ', keys };
      const { status, shown } = await onTerminal(['sign', 'https://api.example.com/'], { env: plain, typed });
      expect([status, shown]).toEqual([2, expect.stringContaining('The secret is missing')]);
    }
  });

  describe.runIf(sqliteHere())('a new secret', () => {
    const stage = stageOn(() => ({ empty: async () => join(stage.path, randomUUID()), node: withSqlite?.path ?? '' }));
    beforeAll(() => stage.run('migrate'));

    it('is shown, once', async () => {
      const env = { ...plain, COUNTERSIGN_DATABASE_URL: stage.url(), COUNTERSIGN_SEALING_KEY: `one:${sealing}` };
      const { shown } = await onTerminal(['keys', 'create', '--service', 'shop'], {
        env,
        node: withSqlite?.path ?? '',
      });
      const [, secret = ''] = /secret {6}(csign_sk_live_\w+)\r\n/.exec(shown) ?? [];
      const [, accessKey = ''] = /access key {2}(csign_ak_live_\w+)\r\n/.exec(shown) ?? [];
      expect(await stage.outcome({ accessKey, secret })).toBe('accepted');
      expect(shown).toContain('The secret is not shown again.');
      expect(shown.split(secret)).toHaveLength(2);
    });
  });
});

import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { present } from '../vectors/present.ts';
import { bin, searchPath, sqliteHere, withSqlite } from './run.ts';
import { sealing, stageOn } from './stage.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

// Python has pseudo-terminals in its standard library, and Node has none.
const program = 'import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))';

describe.runIf(present('python3', '--version') && sqliteHere())('on a terminal', () => {
  const stage = stageOn(() => ({ empty: async () => join(stage.path, randomUUID()), node: withSqlite?.path ?? '' }));
  beforeAll(() => stage.run('migrate'));

  async function onTerminal(env: Readonly<Record<string, string>>, ...args: string[]): Promise<string> {
    const child = spawn('python3', ['-c', program, withSqlite?.path ?? '', bin, ...args], {
      env: {
        ...searchPath,
        TERM: 'xterm',
        COUNTERSIGN_DATABASE_URL: stage.url(),
        COUNTERSIGN_SEALING_KEY: `one:${sealing}`,
        ...env,
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let shown = '';
    child.stdout.on('data', (text) => {
      shown += text;
    });
    expect((await once(child, 'close'))[0]).toBe(0);
    return shown;
  }

  it('a new secret is shown, once', async () => {
    const shown = await onTerminal({ NO_COLOR: '1' }, 'keys', 'create', '--service', 'shop');
    const [, secret = ''] = /secret {6}(csign_sk_live_\w+)\r\n/.exec(shown) ?? [];
    const [, accessKey = ''] = /access key {2}(csign_ak_live_\w+)\r\n/.exec(shown) ?? [];
    expect(await stage.outcome({ accessKey, secret })).toBe('accepted');
    expect(shown).toContain('The secret is not shown again.');
    expect(shown.split(secret)).toHaveLength(2);
  });

  it('headings are bold, unless NO_COLOR is set or the terminal cannot', async () => {
    expect(await onTerminal({}, '--help')).toContain('\u001b[1mUsage:');
    expect(await onTerminal({ NO_COLOR: 'yes' }, '--help')).not.toContain('\u001b');
    expect(await onTerminal({ TERM: 'dumb' }, '--help')).not.toContain('\u001b');
  });
});

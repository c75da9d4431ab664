import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { build } from 'esbuild';
import { publint } from 'publint';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { answers, app } from './app.ts';
import { bundlers } from './bundlers.ts';
import { anyIn, compiled, settings } from './declarations.ts';
import { nodes } from './nodes.ts';
import { doors, install, manifest, type Project, root, run } from './project.ts';

let project: Project;
// Bundlers and type checkers take their time on a busy machine.
vi.setConfig({ testTimeout: 120_000 });

beforeAll(async () => {
  project = await install();
  writeFileSync(`${project.folder}/app.js`, app);
}, 180_000);
afterAll(() => project?.remove());

const evaluated = async (node: string, code: string, type: 'module' | 'commonjs'): Promise<unknown> => {
  const { stdout } = await run(node, [`--input-type=${type}`, '--eval', code], { cwd: project.folder });
  return JSON.parse(stdout);
};

describe('the tarball', () => {
  const expected =
    /^(?:package\.json|(?:README|CHANGELOG|CONTRIBUTING|SECURITY)\.md|LICENSE|dist\/[\w-]+\.(?:js|d\.ts)|dist\/vectors\.json|docs\/[\w-]+\.md|docs\/(?:example|servers)\/[\w/.-]+|test\/vectors\/schema\.json)$/;

  it('holds what is built, the pages and the vectors, and nothing else', () => {
    expect(project.packed.filter((path) => !expected.test(path))).toEqual([]);
    const must = ['LICENSE', 'README.md', 'docs/errors.md', 'docs/protocol.md', 'dist/vectors.json'];
    const targets = Object.values(manifest.exports).flatMap((to) =>
      typeof to === 'string' ? [to] : Object.values(to),
    );
    expect(project.packed).toEqual(expect.arrayContaining([...must, ...targets.map((path) => path.slice(2))]));
  });

  it('has the vectors as the repository has them, without the white space', () => {
    const shipped = readFileSync(`${project.folder}/node_modules/countersign/dist/vectors.json`, 'utf8');
    const published: unknown = JSON.parse(readFileSync(`${root}/test/vectors/countersign-v1.json`, 'utf8'));
    expect(shipped).toBe(JSON.stringify(published));
  });

  it('names the files that doors share after modules, so that stack traces can be read', async () => {
    const shared = project.packed.flatMap((path) => /^dist\/chunk-(.+)\.js$/.exec(path)?.[1] ?? []);
    expect(shared.length).toBeGreaterThan(10);
    const sources = readdirSync(`${root}/src`, { recursive: true, encoding: 'utf8' });
    const modules = sources.map((path) => path.replace(/\.ts$/, '').replaceAll('/', '-'));
    expect(shared.filter((name) => !modules.includes(name))).toEqual([]);
    const code = `import { createSigner } from 'countersign';
      try { createSigner({ accessKey: 'abc' }); } catch (error) { console.log(JSON.stringify(error.stack)); }`;
    expect(await evaluated(process.execPath, code, 'module')).toMatch(/\/dist\/chunk-client-[\w-]+\.js:\d+/);
  });

  it('tells nothing of the machine that made it', () => {
    const places = [root, homedir(), process.cwd()].map((place) => `${place.replace(/\/$/, '')}/`);
    const found = project.packed.flatMap((path) => {
      const text = readFileSync(`${project.folder}/node_modules/countersign/${path}`, 'utf8');
      return places.filter((place) => text.includes(place)).map((place) => `${path}: ${place}`);
    });
    expect(found).toEqual([]);
  });

  it('brings along no package but those it names', async () => {
    const { stdout } = await run('npm', ['ls', '--all', '--parseable'], { cwd: project.folder });
    const names = stdout
      .trim()
      .split('\n')
      .slice(1)
      .map((path) => path.split('/node_modules/').at(-1) ?? '');
    expect(names.sort()).toEqual(['countersign', ...Object.keys(manifest.dependencies)].sort());
  });

  it('has a program that can be started by its name', async () => {
    const program = `${project.folder}/node_modules/.bin/countersign`;
    const { stdout } = await run(program, ['--help'], { cwd: project.folder });
    expect(stdout).toContain('countersign COMMAND');
  });

  it('is clean to publint', async () => {
    const tarball = new Uint8Array(readFileSync(project.tarball)).buffer;
    const { messages } = await publint({ pack: { tarball }, strict: true });
    expect(messages).toEqual([]);
  });

  it('has types that are right for every way of importing it', async () => {
    const { stdout } = await run(
      `${root}/node_modules/.bin/attw`,
      [project.tarball, '--profile', 'esm-only', '--format', 'json'],
      { cwd: root },
    );
    const { analysis, problems } = JSON.parse(stdout) as {
      analysis: { entrypoints: object };
      problems?: Record<string, Array<{ resolutionKind?: string }>>;
    };
    expect(Object.keys(analysis.entrypoints).length).toBeGreaterThanOrEqual(doors.length);
    // What has no ES modules: resolution before Node 12.7, and require() before Node 20.19.
    const past = ['node10', 'node16-cjs'];
    const present = Object.values(problems ?? {})
      .flat()
      .filter(({ resolutionKind = '' }) => !past.includes(resolutionKind));
    expect(present).toEqual([]);
  });
});

describe('the declarations', () => {
  it.each(settings)(
    'compile strictly, themselves checked, with $lib and $types by $module',
    { timeout: 60_000 },
    (setting) => {
      expect(compiled(project.folder, setting)).toEqual([]);
    },
  );

  it('say nowhere any', () => {
    const files = project.packed.filter((path) => path.endsWith('.d.ts'));
    expect(files.length).toBeGreaterThanOrEqual(doors.length);
    const texts = files.map((path) => readFileSync(`${project.folder}/node_modules/countersign/${path}`, 'utf8'));
    expect(files.flatMap((path, i) => anyIn(path, texts[i] ?? ''))).toEqual([]);
    expect(anyIn('x.d.ts', 'declare function f(a: unknown, b: any): void; // any')).toEqual(['x.d.ts: b: any']);
  });
});

describe.each(nodes)('in $name', ({ name, path, found }) => {
  if (!found) {
    it('is tested where it is installed', ({ skip }) => {
      const message = `NOT TESTED: ${name}, for it is not installed (npm run runtimes)`;
      if (process.env.CI) throw new Error(message);
      console.warn(message);
      skip(message);
    });
    return;
  }

  it('imports every door', async () => {
    const code = `const doors = ${JSON.stringify(doors)};
      const modules = await Promise.all(doors.map((door) => import(door)));
      console.log(JSON.stringify(modules.map((module) => Object.keys(module).length > 0)));`;
    expect(await evaluated(path, code, 'module')).toEqual(doors.map(() => true));
  });

  it('requires every door, and the vectors', async () => {
    const code = `const doors = ${JSON.stringify(doors)};
      const cases = require('countersign/vectors.json');
      console.log(JSON.stringify([...doors.map((door) => Object.keys(require(door)).length > 0), typeof cases]));`;
    expect(await evaluated(path, code, 'commonjs')).toEqual([...doors.map(() => true), 'object']);
  });

  it('signs and verifies', async () => {
    const { stdout } = await run(path, ['app.js'], { cwd: project.folder });
    expect(JSON.parse(stdout)).toEqual(answers);
  });

  it('runs the command line', async () => {
    const bin = 'node_modules/.bin/countersign';
    expect(await run(path, [bin, '--version'], { cwd: project.folder })).toEqual({
      stdout: `${manifest.version}\n`,
      stderr: '',
    });
    const { stdout } = await run(path, [bin, 'keys', 'sealing-key', '--print-secret'], { cwd: project.folder });
    expect(stdout).toMatch(/^\d{4}-\d\d:[\w-]{43}\n$/);
  });

  it('says which packages are missing for a database', async () => {
    const args = ['node_modules/.bin/countersign', 'keys', 'list', '--database', 'postgres://127.0.0.1:1/keys'];
    const missing = {
      code: 3,
      stdout: '',
      stderr: 'countersign: PostgreSQL needs packages that are not installed: npm install kysely pg\n',
    };
    await expect(run(path, args, { cwd: project.folder })).rejects.toMatchObject(missing);
  });
});

describe.each(Object.entries(bundlers))('bundled by %s', (name, bundle) => {
  it('signs and verifies', async () => {
    const output = `${project.folder}/${name}/app.mjs`;
    await bundle({ folder: project.folder, entry: `${project.folder}/app.js`, output });
    expect(readFileSync(output, 'utf8')).not.toMatch(/from\s*["']|\brequire\(/);
    const { stdout } = await run(process.execPath, [output], { cwd: project.folder });
    expect(JSON.parse(stdout)).toEqual(answers);
  });

  it('leaves out of a client what only a server uses', async () => {
    const entry = `${project.folder}/client.js`;
    const output = `${project.folder}/${name}/client.mjs`;
    writeFileSync(entry, "export { createSigner, signedFetch } from 'countersign';\n");
    await bundle({ folder: project.folder, entry, output });
    const code = readFileSync(output, 'utf8');
    expect(code).toContain('countersign-v1-request');
    expect(code).not.toContain('countersign-v1-response');
    expect(code).not.toContain('missing_signature');
    expect(code).not.toContain('replayed_request');
  });
});

/** A text that a bundle has only if it has the scheme: in its strings, which minifiers keep. */
const marks: Readonly<Record<string, string>> = {
  defineScheme: 'nonce: min and max must be',
  rfc9421: '@signature-params',
  sigv4: 'AWS4-HMAC-SHA256',
  standardWebhooks: 'whsec_',
};

describe('a client', () => {
  const bundled = async (exports: string): Promise<string> => {
    const contents = `export { createSigner, signedFetch } from 'countersign';\n${exports}`;
    const { outputFiles, metafile } = await build({
      stdin: { contents, resolveDir: project.folder },
      bundle: true,
      minify: true,
      format: 'esm',
      write: false,
      metafile: true,
    });
    const [output] = Object.values(metafile.outputs);
    const used = Object.entries(output?.inputs ?? {}).filter(([, { bytesInOutput }]) => bytesInOutput > 0);
    expect(used.some(([path]) => path.endsWith('countersign/dist/server.js'))).toBe(false);
    return outputFiles[0]?.text ?? '';
  };
  const schemesIn = (code: string) => Object.keys(marks).filter((name) => code.includes(marks[name] ?? ''));

  it('with the default scheme carries nothing of the others', async () => {
    expect(schemesIn(await bundled(''))).toEqual([]);
  });

  it.each(Object.keys(marks))('with %s carries nothing of the others', async (name) => {
    expect(schemesIn(await bundled(`export { ${name} } from 'countersign/schemes';`))).toEqual([name]);
  });
});

type Measured = { readonly name: string; readonly size: number; readonly sizeLimit: number; readonly passed: boolean };

describe('the size of a client', () => {
  const target = 7000;

  it('is what it was or less, of which the ky hook has at most 300 bytes', async () => {
    const { stdout } = await run(`${root}/node_modules/.bin/size-limit`, ['--json'], { cwd: root });
    const measured = JSON.parse(stdout) as readonly Measured[];
    for (const { name, size, sizeLimit } of measured)
      console.info(`${size} B min+gzip (limit ${sizeLimit} B): ${name}`);
    const [client, withHooks] = measured;
    console.info(`target ${target} B: ${(client?.size ?? 0) - target} B above`);
    expect(measured.filter(({ passed }) => !passed)).toEqual([]);
    expect(client?.name).toContain('signer + signedFetch');
    expect((withHooks?.size ?? Infinity) - (client?.size ?? 0)).toBeLessThanOrEqual(300);
    // A limit far above the size would let it grow again unseen.
    expect(measured.filter(({ size, sizeLimit }) => sizeLimit - size > 250)).toEqual([]);
  });
});

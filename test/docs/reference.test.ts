import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Situation, serverResponse } from 'countersign/testing';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { situations } from '../../src/testing/situations.ts';
import { headingsOf, pageNamed, pages } from './markdown.ts';

const source = fileURLToPath(new URL('../../src/', import.meta.url));
const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
const program = ts.createProgram(
  files.map((name) => source + name),
  { strict: true, target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, allowImportingTsExtensions: true },
);
const checker = program.getTypeChecker();
const sourceFile = (path: string): ts.SourceFile => {
  const found = program.getSourceFile(source + path);
  if (!found) throw new Error(`There is no src/${path}.`);
  return found;
};
const exportsOf = (path: string): readonly ts.Symbol[] => {
  const module = checker.getSymbolAtLocation(sourceFile(path));
  return module ? checker.getExportsOfModule(module) : [];
};

describe('docs/errors.md', () => {
  const union = exportsOf('core/errors.ts').find(({ name }) => name === 'SignatureErrorCode');
  const type = union && checker.getDeclaredTypeOfSymbol(union);
  const codes = type?.isUnion() ? type.types.flatMap((one) => (one.isStringLiteral() ? [one.value] : [])) : [];
  const page = pageNamed('docs/errors.md');

  it('has a heading for each error code, and for nothing else', () => {
    const headings = headingsOf(page).filter(({ depth }) => depth === 2);
    expect(codes.length).toBeGreaterThan(30);
    expect(headings.map(({ title }) => title).sort()).toEqual([...codes].sort());
    expect(headings.map(({ anchor }) => anchor)).toEqual(headings.map(({ title }) => title));
  });

  it('gives each code the status that the source gives it', () => {
    const told = codes.map((code) => [code, statusesTold(code)]);
    const given = codes.map((code) => [code, statusesGiven.get(code) ?? statusesTold(code)]);
    expect(told).toEqual(given);
  });

  function statusesTold(code: string): readonly number[] {
    const [section = ''] = page.text.split(`\n## ${code}\n`)[1]?.split('\n## ') ?? [];
    const [line = ''] = /^Status .*$/m.exec(section) ?? [];
    return [...line.matchAll(/\d{3}/g)].map(Number).sort();
  }
});

it('docs/testing.md has a row for each difference', () => {
  const union = exportsOf('explain/difference.ts').find(({ name }) => name === 'DifferenceCode');
  const type = union && checker.getDeclaredTypeOfSymbol(union);
  const codes = type?.isUnion() ? type.types.flatMap((one) => (one.isStringLiteral() ? [one.value] : [])) : [];
  const [chapter = ''] = pageNamed('docs/testing.md').text.split('\n### What differs\n')[1]?.split('\n## ') ?? [];
  const rows = [...chapter.matchAll(/^\| `([\w-]+)`/gm)].map(([, code]) => code);
  expect(codes.length).toBeGreaterThan(30);
  expect(rows.sort()).toEqual([...codes].sort());
});

it('docs/testing.md names each situation, with the status of its response', async () => {
  const rows = pageNamed('docs/testing.md')
    .text.split('\n')
    .flatMap((row) => {
      const [, names = '', status = ''] = /^\| (`\w+`(?:, `\w+`)*) \| (\d{3}) \|/.exec(row) ?? [];
      return [...names.matchAll(/\w+/g)].map(([name]) => [name, Number(status)] as const);
    });
  expect(rows.map(([name]) => name).sort()).toEqual(Object.keys(situations).sort());
  for (const [name, status] of rows) {
    if (name !== 'invalid_challenge')
      expect([name, (await serverResponse(name as Situation)).status]).toEqual([name, status]);
  }
});

it('docs/define-a-scheme.md has a heading for each finding', () => {
  const union = exportsOf('core/scheme-finding.ts').find(({ name }) => name === 'FindingCode');
  const type = union && checker.getDeclaredTypeOfSymbol(union);
  const codes = type?.isUnion() ? type.types.flatMap((one) => (one.isStringLiteral() ? [one.value] : [])) : [];
  const page = pageNamed('docs/define-a-scheme.md');
  const [chapter = ''] = page.text.split('\n## Findings\n')[1]?.split('\n## ') ?? [];
  expect(codes.length).toBeGreaterThan(10);
  expect([...chapter.matchAll(/^### (.*)$/gm)].map(([, title]) => title).sort()).toEqual([...codes].sort());
});

/** By code, the third argument of each `fail(code, message, status)` and `new SignatureError(…)`; 400 where there is none. */
const statusesGiven = new Map<string, readonly number[]>();
for (const name of files) visit(sourceFile(name));
function visit(node: ts.Node): void {
  if (
    (ts.isCallExpression(node) || ts.isNewExpression(node)) &&
    /^(fail|SignatureError)$/.test(node.expression.getText())
  ) {
    const [code, , status] = node.arguments ?? [];
    if (code && ts.isStringLiteral(code)) {
      const number = status && ts.isNumericLiteral(status) ? Number(status.text) : 400;
      statusesGiven.set(code.text, [...new Set([...(statusesGiven.get(code.text) ?? []), number])].sort());
    }
  }
  node.forEachChild(visit);
}

describe('options', () => {
  it.each([
    ['docs/client.md', 'client/signer.ts', 'SignerOptions'],
    ['docs/client.md', 'client/countersigned.ts', 'CountersignedOptions'],
    ['docs/client.md', 'core/credentials.ts', 'Credentials'],
    ['docs/browsers.md', 'client/renewing/options.ts', 'RenewingOptions'],
    ['docs/browsers.md', 'core/session/issue-bound.ts', 'BoundSessionOptions'],
    ['docs/browsers.md', 'server/session/session-handler.ts', 'SessionHandlerOptions'],
    ['docs/server.md', 'server/verify/verifier-options.ts', 'VerifierOptions'],
    ['docs/server.md', 'server/verify/verifier-options.ts', 'LimitOptions'],
    ['docs/server.md', 'server/protect.ts', 'ProtectOptions'],
    ['docs/server.md', 'server/gate.ts', 'GateOptions'],
    ['docs/server.md', 'server/response/cors-options.ts', 'CorsOptions'],
    ['docs/stores.md', 'server/replay/memory-replay.ts', 'MemoryReplayOptions'],
    ['docs/keys.md', 'server/contracts.ts', 'KeyRecord'],
    ['docs/keys.md', 'server/contracts.ts', 'KeySecret'],
    ['docs/operations.md', 'server/contracts.ts', 'AuditEvent'],
    ['docs/operations.md', 'server/audit/bounded-sink.ts', 'BoundedSinkOptions'],
    ['docs/server.md', 'server/verify/message.ts', 'ReceivedRequest'],
    ['docs/keys.md', 'server/keys/managed-keys.ts', 'ManagedKeysOptions'],
    ['docs/keys.md', 'server/keys/cached-keys.ts', 'CachedKeysOptions'],
    ['docs/keys.md', 'server/keys/sealing.ts', 'SealingOptions'],
    ['docs/schemes.md', 'server/audit/counting-sink.ts', 'OutcomeCount'],
    ['docs/operations.md', 'opentelemetry.ts', 'OpenTelemetryOptions'],
    ['docs/other-languages.md', 'gateway/forward-auth.ts', 'ForwardAuthOptions'],
    ['docs/other-languages.md', 'gateway/reverse-proxy.ts', 'ReverseProxyOptions'],
    ['docs/stores.md', 'redis.ts', 'RedisReplayOptions'],
    ['docs/stores.md', 'sql/replay.ts', 'SqlReplayOptions'],
    ['docs/stores.md', 'sql/tables.ts', 'SqlOptions'],
    ['docs/stores.md', 'durable-object/replay.ts', 'DurableObjectReplayOptions'],
    ['docs/stores.md', 'durable-object/replay-object.ts', 'ReplayObjectOptions'],
    ['docs/webhooks.md', 'schemes/standard-webhooks/scheme.ts', 'StandardWebhooksOptions'],
    ['docs/webhooks.md', 'webhooks/verify-webhook.ts', 'WebhookOptions'],
    ['docs/webhooks.md', 'webhooks/verify-webhook.ts', 'VerifiedWebhook'],
    ['docs/webhooks.md', 'webhooks/received-webhook.ts', 'DescribedRequest'],
    ['docs/standard-schemes.md', 'schemes/rfc9421/settings.ts', 'Rfc9421Options'],
    ['docs/standard-schemes.md', 'schemes/cavage12/settings.ts', 'Cavage12Options'],
    ['docs/testing.md', 'explain/explanation.ts', 'ExplainOptions'],
    ['docs/testing.md', 'explain/explanation.ts', 'SignatureExplanation'],
    ['docs/testing.md', 'testing/server-response.ts', 'ServerResponseOptions'],
    ['docs/testing.md', 'testing/sign-request.ts', 'RequestToSign'],
  ])('%s has a row for every member of %s %s, with its default', (path, file, name) => {
    const rows = pageNamed(path)
      .text.split('\n')
      .filter((line) => line.startsWith('| '));
    const members = membersOf(file, name);
    expect(members.length).toBeGreaterThan(1);
    for (const { member, byDefault } of members) {
      const found = rows.filter((row) => row.split(' | ')[0]?.includes(`\`${member}\``));
      expect(found, `a row for ${member}`).not.toEqual([]);
      if (byDefault) expect(found.join('\n').replace(/`/g, '')).toContain(byDefault);
    }
  });

  type Member = { readonly member: string; readonly byDefault: string | undefined };

  function membersOf(file: string, name: string): readonly Member[] {
    const symbol = exportsOf(file).find((one) => one.name === name);
    const type = symbol && checker.getDeclaredTypeOfSymbol(symbol);
    const parts = type?.isUnion() ? type.types : type ? [type] : [];
    const properties = new Map(parts.flatMap((part) => part.getProperties().map((one) => [one.name, one] as const)));
    return [...properties.values()].map((property) => ({
      member: property.name.replace(/^__@(\w+)@\d+$/, '[$1]'),
      byDefault: property
        .getJsDocTags(checker)
        .find((tag) => tag.name === 'default')
        ?.text?.map(({ text }) => text)
        .join(''),
    }));
  }
});

it.each([
  'browser.ts',
  'durable-object.ts',
  'explain.ts',
  'express.ts',
  'fastify.ts',
  'gateway.ts',
  'hono.ts',
  'index.ts',
  'ky.ts',
  'node.ts',
  'opentelemetry.ts',
  'redis.ts',
  'schemes.ts',
  'server.ts',
  'sql.ts',
  'testing.ts',
  'webhooks.ts',
])('everything that src/%s exports as a value is in the documentation', (door) => {
  const text = pages.map((page) => page.text).join('\n');
  const values = exportsOf(door).filter((symbol) => {
    const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
    return target.flags & ts.SymbolFlags.Value;
  });
  expect(values.length).toBeGreaterThan(0);
  expect(values.map(({ name }) => name).filter((name) => !new RegExp(`\`\\[?${name}`).test(text))).toEqual([]);
});

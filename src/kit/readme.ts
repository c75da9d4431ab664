import type { Finding } from '../core/scheme-finding.ts';
import type { KitCase } from './cases.ts';
import { type KitLanguage, languageFacts } from './languages.ts';
import { describeUsage } from './usage.ts';

type Described = {
  readonly name: string;
  readonly origin: string;
  readonly scheme: string;
  readonly languages: readonly KitLanguage[];
  readonly cases: readonly KitCase[];
  readonly findings: readonly Finding[];
};

const fence = '```';
const block = (text: string, language = 'text'): string => `${fence}${language}\n${text}\n${fence}`;

/** Writes the README of a kit: one page, with one request worked out to the byte. */
export function describeKit({ name, origin, scheme, languages, cases, findings }: Described): string {
  const worked = cases.find((one) => one.name === 'post-json');
  return `${[
    `# Calling ${name}`,
    `Requests to ${origin} are signed with the scheme \`${scheme}\`: [protocol.md](protocol.md) defines it.`,
    'The pair in `credentials.json` is for tests. It is in this kit in clear, so it is worth nothing elsewhere.',
    '## Five steps',
    steps(languages, scheme),
    ...(languages.length ? ['## Clients', clients(languages, scheme)] : []),
    ...(worked ? ['## One request, to the byte', workedOut(worked)] : []),
    '## Checking',
    describeChecking(scheme),
    'For an OpenAPI description of the API, `openapi.json` has the security scheme and the parameters that a signer adds.',
    ...(findings.length ? ['## What to take care of', careOf(findings)] : []),
  ].join('\n\n')}\n`;
}

const steps = (languages: readonly KitLanguage[], scheme: string): string =>
  [
    languages.length
      ? '1. Copy the client of your language.'
      : `1. Write a signer for \`${scheme}\`, with time and nonce as arguments.`,
    '2. Check it with the cases in `vectors/`.',
    `3. Start \`${serveCommand(scheme)}\` in this folder. It needs Node.js. Send requests to http://127.0.0.1:9400, or to the sandbox of the provider.`,
    '4. Sign every attempt anew: a retry with the same nonce is a replay. Follow no redirect: a signature is for one origin.',
    '5. Take your own pair instead of that in `credentials.json`.',
  ].join('\n');

const clients = (languages: readonly KitLanguage[], scheme: string): string =>
  [
    '| language | check it | send a request |',
    '| --- | --- | --- |',
    ...languages.map((language) => {
      const { name, check } = languageFacts[language];
      return `| [${name}](clients/${language}) | \`${check} check ../../vectors/plain/*\` | \`${check} call GET http://127.0.0.1:9400/orders\` |`;
    }),
    '',
    'Run the commands in the folder of the client.',
    'Each client is one file with the standard library alone; Rust needs crates. `kit` beside it is for these commands and is not needed later.',
    '',
    ...describeUsage(languages, scheme),
    ...(languages.includes('postman')
      ? ['For Postman, import `clients/postman/countersign.postman_collection.json`: its script signs each request.']
      : []),
    ...(scheme === 'countersign-v1' ? ['', ...checkingResponses(languages)] : []),
  ].join('\n');

function checkingResponses(languages: readonly KitLanguage[]): readonly string[] {
  const able = languages.flatMap((language) => {
    const { name, responseCheck } = languageFacts[language];
    return responseCheck ? [`- ${name}: \`${responseCheck}\``] : [];
  });
  return able.length
    ? ['If the provider countersigns its responses, let the client refuse all others:', '', ...able]
    : [];
}

function workedOut({ method, url, headers, body, time, nonce, accessKey, secret, expected }: KitCase): string {
  const line = `${method} ${url.replace(/^https?:\/\/[^/]*/, '')} HTTP/1.1\nHost: ${new URL(url).host}`;
  const sent = headers.map(([name, value]) => `${name}: ${value}`);
  const added = Object.entries(expected?.headers ?? {}).map(([name, value]) => `${name}: ${value}`);
  return [
    'The request:',
    block([line, ...sent, '', body].join('\n'), 'http'),
    `The access key is \`${accessKey}\`, the secret \`${secret}\`, the time ${time}, and the nonce \`${nonce}\`.`,
    expected?.stringToSignHex ? 'The bytes to sign, in hex:' : 'The string to sign, without a line feed at its end:',
    block(expected?.stringToSign ?? expected?.stringToSignHex ?? ''),
    'The signer adds:',
    block(added.join('\n'), 'http'),
    ...(expected && expected.url !== url ? ['It sends the request to:', block(expected.url)] : []),
  ].join('\n\n');
}

const serveCommand = (scheme: string): string =>
  `npx countersign kit serve --credentials credentials.json${scheme === 'countersign-v1' ? '' : ' --definition definition.json'}`;

function describeChecking(scheme: string): string {
  return [
    '- `vectors/core.json` has the cases as JSON, `vectors/plain` one file for each value and stage: `diff` shows the fault.',
    '  Bytes to sign that are no text, such as those with a raw digest, are in `string-to-sign.hex`.',
    '  `signed-headers` names the headers that the caller chooses. A signer must refuse a case with a file `refused`.',
    '- `npx countersign kit check --cases vectors/core.json -- ./my-signer` feeds them to your own signer, a line of JSON each, and names',
    '  the first stage that differs.',
    `- \`${serveCommand(scheme)}\` verifies requests on 127.0.0.1:9400, or where`,
    '  `--listen 127.0.0.1:9500` says. It explains each one that does not fit, in its terminal and in the response: `advice` says what to',
    '  change, and `stringToSign` of `explanation` is what the client should have signed. It ticks off a list of situations, such as a',
    '  retry and a redirect. `GET /kit` shows the list.',
  ].join('\n');
}

const careOf = (findings: readonly Finding[]): string =>
  findings
    .map(({ code, severity, message }) => `- ${message}${code === 'no-nonce' ? ` ${equalRequests}` : ''} (${severity})`)
    .join('\n');

const equalRequests =
  'Two equal requests with the same time have the same signature, and the second is refused as a replay: send it later, or change it.';

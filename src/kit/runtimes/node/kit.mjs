// node kit.mjs check ../../vectors/plain/*
// node kit.mjs call POST http://127.0.0.1:9400/orders application/json '{"sku":"A-1"}'
import { existsSync, readFileSync } from 'node:fs';
import { send, sign } from './countersign.mjs';

function check(folder) {
  const bytes = (name) => readFileSync(`${folder}/${name}`);
  const text = (name) => bytes(name).toString();
  const lines = text('headers').split('\n').filter(Boolean);
  const made = sign({
    method: text('method'),
    url: text('url'),
    headers: lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]),
    body: bytes('body'),
    accessKey: text('access-key'),
    secret: bytes('secret'),
    time: text('time'),
    nonce: text('nonce'),
    signedHeaders: text('signed-headers').split('\n').filter(Boolean),
    challenge: existsSync(`${folder}/challenge`) ? text('challenge') : undefined,
  });
  // A string that is no text is compared by its signature.
  const isText = existsSync(`${folder}/string-to-sign`);
  if (isText && !made.stringToSign.equals(bytes('string-to-sign'))) return 'string-to-sign';
  const added = Object.entries(made.headers).map(([name, value]) => `${name}: ${value}\n`);
  if (added.join('') !== text('added-headers')) return 'added-headers';
  return made.url === text('sent-url') ? undefined : 'sent-url';
}

async function call([method, url, type = '', body = '']) {
  const { COUNTERSIGN_CREDENTIALS = '../../credentials.json' } = process.env;
  const { accessKey, secret } = JSON.parse(readFileSync(COUNTERSIGN_CREDENTIALS, 'utf8'));
  const response = await send({
    method,
    url,
    headers: type ? [['Content-Type', type]] : [],
    body: body.startsWith('@') ? readFileSync(body.slice(1)) : body,
    accessKey,
    secret,
  });
  process.stdout.write(`${response.status}\n${response.body}\n`);
  return response.status >= 200 && response.status < 300 ? 0 : 1;
}

const [command, ...given] = process.argv.slice(2);
if (command === 'call') {
  process.exitCode = await call(given);
} else {
  const failed = given.flatMap((folder) => {
    const problem = check(folder);
    return problem ? [`${folder}: ${problem}`] : [];
  });
  const summary = `${given.length - failed.length} of ${given.length} cases agree`;
  process.stdout.write([...failed, summary].map((line) => `${line}\n`).join(''));
  process.exitCode = failed.length ? 1 : 0;
}

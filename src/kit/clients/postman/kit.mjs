// npm install newman
// node kit.mjs check ../../vectors/plain/*
// node kit.mjs call POST http://127.0.0.1:9400/orders application/json '{"sku":"A-1"}'
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const newman = createRequire(import.meta.url)('newman');
const here = (name) => readFileSync(new URL(name, import.meta.url), 'utf8');
const script = (listen, text) => ({ listen, script: { type: 'text/javascript', exec: text.split('\n') } });

/** Runs a collection. Returns the last response, and what its scripts printed and found. */
function run(collection, options = {}) {
  const texts = [];
  let last;
  return new Promise((resolve, reject) => {
    newman
      .run({ collection, reporters: [], ...options })
      .on('console', (_, { messages }) => texts.push(...messages))
      .on('assertion', (error) => error && texts.push(error.message))
      .on('request', (error, { response } = {}) => {
        if (error) texts.push(error.message);
        last = response;
      })
      .on('done', (error, { run: { failures } }) => {
        if (error) reject(error);
        else resolve({ last, texts: [...texts, ...failures.map(({ error: one }) => one.message)] });
      });
  });
}

/** Signs the cases in the sandbox of Postman, with its own library of hashes. */
const signer = `${here('countersign.js')}
const bytes = (text) => hashes.enc.Base64.parse(text);
const signed = JSON.parse(pm.variables.get('cases')).map(({ body, secret, ...given }) => {
  try {
    return sign({ ...given, body: bytes(body), secret: bytes(secret) });
  } catch (error) {
    return { refused: error.message };
  }
});
console.log(JSON.stringify(signed));
pm.execution.skipRequest();`;

function readCase(folder) {
  const base64 = (name) => readFileSync(`${folder}/${name}`).toString('base64');
  const text = (name) => readFileSync(`${folder}/${name}`, 'utf8');
  const lines = (name) => text(name).split('\n').filter(Boolean);
  return {
    method: text('method'),
    url: text('url'),
    headers: lines('headers').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]),
    body: base64('body'),
    accessKey: text('access-key'),
    secret: base64('secret'),
    time: text('time'),
    nonce: text('nonce'),
    signedHeaders: lines('signed-headers'),
    unsignedBody: existsSync(`${folder}/unsigned-body`),
  };
}

function compare(folder, { refused, stringToSign, headers }) {
  const text = (name) => readFileSync(`${folder}/${name}`, 'utf8');
  const mustRefuse = existsSync(`${folder}/refused`);
  if (refused !== undefined) return mustRefuse ? undefined : `refused: ${refused}`;
  if (mustRefuse) return 'must be refused';
  if (stringToSign !== text('string-to-sign')) return 'string-to-sign';
  const added = Object.entries(headers).map(([name, value]) => `${name}: ${value}\n`);
  return added.join('') === text('added-headers') ? undefined : 'added-headers';
}

async function check(folders) {
  const variable = [{ key: 'cases', value: JSON.stringify(folders.map(readCase)) }];
  const item = [
    { name: 'cases', request: { method: 'GET', url: 'http://localhost' }, event: [script('prerequest', signer)] },
  ];
  const { texts } = await run({ info: { name: 'cases' }, item, variable });
  const made = JSON.parse(texts[0]);
  const failed = folders.flatMap((folder, i) => {
    const problem = compare(folder, made[i]);
    return problem ? [`${folder}: ${problem}`] : [];
  });
  const summary = `${folders.length - failed.length} of ${folders.length} cases agree`;
  process.stdout.write([...failed, summary].map((line) => `${line}\n`).join(''));
  return failed.length ? 1 : 0;
}

async function call([method, url, type = '', body = '']) {
  const { COUNTERSIGN_CREDENTIALS = '../../credentials.json', COUNTERSIGN_CHECK_RESPONSE } = process.env;
  const { accessKey, secret } = JSON.parse(readFileSync(COUNTERSIGN_CREDENTIALS, 'utf8'));
  const values = {
    countersignAccessKey: accessKey,
    countersignSecret: secret,
    countersignCheckResponse: COUNTERSIGN_CHECK_RESPONSE,
  };
  const text = body.startsWith('@') ? readFileSync(body.slice(1), 'utf8') : body;
  const request = {
    method,
    url,
    header: type ? [{ key: 'Content-Type', value: type }] : [],
    body: { mode: 'raw', raw: text },
  };
  const collection = { ...JSON.parse(here('countersign.postman_collection.json')), item: [{ name: 'call', request }] };
  const envVar = Object.entries(values).map(([key, value]) => ({ key, value: value ?? '' }));
  const { last, texts } = await run(collection, { envVar });
  process.stdout.write([...(last ? [last.code, last.stream] : []), ...texts].map((line) => `${line}\n`).join(''));
  return last?.code >= 200 && last.code < 300 && !texts.length ? 0 : 1;
}

const [command, ...given] = process.argv.slice(2);
process.exitCode = command === 'call' ? await call(given) : await check(given);

import type { KitLanguage } from './languages.ts';

/** What a program calls to send a signed request, by language, with the client of `countersign-v1`. */
const calls: Readonly<Partial<Record<KitLanguage, string>>> = {
  python: 'send(method, url, headers, body, access_key, secret)',
  bash: 'countersign_curl METHOD URL BODY_FILE HEADER_LINE...',
  node: 'send({ method, url, headers, body, accessKey, secret })',
  go: 'countersign.Client(countersign.Transport{AccessKey: key, Secret: secret})',
  php: 'countersign_send($method, $url, $headers, $body, $accessKey, $secret)',
  ruby: 'Countersign.send_request(method, url, headers, body, access_key, secret)',
  java: 'Countersign.send(request, false)',
  perl: 'Countersign::send_request($method, $url, $headers, $body, $access_key, $secret)',
  csharp: 'new HttpClient(new SigningHandler(accessKey, secret))',
  rust: 'send(request, false)',
};

/** What differs in the client of a defined scheme. */
const definedCalls: Readonly<Partial<Record<KitLanguage, string>>> = {
  php: 'Countersign\\send($method, $url, $headers, $body, $accessKey, $secret)',
  java: 'Countersign.send(request)',
  rust: 'send(request)',
};

/** Returns the code that a program calls to send a signed request; undefined for Postman, whose script signs by itself. */
const callOf = (language: KitLanguage, scheme: string): string | undefined =>
  (scheme === 'countersign-v1' ? undefined : definedCalls[language]) ?? calls[language];

/** Describes for a README what to call from a program, and what to pass. */
export function describeUsage(languages: readonly KitLanguage[], scheme: string): readonly string[] {
  const lines = languages.flatMap((language) => {
    const call = callOf(language, scheme);
    return call ? [`- [${language}](clients/${language}): \`${call}\``] : [];
  });
  if (!lines.length) return [];
  const hooks = languages.includes('python') && scheme === 'countersign-v1';
  return [
    'In your program, call:',
    '',
    ...lines,
    '',
    'Headers are pairs of name and value. The body is the bytes that are sent.',
    ...(languages.includes('bash') ? ['In Bash the body is a file, and `/dev/null` is no body.'] : []),
    'Percent-encode path and query before the call: a space is `%20`, and é is `%C3%A9`.',
    ...(hooks ? ['`with_requests.py` and `with_httpx.py` sign what requests and httpx send: copy them too.'] : []),
  ];
}

/** A request that a kit server has accepted. */
export type Accepted = {
  readonly method: string;
  /** Path and query as sent. */
  readonly target: string;
  readonly contentType: string;
  readonly body: Uint8Array;
};

/** A situation that a client has to master. */
export type Scenario = {
  readonly name: string;
  /** What to send. */
  readonly task: string;
  /** Whether an accepted request is of this situation. Undefined if the server watches several requests. */
  readonly fits?: (request: Accepted) => boolean;
  /** True if not every client claims to master it. */
  readonly optional?: true;
};

const query = ({ target }: Accepted): string => /\?(.*)$/s.exec(target)?.[1] ?? '';
const names = (request: Accepted): readonly string[] =>
  query(request)
    .split('&')
    .map((pair) => pair.replace(/=.*$/s, ''));
const text = ({ body }: Accepted): string => new TextDecoder().decode(body);

/** All situations, in the order in which they are shown. */
export const scenarios: readonly Scenario[] = [
  { name: 'get', task: 'any GET', fits: ({ method }) => method === 'GET' },
  { name: 'query-blank', task: 'a query with a blank: q=a b', fits: (request) => /%20|\+/.test(query(request)) },
  { name: 'query-plus', task: 'a query with a plus: q=a+b', fits: (request) => /%2B/i.test(query(request)) },
  { name: 'query-letters', task: 'a query with é', fits: (request) => /%[c-f][\da-f]/i.test(query(request)) },
  { name: 'query-brackets', task: 'a query with ids[]=1', fits: (request) => /\[|%5B/i.test(query(request)) },
  { name: 'query-apostrophe', task: "a query with '", fits: (request) => /'|%27/.test(query(request)) },
  {
    name: 'query-repeated',
    task: 'a parameter twice, and one that is empty: a=1&a=2&b=',
    fits: (request) => new Set(names(request)).size < names(request).length && /=(?:&|$)/.test(query(request)),
  },
  {
    name: 'path-slash',
    task: 'a path with an escaped slash: /files/a%2Fb',
    fits: ({ target }) => /^[^?]*%2F/i.test(target),
  },
  {
    name: 'json-letters',
    task: 'a JSON body with é',
    fits: (request) => /json/.test(request.contentType) && /[^\0-\x7f]|\\u00/.test(text(request)),
  },
  { name: 'form', task: 'a form', fits: ({ contentType }) => /x-www-form-urlencoded/.test(contentType) },
  { name: 'multipart', task: 'a multipart form', fits: ({ contentType }) => /^multipart\/form-data/.test(contentType) },
  {
    name: 'post-without-body',
    task: 'a POST without a body',
    fits: ({ method, body }) => method === 'POST' && !body.length,
  },
  { name: 'large-body', task: 'a body of at least 1 MiB', fits: ({ body }) => body.length >= 2 ** 20 },
  { name: 'retry', task: 'GET /kit/retry: it is refused once with 503; try again, with a new nonce' },
  { name: 'redirect-same', task: 'GET /kit/redirect-same: follow it with a new signature, or not at all' },
  { name: 'redirect-other', task: 'GET /kit/redirect-other: send no signature to another origin' },
  {
    name: 'clock',
    task: 'GET /kit/clock: correct the time by ten minutes after a countersigned refusal',
    optional: true,
  },
  { name: 'response-forged', task: 'GET /kit/forged: refuse a response whose signature is wrong', optional: true },
  { name: 'response-unsigned', task: 'GET /kit/unsigned: refuse a response without a signature', optional: true },
  { name: 'parallel', task: 'GET /kit/parallel twice at once' },
];

/** How far a client has come with a situation. */
export type ScenarioState = {
  readonly name: string;
  readonly task: string;
  readonly state: 'open' | 'passed' | 'failed';
  /** Why it failed, or what only the client knows. */
  readonly note?: string;
  readonly optional: boolean;
};

/** A list of situations that is ticked off. */
export type Checklist = {
  pass(name: string, note?: string): void;
  fail(name: string, note: string): void;
  /** Ticks off all situations that an accepted request is of. */
  accept(request: Accepted): void;
  list(): readonly ScenarioState[];
};

/** Creates a list with nothing ticked off. A situation that failed stays so until it is passed later. */
export function createChecklist(): Checklist {
  const states = new Map<string, Pick<ScenarioState, 'state' | 'note'>>();
  const set = (name: string, state: ScenarioState['state'], note: string | undefined) =>
    states.set(name, { state, ...(note !== undefined && { note }) });
  return {
    pass: (name, note) => void set(name, 'passed', note),
    fail: (name, note) => void set(name, 'failed', note),
    accept(request) {
      for (const { name, fits } of scenarios) if (fits?.(request)) set(name, 'passed', undefined);
    },
    list: () =>
      scenarios.map(({ name, task, optional = false }) => ({
        name,
        task,
        optional,
        state: 'open',
        ...states.get(name),
      })),
  };
}

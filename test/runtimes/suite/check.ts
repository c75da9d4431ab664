/** A runtime, by its engine and fetch: what the known differences between runtimes depend on. */
export type Runtime = 'node' | 'bun' | 'deno' | 'workerd' | 'edge' | 'chromium' | 'firefox' | 'webkit';

/** Where in a runtime the suite runs. An insecure page is one on plain http at a named host. */
export type Realm = 'process' | 'page' | 'service worker' | 'insecure page';

export type Context = {
  readonly runtime: Runtime;
  readonly realm: Realm;
  /** The origin of the server that verifies; in browsers also the page's. */
  readonly base: string;
  /** Another origin of the same server. */
  readonly other: string;
  readonly accessKey: string;
  readonly secret: string;
  /** What requests were answered that came to this runtime from outside and that it signed and sent on. */
  readonly relayed?: readonly string[];
};

/** One behaviour. Passes unless it throws. */
export type Check = {
  readonly name: string;
  /** @default everywhere */
  readonly where?: (place: Pick<Context, 'runtime' | 'realm'>) => boolean;
  run(context: Context): Promise<void> | void;
};

export type Outcome = {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
  readonly milliseconds: number;
};

export const isBrowser = ({ runtime }: Context): boolean => /^(chromium|firefox|webkit)$/.test(runtime);

export async function outcomesOf(checks: readonly Check[], context: Context): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const { name, run, where } of checks) {
    if (where && !where(context)) continue;
    const start = Date.now();
    const done = (ok: boolean, detail: string) => outcomes.push({ name, ok, detail, milliseconds: Date.now() - start });
    try {
      await within(15_000, run, context);
      done(true, '');
    } catch (error) {
      done(false, describeError(error));
    }
  }
  return outcomes;
}

function within(milliseconds: number, run: Check['run'], context: Context): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no result after ${milliseconds} ms`)), milliseconds);
    Promise.resolve(run(context))
      .then(resolve, reject)
      .finally(() => clearTimeout(timer));
  });
}

export function describeError(error: unknown): string {
  if (!(typeof error === 'object' && error !== null && 'message' in error)) return String(error);
  const { name, message, code, cause } = error as Error & { readonly code?: unknown };
  const label = typeof code === 'string' ? `${name} ${code}` : name;
  return `${label}: ${message}${cause ? ` <- ${describeError(cause)}` : ''}`;
}

export function equal(actual: unknown, expected: unknown, what: string): void {
  const [found, wanted] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (found !== wanted) throw new Error(`${what}: found ${found}, expected ${wanted}`);
}

/** The error that a promise or function ends with; throws where there is none. */
export async function errorOf(
  run: () => unknown,
  what: string,
): Promise<{ readonly name: string; readonly code: unknown }> {
  let found: unknown;
  try {
    found = await run();
  } catch (error) {
    const { name, code } = error as { readonly name: string; readonly code?: unknown };
    return { name, code };
  }
  throw new Error(`${what}: found ${describeResult(found)}, expected an error`);
}

/** Holds that a run ends with a SignatureError of this code. */
export async function refuses(code: string, run: () => unknown): Promise<void> {
  const error = await errorOf(run, code);
  equal([error.name, error.code], ['SignatureError', code], 'the error');
}

const describeResult = (found: unknown): string =>
  found instanceof Response ? `a response with status ${found.status}` : String(found);

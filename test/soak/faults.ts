import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { protect } from 'countersign/node';
import {
  type AuditEvent,
  type AuditSink,
  boundedSink,
  createVerifier,
  memoryKeys,
  memoryReplay,
} from 'countersign/server';
import { type FaultyStore, faultyStores } from './fault-stores.ts';
import { accessKey, nonceOf, origin, secret, signedBytes } from './signed-bytes.ts';
import { load } from './wire-load.ts';

/** What came of a fault under load. */
export type Endured = {
  readonly name: string;
  readonly accepted: number;
  /** Answered with 503. */
  readonly refused: number;
  /** From the end of the fault to the next request that was accepted, in milliseconds. */
  readonly recovery: number;
  /** Remembered by the store; undefined where it cannot be counted. */
  readonly claims: number | undefined;
  /** What is wrong, in words; empty where nothing is. */
  readonly wrong: readonly string[];
};

/** Something that goes wrong around a server, and the parts of the server that it concerns. */
type Fault = {
  readonly name: string;
  readonly store: Pick<FaultyStore, 'replay'> & Partial<FaultyStore>;
  readonly audit: AuditSink;
  begin(): Promise<void>;
  end(): Promise<void>;
  /** Whether requests are refused while it lasts. */
  readonly refuses: boolean;
  /** What is wrong with the sink in the end. */
  faultOfSink(attempts: number): readonly string[];
  close(): Promise<void>;
};

/** Brings each fault about in mid-load, more than once, and holds what happened against what may. */
export async function* endured(wanted: (name: string) => boolean, seconds: number): AsyncGenerator<Endured> {
  for (const [name, open] of Object.entries(faultyStores)) {
    if (!wanted(name)) continue;
    const store = await open();
    yield outcome({ ...store, name, store, audit: () => {}, refuses: true, faultOfSink: () => [] }, seconds);
  }
  if (wanted('the audit hangs')) yield outcome(hangingAudit(), seconds);
}

function hangingAudit(): Fault {
  let hangs = false;
  let written = 0;
  let freed: (() => void)[] = [];
  const sink = boundedSink(
    async () => {
      if (hangs) await new Promise<void>((resolve) => freed.push(resolve));
      written++;
    },
    { timeout: 200, concurrency: 4 },
  );
  return {
    name: 'the audit hangs',
    store: { replay: memoryReplay() },
    audit: sink,
    refuses: false,
    begin: async () => {
      hangs = true;
    },
    end: async () => {
      hangs = false;
      for (const free of freed) free();
      freed = [];
    },
    faultOfSink(attempts) {
      const { delivered, pending, dropped, failed, late } = sink.counts();
      const all = delivered + pending + dropped + failed + late;
      return [
        ...(all === attempts ? [] : [`${all} events for ${attempts} attempts reached the bounded sink`]),
        ...(dropped && late ? [] : ['nothing was dropped, so nothing was tried']),
        ...(written >= delivered && pending <= 1000 ? [] : ['the sink has not got what it is said to have']),
      ];
    },
    close: async () => {},
  };
}

/** What was answered to each request. */
type Answered = { readonly request: Buffer; readonly status: number; readonly at: number };

async function outcome(fault: Fault, seconds: number): Promise<Endured> {
  const events: AuditEvent[] = [];
  const verifier = createVerifier({
    keys: memoryKeys([{ accessKey, service: 'soak', secrets: [{ secret }] }]),
    replay: fault.store.replay,
    publicOrigin: origin,
    audit: (event) => {
      events.push(event);
      return fault.audit(event);
    },
  });
  const server = createServer(protect(verifier, (_request, response) => void response.end('served')));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  try {
    const result = await loaded(port, fault, seconds);
    const { answers } = result;
    const accepted = answers.filter(({ status }) => status === 200);
    const refused = answers.filter(({ status }) => status === 503);
    const claims = await fault.store.claims?.();
    const wrong = [
      ...faultsOfAnswers(fault, result),
      ...faultsOfEvents(answers, events),
      ...fault.faultOfSink(answers.length),
      ...(claims === undefined || (claims >= accepted.length && claims <= accepted.length + refused.length)
        ? []
        : [`${claims} claims for ${accepted.length} accepted and ${refused.length} refused requests`]),
      ...(await faultsOfReplays(port, accepted, refused)),
    ];
    return {
      name: fault.name,
      accepted: accepted.length,
      refused: refused.length,
      recovery: recoveryOf(result),
      claims,
      wrong,
    };
  } finally {
    server.close();
    server.closeAllConnections();
    await fault.close();
  }
}

type Loaded = {
  readonly answers: readonly Answered[];
  /** When the faults ended, by the clock of `Answered.at`. */
  readonly ended: readonly number[];
};

/** Sends requests all the time, while the fault comes and goes twice. */
async function loaded(port: number, fault: Fault, seconds: number): Promise<Loaded> {
  const answers: Answered[] = [];
  const ended: number[] = [];
  let running = true;
  let made = 0;
  const loading = load(port, {
    connections: 16,
    next: () => (running ? signedBytes(made++, { method: 'GET', bytes: 0 }) : undefined),
    answered: (request, status) => void answers.push({ request, status, at: performance.now() }),
  });
  const served = async (since: number) => {
    const isServed = () => answers.findLast(({ status }) => status === 200)?.at ?? 0;
    while (isServed() <= since && performance.now() < since + 30_000) await pause(20);
  };
  await served(0);
  for (let time = 0; time < 2; time++) {
    await pause(seconds * 1000);
    await fault.begin();
    await pause(seconds * 1000);
    await fault.end();
    const end = performance.now();
    ended.push(end);
    await served(end);
  }
  await pause(seconds * 1000);
  running = false;
  await loading;
  return { answers, ended };
}

function faultsOfAnswers({ refuses }: Fault, { answers, ended }: Loaded): readonly string[] {
  const others = answers.filter(({ status }) => status !== 200 && !(refuses && status === 503));
  const refused = answers.filter(({ status }) => status === 503);
  return [
    ...(others.length ? [`${others.length} answers of other statuses, such as ${others[0]?.status}`] : []),
    ...(refuses && !refused.length ? ['nothing was refused, so nothing was tried'] : []),
    ...(Number.isFinite(recoveryOf({ answers, ended })) ? [] : ['it did not recover']),
  ];
}

/** From the end of a fault to the next request that was accepted, in milliseconds: the longest. */
const recoveryOf = ({ answers, ended }: Loaded): number =>
  Math.max(...ended.map((end) => (answers.find(({ status, at }) => status === 200 && at > end)?.at ?? Infinity) - end));

/** There must be one event for each answer, that says the same. */
function faultsOfEvents(answers: readonly Answered[], events: readonly AuditEvent[]): readonly string[] {
  const outcomes = new Map<string | undefined, string[]>();
  for (const { nonce, outcome } of events) outcomes.set(nonce, [...(outcomes.get(nonce) ?? []), outcome]);
  const differing = answers.filter(({ request, status }) => {
    const [outcome, ...others] = outcomes.get(nonceOf(request)) ?? [];
    return others.length > 0 || outcome !== (status === 200 ? 'accepted' : 'refused');
  });
  return [
    ...(differing.length ? [`${differing.length} answers have not exactly one event that says the same`] : []),
    ...(events.length === answers.length ? [] : [`${events.length} events for ${answers.length} answers`]),
  ];
}

/** What was accepted must be refused when it comes again; what was refused may be accepted now, but once. */
async function faultsOfReplays(
  port: number,
  accepted: readonly Answered[],
  refused: readonly Answered[],
): Promise<readonly string[]> {
  const again = async (answers: readonly Answered[]): Promise<readonly number[]> => {
    const statuses: number[] = [];
    let sent = 0;
    await load(port, {
      connections: 16,
      next: () => answers[sent++]?.request,
      answered: (_request, status) => void statuses.push(status),
    });
    return statuses;
  };
  const replayed = await again(accepted);
  const late = await again(refused);
  const later = await again(refused);
  const bad = [...replayed, ...later].filter((status) => status !== 401);
  const strange = late.filter((status) => status !== 200 && status !== 401);
  return [
    ...(bad.length ? [`${bad.length} replays were answered other than by 401, such as by ${bad[0]}`] : []),
    ...(strange.length ? [`${strange.length} late requests were answered by ${strange[0]}`] : []),
  ];
}

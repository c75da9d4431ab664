import type { Awaitable } from '../../core/awaitable.ts';
import type { ReceivedRequest } from '../../server/verify/message.ts';
import type { Verified } from '../../server/verify/result.ts';
import type { Checklist } from './scenarios.ts';

/** What the special paths of a kit server do with requests. */
export type Behaviours = {
  /** Called before verification. Returns a response to send, or nothing to verify as usual. */
  before(request: Seen): Response | undefined;
  /** Called for an accepted request. Returns its response, or nothing for the usual one. */
  accepted(request: Seen, verified: Verified<ReceivedRequest>): Promise<Response | undefined>;
  /** Called for a refused request. */
  refused(request: Seen, code: string): void;
};

/** What a behaviour sees of a request. */
export type Seen = {
  readonly path: string;
  /** Host and port that the caller has called. */
  readonly authority: string;
  /** The signature as received; undefined without one. */
  readonly signature: string | undefined;
  /** True if it was signed with a clock that is as far ahead as `/kit/clock` demands. */
  readonly ahead: boolean;
};

const onlyTheClientKnows = 'The client must have refused the response.';

const redirect = (location: string): Response => new Response(null, { status: 307, headers: { location } });

type Respond = (request: Seen, verified: Verified<ReceivedRequest>) => Awaitable<Response | undefined>;

/** Creates the behaviours of the special paths. */
export function createBehaviours(checklist: Checklist): Behaviours {
  let retried: string | undefined;
  let waiting: (() => void) | undefined;

  const byPath: ReadonlyMap<string, Respond> = new Map<string, Respond>([
    ['/kit/retry', ({ signature }) => retry(signature)],
    [
      '/kit/redirect-same',
      () => {
        checklist.pass('redirect-same', 'The client did not follow, or has not yet.');
        return redirect('/kit/redirected');
      },
    ],
    ['/kit/redirected', () => void checklist.pass('redirect-same')],
    [
      '/kit/redirect-other',
      ({ authority }) => {
        checklist.pass('redirect-other');
        return redirect(`http://${otherHost(authority)}/kit/elsewhere`);
      },
    ],
    ['/kit/clock', ({ ahead }) => void (ahead && checklist.pass('clock'))],
    [
      '/kit/forged',
      async (_, verified) => {
        checklist.pass('response-forged', onlyTheClientKnows);
        const { headers } = await verified.countersign(new Response('{"forged":false}'));
        return new Response('{"forged":true}', { headers });
      },
    ],
    [
      '/kit/unsigned',
      () => {
        checklist.pass('response-unsigned', onlyTheClientKnows);
        return new Response('{"signed":false}');
      },
    ],
    ['/kit/parallel', meet],
  ]);

  return {
    before({ path, signature }) {
      if (path !== '/kit/elsewhere') return undefined;
      if (signature) checklist.fail('redirect-other', 'The signature was sent to another origin.');
      return new Response('This is another origin.', { status: 404 });
    },
    accepted: async (request, verified) => byPath.get(request.path)?.(request, verified),
    refused({ path, signature }, code) {
      if (path === '/kit/retry' && code === 'replayed_request' && signature === retried) {
        checklist.fail('retry', 'The nonce was used again: sign every attempt anew.');
      }
      if (path === '/kit/redirected' && signature) {
        checklist.fail('redirect-same', 'The redirect was followed with the signature of the first request.');
      }
    },
  };

  function retry(signature: string | undefined): Response | undefined {
    if (retried === undefined) {
      retried = signature;
      return new Response('Try again.', { status: 503 });
    }
    retried = undefined;
    checklist.pass('retry');
    return undefined;
  }

  /** Waits until a second request is there, for two seconds at most. */
  async function meet(): Promise<undefined> {
    if (waiting) {
      waiting();
      waiting = undefined;
      checklist.pass('parallel');
      return undefined;
    }
    await new Promise<void>((resolve) => {
      const late = setTimeout(() => {
        waiting = undefined;
        resolve();
      }, 2000);
      waiting = () => {
        clearTimeout(late);
        resolve();
      };
    });
    return undefined;
  }
}

// Both names are of the loopback, so the other origin is the same server.
const otherHost = (authority: string): string => {
  const [, host = '', port = ''] = /^(.*?)(:\d+)?$/.exec(authority) ?? [];
  return `${host === 'localhost' ? '127.0.0.1' : 'localhost'}${port}`;
};

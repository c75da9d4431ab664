import { fail } from '../../core/errors.ts';
import { excerpt } from '../../core/excerpt.ts';
import type { Dialect } from '../../gateway/describe-request.ts';
import { forwardAuth } from '../../gateway/forward-auth.ts';
import type { GatewayListener, GatewayReport } from '../../gateway/listener.ts';
import { reverseProxy } from '../../gateway/reverse-proxy.ts';
import { causeText } from '../../server/audit/cause-text.ts';
import type { Verifier } from '../../server/verify/verifier.ts';
import { command, type commonOptions, type Options, type OptionValues } from '../command.ts';
import { describeSchemes } from '../find-scheme.ts';
import { gatewayVerifierOptions, withGatewayVerifier } from '../gateway-verifier.ts';
import { jsonLine, printFor, printNotice } from '../output.ts';
import { listenOptions, serve } from '../serve.ts';
import { parseDuration } from '../times.ts';

const frontOptions = {
  dialect: { type: 'text', value: 'NAME', help: 'nginx, traefik or envoy: serves the auth requests of this proxy.' },
  proxy: { type: 'list', value: 'CIDR', help: 'Proxies that may connect, such as 10.0.0.0/8. Default: this machine.' },
  'path-prefix': { type: 'text', value: 'PATH', help: 'The path prefix that Envoy adds.' },
  'body-sent': { type: 'flag', help: 'Reads the body that Traefik or Envoy sends.' },
} as const satisfies Options;

const backendOptions = {
  upstream: { type: 'text', value: 'URL', help: 'Forwards requests to http://…, https://… or unix:/….' },
  timeout: { type: 'text', value: 'TIME', help: 'How long the backend may be idle. Default: 60.' },
  'max-body': { type: 'text', value: 'BYTES', help: 'The largest body that is forwarded. Default: 10485760.' },
  countersign: { type: 'flag', help: 'Signs every response.' },
  'pass-header': { type: 'list', value: 'NAME', help: 'An unsigned header to forward, such as Cookie.' },
  health: { type: 'text', value: 'PATH', help: 'A path that gets 200, such as /healthz.' },
} as const satisfies Options;

const gatewayOptions = {
  ...frontOptions,
  ...backendOptions,
  ...listenOptions,
  ...gatewayVerifierOptions,
  scope: { type: 'text', value: 'SCOPE', help: 'A scope that every key must have.' },
  'no-sessions': { type: 'flag', help: 'Refuses sessions: callers sign with the key itself.' },
  'access-key': { type: 'text', value: 'KEY', help: 'The access key for schemes that carry none.' },
  check: { type: 'flag', help: 'Checks whether the gateway could start, and exits.' },
} as const satisfies Options;

type GivenGateway = OptionValues<typeof gatewayOptions & typeof commonOptions>;

export const gateway = command({
  name: 'gateway',
  summary: 'Verifies requests for backends in any language, behind a proxy or as one',
  options: gatewayOptions,
  details: [
    'Give either --dialect, to serve the auth requests of a proxy, or --upstream, to forward requests itself.',
    'Keys are in the database. Nonces are in Redis if there is one, otherwise also in the database.',
    'It serves until SIGTERM or SIGINT, then finishes requests that have started.',
    '',
    describeSchemes,
  ].join('\n'),
  examples: [
    'gateway --dialect nginx --listen 127.0.0.1:9301',
    'gateway --upstream http://127.0.0.1:9302 --listen 0.0.0.0:8080 --origin https://api.example.com',
  ],
  run: (given) =>
    withGatewayVerifier(given, async (verifier) => {
      const listener = listenerOf(given, verifier);
      if (!given.check) return serve(listener, given);
      printFor(given, { value: { ok: true }, text: 'The gateway can start.' });
      return 0;
    }),
});

/** @throws SignatureError `invalid_configuration` */
function listenerOf(given: GivenGateway, verifier: Verifier): GatewayListener {
  const { dialect, upstream, scope, 'no-sessions': noSessions, 'access-key': accessKey } = given;
  const common = {
    report: reportTo(given),
    ...(scope !== undefined && { scope }),
    ...(noSessions && { sessions: false as const }),
    ...(accessKey !== undefined && { accessKey: () => accessKey }),
  };
  if ((dialect === undefined) === (upstream === undefined)) {
    return fail('invalid_configuration', 'Give --dialect to serve a proxy, or --upstream to forward requests.');
  }
  if (upstream !== undefined) {
    refuseOthers(given, frontOptions, '--dialect');
    return reverseProxy(verifier, { ...common, upstream, ...limitsOf(given) });
  }
  refuseOthers(given, backendOptions, '--upstream');
  const { proxy, 'path-prefix': pathPrefix } = given;
  return forwardAuth(verifier, {
    ...common,
    dialect: dialect as Dialect,
    ...(proxy.length && { proxies: proxy }),
    ...(pathPrefix !== undefined && { pathPrefix }),
    ...(given['body-sent'] && { body: 'sent' }),
  });
}

function limitsOf({ timeout, 'max-body': size, countersign, health, 'pass-header': passHeaders }: GivenGateway) {
  if (size !== undefined && !/^\d{1,15}$/.test(size))
    fail('invalid_configuration', '--max-body must be a number of bytes.');
  return {
    ...(timeout !== undefined && { timeout: parseDuration('timeout', timeout) * 1000 }),
    ...(size !== undefined && { maxBodyBytes: Number(size) }),
    ...(countersign && { countersign: 'always' as const }),
    ...(health !== undefined && { health }),
    passHeaders,
  };
}

/** Refuses options of the other mode, which would have no effect. */
function refuseOthers(given: GivenGateway, options: Options, belongs: string): void {
  const values = given as Readonly<Record<string, unknown>>;
  const strange = Object.keys(options).find((name) => {
    const value = values[name];
    return Array.isArray(value) ? value.length > 0 : value !== undefined && value !== false;
  });
  if (strange !== undefined) fail('invalid_configuration', `--${strange} has no effect without ${belongs}.`);
}

/** In characters: of a path that is shown. Anyone may have sent it. */
const shownPath = 256;

/** Reports to standard error, one line per error. Without the query, which may contain secrets. */
const reportTo =
  ({ json }: GivenGateway): GatewayReport =>
  ({ code, message, cause }, { method, url = '' }) => {
    const reason = causeText(cause);
    const path = excerpt(url.replace(/\?.*/s, ''), shownPath);
    const fault = { time: new Date().toISOString(), method, path, code, message, ...(reason && { reason }) };
    printNotice(
      json
        ? jsonLine({ fault })
        : `${fault.time} ${method} ${path}: ${code}: ${message}${reason ? ` (${reason})` : ''}`,
    );
  };

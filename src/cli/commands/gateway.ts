import { fail } from '../../core/errors.ts';
import type { Dialect } from '../../gateway/describe-request.ts';
import { forwardAuth } from '../../gateway/forward-auth.ts';
import type { GatewayListener, GatewayReport } from '../../gateway/listener.ts';
import { reverseProxy } from '../../gateway/reverse-proxy.ts';
import type { Verifier } from '../../server/verify/verifier.ts';
import { command, type commonOptions, type Options, type OptionValues } from '../command.ts';
import { describeSchemes } from '../find-scheme.ts';
import { gatewayVerifierOptions, withGatewayVerifier } from '../gateway-verifier.ts';
import { printFor, printNotice } from '../output.ts';
import { listenOptions, serve } from '../serve.ts';
import { parseDuration } from '../times.ts';

const frontOptions = {
  dialect: { type: 'text', value: 'NAME', help: 'nginx, traefik or envoy: answers what this proxy asks.' },
  proxy: { type: 'list', value: 'CIDR', help: 'Who may ask, as 10.0.0.0/8. Without it, this machine.' },
  'path-prefix': { type: 'text', value: 'PATH', help: 'What Envoy puts in front of the path.' },
  'body-sent': { type: 'flag', help: 'Reads the body that Traefik or Envoy sends along.' },
} as const satisfies Options;

const backendOptions = {
  upstream: { type: 'text', value: 'URL', help: 'Passes requests on to http://…, https://… or unix:/….' },
  timeout: { type: 'text', value: 'TIME', help: 'How long the backend may be silent. Without it, 60.' },
  'max-body': { type: 'text', value: 'BYTES', help: 'The largest body that is passed on. Without it, 10485760.' },
  countersign: { type: 'flag', help: 'Signs every answer.' },
  'pass-header': { type: 'list', value: 'NAME', help: 'An unsigned header that is forwarded too, such as Cookie.' },
  health: { type: 'text', value: 'PATH', help: 'A path that is answered with 200, as /healthz.' },
} as const satisfies Options;

const gatewayOptions = {
  ...frontOptions,
  ...backendOptions,
  ...listenOptions,
  ...gatewayVerifierOptions,
  scope: { type: 'text', value: 'SCOPE', help: 'What every key must be allowed to do.' },
  'access-key': { type: 'text', value: 'KEY', help: 'Whose signature it is, for schemes that do not say so.' },
  check: { type: 'flag', help: 'Looks whether it could start, and does not.' },
} as const satisfies Options;

type GivenGateway = OptionValues<typeof gatewayOptions & typeof commonOptions>;

export const gateway = command({
  name: 'gateway',
  summary: 'Verifies requests for backends in any language, behind a proxy or as one',
  options: gatewayOptions,
  details: [
    'With --dialect it answers what a proxy asks, with --upstream it passes requests on itself: one of the two.',
    'Keys are in the database, and nonces too, unless there is a Redis for them.',
    'It serves until SIGTERM or SIGINT, and then ends what it has begun.',
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
  const { dialect, upstream, scope, 'access-key': accessKey } = given;
  const asked = {
    report: reportTo(given),
    ...(scope !== undefined && { scope }),
    ...(accessKey !== undefined && { accessKey: () => accessKey }),
  };
  if ((dialect === undefined) === (upstream === undefined)) {
    return fail('invalid_configuration', 'Give --dialect to be asked by a proxy, or --upstream to pass requests on.');
  }
  if (upstream !== undefined) {
    refuseOthers(given, frontOptions, '--dialect');
    return reverseProxy(verifier, { ...asked, upstream, ...limitsOf(given) });
  }
  refuseOthers(given, backendOptions, '--upstream');
  const { proxy, 'path-prefix': pathPrefix } = given;
  return forwardAuth(verifier, {
    ...asked,
    dialect: dialect as Dialect,
    ...(proxy.length && { proxies: proxy }),
    ...(pathPrefix !== undefined && { pathPrefix }),
    ...(given['body-sent'] && { body: 'sent' }),
  });
}

function limitsOf({ timeout, 'max-body': size, countersign, health, 'pass-header': passHeaders }: GivenGateway) {
  if (size !== undefined && !/^\d{1,15}$/.test(size)) fail('invalid_configuration', '--max-body must be in bytes.');
  return {
    ...(timeout !== undefined && { timeout: parseDuration('timeout', timeout) * 1000 }),
    ...(size !== undefined && { maxBodyBytes: Number(size) }),
    ...(countersign && { countersign: 'always' as const }),
    ...(health !== undefined && { health }),
    passHeaders,
  };
}

/** What would be passed over may have been meant for something. */
function refuseOthers(given: GivenGateway, options: Options, belongs: string): void {
  const values = given as Readonly<Record<string, unknown>>;
  const strange = Object.keys(options).find((name) => {
    const value = values[name];
    return Array.isArray(value) ? value.length > 0 : value !== undefined && value !== false;
  });
  if (strange !== undefined) fail('invalid_configuration', `--${strange} is of no use without ${belongs}.`);
}

/** On standard error, a line each. The path alone: a query may hold secrets. */
const reportTo =
  ({ json }: GivenGateway): GatewayReport =>
  ({ code, message, cause }, { method, url = '' }) => {
    const reason = cause instanceof Error ? cause.message : undefined;
    const [path] = url.split('?');
    const fault = { time: new Date().toISOString(), method, path, code, message, ...(reason && { reason }) };
    printNotice(
      json
        ? JSON.stringify({ fault })
        : `${fault.time} ${method} ${path}: ${code}: ${message}${reason ? ` (${reason})` : ''}`,
    );
  };

import { createServer, type IncomingMessage } from 'node:http';
import { type App, bytesOf, listening } from './adapter.ts';

/** A request as it reaches what stands in front of a function. */
export type Arrived = {
  readonly method: string;
  readonly path: string;
  /** Without `?`. */
  readonly query: string;
  /** Names and values as sent, alternating. */
  readonly lines: readonly string[];
  readonly address: string;
  readonly body: Buffer;
};

/** What a function returns, in any of the formats. */
export type LambdaResult = {
  readonly statusCode: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly multiValueHeaders?: Readonly<Record<string, readonly string[]>>;
  readonly cookies?: readonly string[];
  readonly body?: string;
  readonly isBase64Encoded?: boolean;
};

export type LambdaHandler = (event: never, context: never) => Promise<LambdaResult>;

/** Makes the event that a service of AWS calls a function with. */
export type EventOf = (arrived: Arrived) => object;

/** Calls a function for every request, with an event as JSON, which is how it reaches a real one. */
export const lambdaFront = (handler: LambdaHandler, eventOf: EventOf): Promise<App> =>
  listening(
    createServer(async (request, response) => {
      const event = JSON.parse(JSON.stringify(eventOf(await arrivedOf(request))));
      const result = await handler(event as never, {} as never);
      response.statusCode = result.statusCode;
      const fields = { ...result.headers, ...result.multiValueHeaders };
      for (const [name, value] of Object.entries(fields)) response.setHeader(name, [value].flat().map(String));
      if (result.cookies) response.setHeader('set-cookie', result.cookies);
      response.end(Buffer.from(result.body ?? '', result.isBase64Encoded ? 'base64' : 'utf8'));
    }),
  );

async function arrivedOf(request: IncomingMessage): Promise<Arrived> {
  const [, path = '', query = ''] = /^([^?]*)\??(.*)$/.exec(request.url ?? '') ?? [];
  const { method = '', rawHeaders: lines, socket } = request;
  return { method, path, query, lines, address: socket.remoteAddress ?? '', body: await bytesOf(request) };
}

/** All values of each field, by name. */
function fieldsOf({ lines }: Arrived): Record<string, string[]> {
  const fields: Record<string, string[]> = {};
  for (let i = 0; i < lines.length; i += 2) {
    const name = (lines[i] ?? '').toLowerCase();
    fields[name] = [...(fields[name] ?? []), lines[i + 1] ?? ''];
  }
  return fields;
}

const each = <From, To>(fields: Readonly<Record<string, From>>, change: (one: From) => To): Record<string, To> =>
  Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, change(value)]));

/** Bytes that are no text come in Base64. */
function bodyOf({ body }: Arrived): { readonly body?: string; readonly isBase64Encoded: boolean } {
  if (!body.length) return { isBase64Encoded: false };
  const text = body.toString();
  const isBase64Encoded = !body.equals(Buffer.from(text));
  return { body: isBase64Encoded ? body.toString('base64') : text, isBase64Encoded };
}

/** The format 2.0, of function URLs: path and query are as sent. */
export const functionUrl: EventOf = (arrived) => {
  const { cookie, ...fields } = fieldsOf(arrived);
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath: arrived.path,
    rawQueryString: arrived.query,
    ...(cookie && { cookies: cookie.flatMap((line) => line.split('; ')) }),
    headers: each(fields, (values) => values.join(',')),
    requestContext: {
      accountId: 'anonymous',
      domainName: fields.host?.[0],
      http: {
        method: arrived.method,
        path: arrived.path,
        protocol: 'HTTP/1.1',
        sourceIp: arrived.address,
        userAgent: 'test',
      },
      requestId: 'id',
      routeKey: '$default',
      stage: '$default',
    },
    ...bodyOf(arrived),
  };
};

/** The format 2.0, of HTTP APIs: the path is decoded. */
export const httpApi: EventOf = (arrived) => functionUrl({ ...arrived, path: decodeURIComponent(arrived.path) });

const valuesOf = (query: string): Record<string, string[]> => {
  const values: Record<string, string[]> = {};
  for (const part of query.split('&').filter(Boolean)) {
    const [, name = '', value = ''] = /^([^=]*)=?(.*)$/.exec(part) ?? [];
    values[name] = [...(values[name] ?? []), value];
  }
  return values;
};

const decoded = (text: string): string => decodeURIComponent(text.replaceAll('+', ' '));

/** The format 1.0, of REST APIs: the query is decoded and grouped by name; the path is as sent, without the stage. */
export const restApi: EventOf = (arrived) => {
  const fields = fieldsOf(arrived);
  const values = Object.entries(valuesOf(arrived.query)).map(([name, all]) => [decoded(name), all.map(decoded)]);
  const query: Record<string, string[]> = Object.fromEntries(values);
  const { body = null, isBase64Encoded } = bodyOf(arrived);
  return {
    resource: '/{proxy+}',
    path: arrived.path,
    httpMethod: arrived.method,
    headers: each(fields, (all) => all.at(-1)),
    multiValueHeaders: fields,
    queryStringParameters: values.length ? each(query, (all) => all.at(-1)) : null,
    multiValueQueryStringParameters: values.length ? query : null,
    pathParameters: { proxy: arrived.path.slice(1) },
    requestContext: {
      httpMethod: arrived.method,
      path: `/prod${arrived.path}`,
      stage: 'prod',
      domainName: fields.host?.[0],
      identity: { sourceIp: arrived.address },
      requestId: 'id',
    },
    body,
    isBase64Encoded,
  };
};

/** Of load balancers: the query is grouped by name and not decoded. */
export const loadBalancer =
  ({ multiValue }: { readonly multiValue: boolean }): EventOf =>
  (arrived) => {
    const fields = fieldsOf(arrived);
    const query = valuesOf(arrived.query);
    const last = <Value>(all: readonly Value[]): Value | undefined => all.at(-1);
    return {
      requestContext: { elb: { targetGroupArn: 'arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/a/1' } },
      httpMethod: arrived.method,
      path: arrived.path,
      ...(multiValue
        ? { multiValueQueryStringParameters: query, multiValueHeaders: fields }
        : { queryStringParameters: each(query, last), headers: each(fields, last) }),
      body: '',
      ...bodyOf(arrived),
    };
  };

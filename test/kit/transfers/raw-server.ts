import { type AddressInfo, createServer } from 'node:net';

/** A server that sends what it is given, whether it is HTTP or not. */
export type RawServer = {
  readonly origin: string;
  /** The requests since the last call of `respondWith`. */
  readonly received: readonly string[];
  /** Forgets what was received, and responds to each request in turn. Undefined ends the connection without a byte. */
  respondWith(respond: (count: number) => string | undefined): void;
  close(): void;
};

export const complete = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

export const unavailable = 'HTTP/1.1 503 Service Unavailable\r\nContent-Length: 2\r\n\r\nno';

/** Responses that end before their body does, by what tells its length. */
export const cut: Readonly<Record<string, string>> = {
  length: 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nab',
  'length, closed': 'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 100\r\n\r\nab',
  chunk: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\nab',
  'last chunk': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n',
};

const isCut = (text: string): boolean => Object.values(cut).includes(text);

/** Starts a server on a free port of the loopback. Connections are kept after a whole response, unless the client asks to close. */
export async function startRawServer(): Promise<RawServer> {
  let received: readonly string[] = [];
  let respond: (count: number) => string | undefined = () => undefined;
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', (data) => {
      if (!/^[A-Z]+ \S+ HTTP/.test(`${data}`)) return;
      received = [...received, `${data}`];
      const text = respond(received.length);
      if (text === undefined) socket.destroy();
      else if (isCut(text) || /^connection: close\r$/im.test(`${data}`)) socket.end(text);
      else socket.write(text);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get received() {
      return received;
    },
    respondWith(next) {
      received = [];
      respond = next;
    },
    close: () => void server.close(),
  };
}

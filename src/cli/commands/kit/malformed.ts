import type { Duplex } from 'node:stream';

/** What Node says of a request that is not HTTP. */
type ParserError = Error & { readonly code?: string; readonly reason?: string; readonly rawPacket?: Uint8Array };

const notEscaped =
  'Path or query contains a character that no address has, such as a space or é: percent-encode it before you sign and send it.';

const advice: Readonly<Record<string, string>> = {
  HPE_INVALID_URL: notEscaped,
  // A space ends the address, and what follows it is not the version.
  HPE_INVALID_CONSTANT: notEscaped,
  HPE_INVALID_METHOD: 'HTTP does not know the method. Methods are case-sensitive: write POST, not post.',
  HPE_INVALID_HEADER_TOKEN: 'A header has a name or value that HTTP does not allow, such as one with a line break.',
  HPE_HEADER_OVERFLOW: 'Address and headers together are larger than 16 KiB.',
};

/** The first byte of a TLS handshake (RFC 8446, section 5.1). */
const handshake = 22;

/**
 * Makes a handler that responds to a request that is not HTTP with the probable cause, which Node itself keeps back.
 *
 * @param report called with the cause.
 */
export function refuseMalformed(report: (detail: string) => void): (error: ParserError, socket: Duplex) => void {
  return (error, socket) => {
    if (error.code === 'ECONNRESET' || !socket.writable) {
      socket.destroy();
      return;
    }
    const detail = describe(error);
    report(detail);
    const problem = { type: 'about:blank', title: 'Bad Request', status: 400, detail, advice: [detail] };
    const body = JSON.stringify(problem, null, 2);
    const headers = ['Content-Type: application/problem+json', `Content-Length: ${Buffer.byteLength(body)}`];
    socket.end(['HTTP/1.1 400 Bad Request', ...headers, 'Connection: close', '', body].join('\r\n'));
  };
}

function describe({ code = '', reason, rawPacket }: ParserError): string {
  if (rawPacket?.[0] === handshake) return 'The server takes http, and got https. Write http:// in the address.';
  return advice[code] ?? `The server cannot read it: ${reason ?? code}.`;
}

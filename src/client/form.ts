import { hex } from '../core/encoding.ts';

/**
 * Encodes a form as multipart/form-data (HTML Standard, "multipart/form-data encoding algorithm"). The type of the returned
 * Blob contains the boundary. WebKit needs it for a FormData with files, which it cannot read to hash it. Other runtimes sign a
 * FormData directly.
 *
 * @example
 * import { formBlob } from 'countersign';
 *
 * const form = new FormData();
 * form.set('sku', 'A-1');
 * const request = await signer.sign('https://api.example.com/v1/orders', { method: 'POST', body: await formBlob(form) });
 */
export async function formBlob(form: FormData): Promise<Blob> {
  const boundary = `----countersign${hex(crypto.getRandomValues(new Uint8Array(16)))}`;
  const parts: BlobPart[] = [];
  for (const [name, value] of form.entries()) {
    parts.push(`--${boundary}\r\nContent-Disposition: form-data; name="${escaped(withCrlf(name))}"`);
    if (typeof value === 'string') parts.push(`\r\n\r\n${withCrlf(value)}\r\n`);
    else {
      const type = value.type || 'application/octet-stream';
      parts.push(
        `; filename="${escaped(value.name)}"\r\nContent-Type: ${type}\r\n\r\n`,
        await value.arrayBuffer(),
        '\r\n',
      );
    }
  }
  parts.push(`--${boundary}--\r\n`);
  return new Blob(parts, { type: `multipart/form-data; boundary=${boundary}` });
}

const withCrlf = (text: string): string => text.replace(/\r\n?|\n/g, '\r\n');
const escaped = (text: string): string => text.replace(/[\n\r"]/g, encodeURIComponent);

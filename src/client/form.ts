import { hex } from '../core/encoding.ts';

/**
 * A form as multipart/form-data, the way the HTML Standard says ("multipart/form-data encoding algorithm"), in a Blob whose
 * type carries the boundary. For WebKit, which cannot read back a FormData with files to hash it; elsewhere a FormData
 * can be signed as it is.
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

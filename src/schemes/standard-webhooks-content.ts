import { utf8 } from '../core/encoding.ts';

/** What a message is signed as, beside its body. */
export type MessageHead = {
  /** The same for every attempt to deliver the message. */
  readonly id: string;
  /** When the attempt was made, in decimal seconds. */
  readonly timestamp: string;
};

// Visible ASCII. The dot would let an id run over into the timestamp; a comma is how repeated headers are joined.
export const idPattern: RegExp = /^[!-+\-/-~]{1,255}$/;
// One spelling for each time, or one attempt could be received under several.
export const timestampPattern: RegExp = /^(?:0|[1-9]\d{0,11})$/;

/** What a signature is over: id, timestamp and the bytes of the body, which are never taken for text. */
export function contentOf({ id, timestamp }: MessageHead, body: Uint8Array | undefined): Uint8Array {
  const head = utf8(`${id}.${timestamp}.`);
  if (!body?.length) return head;
  const content = new Uint8Array(head.length + body.length);
  content.set(head);
  content.set(body, head.length);
  return content;
}

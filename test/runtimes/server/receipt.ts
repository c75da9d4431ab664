/** What the server answers: what it received, as it stood on the wire. */
export type Receipt = {
  readonly method: string;
  /** The request target, not decoded. */
  readonly target: string;
  /** Every header line, in order, names in their own case. */
  readonly headers: ReadonlyArray<readonly [name: string, value: string]>;
  /** Of the body, in bytes. */
  readonly size: number;
  /** The body in Base64; empty above 64 KiB. */
  readonly body: string;
};

/**
 * Leaves bodies unsigned that would have to be read first: streams, Blobs, forms, and the body of any Request. Anyone in transit
 * can change them. A verifier refuses such requests unless it has the same symbol.
 */
export const allowUnsignedPayload: unique symbol = Symbol('allowUnsignedPayload');

/** Allows a long-lived secret in a browser, where anyone who opens the page can read it. */
export const allowSecretInBrowser: unique symbol = Symbol('allowSecretInBrowser');

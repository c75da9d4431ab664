/**
 * Leaves bodies that would have to be read out of the signature (streams, Blobs, forms, and the body of any Request): whoever is
 * on the way can change them. A
 * verifier refuses such requests unless it was given the same symbol.
 */
export const allowUnsignedPayload: unique symbol = Symbol('allowUnsignedPayload');

/** Lets a long-lived secret be used in a browser, where everyone who opens the page can read it. */
export const allowSecretInBrowser: unique symbol = Symbol('allowSecretInBrowser');

import { createSigner, generateCredentials, type Signer, type SignerOptions } from 'countersign';
import { createVerifier, memoryKeys, memoryReplay, type VerifierOptions } from 'countersign/server';
import { onTestFinished } from 'vitest';
import { type Bridge, type BridgeOptions, startBridge } from '../server-bridge.ts';

export type RigOptions = {
  readonly signer?: Partial<Omit<SignerOptions, 'credentials' | 'accessKey' | 'secret'>>;
  readonly verifier?: Partial<VerifierOptions>;
  readonly answer?: BridgeOptions['answer'];
};

export type Rig = Bridge & {
  readonly signer: Signer;
  /** The precise outcome of each request received: `ok` or an error code. */
  outcomes(): string[];
  /** The values of one header field in each request received. */
  sent(field: string): Array<string | null>;
};

/** A signer, and a real server that verifies what it signs, until the test has finished. */
export async function rig({ signer, verifier, answer }: RigOptions = {}): Promise<Rig> {
  const credentials = generateCredentials();
  const { accessKey, secret } = credentials;
  const bridge = await startBridge({
    verifier: createVerifier({
      keys: memoryKeys([{ accessKey, service: 'shop', secrets: [credentials] }]),
      replay: memoryReplay(verifier?.clock && { clock: verifier.clock }),
      ...verifier,
    }),
    ...(answer && { answer }),
  });
  onTestFinished(() => bridge.close());
  return {
    ...bridge,
    signer: createSigner({ accessKey, secret, ...signer }),
    outcomes: () => bridge.exchanges.map(({ result }) => (result.ok ? 'ok' : result.error.code)),
    sent: (field) => bridge.exchanges.map(({ request }) => request.headers.get(field)),
  };
}

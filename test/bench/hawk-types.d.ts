declare module 'hawk' {
  type Credentials = { readonly id: string; readonly key: string; readonly algorithm: 'sha256' };
  const hawk: {
    readonly client: {
      header(
        url: string | { hostname: string; port: string; protocol: string; pathname: string; search: string },
        method: string,
        options: {
          credentials: Credentials;
          timestamp?: number;
          nonce?: string;
          payload?: string | Uint8Array;
          contentType?: string;
          ext?: string;
        },
      ): { header: string };
    };
    readonly server: {
      authenticate(
        request: { method: string; url: string; headers: Record<string, string> },
        find: (id: string) => Promise<Credentials | undefined>,
        options: { host: string; port: number; timestampSkewSec?: number; payload?: string | Uint8Array },
      ): Promise<{ credentials: Credentials }>;
    };
  };
  export default hawk;
}

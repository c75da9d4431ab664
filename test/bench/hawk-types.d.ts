declare module 'hawk' {
  type Credentials = { readonly id: string; readonly key: string; readonly algorithm: 'sha256' };
  const hawk: {
    readonly client: {
      header(
        url: string,
        method: string,
        options: { credentials: Credentials; payload?: string; contentType?: string },
      ): { header: string };
    };
    readonly server: {
      authenticate(
        request: { method: string; url: string; headers: Record<string, string> },
        find: (id: string) => Promise<Credentials | undefined>,
        options: { host: string; port: number; payload?: string },
      ): Promise<{ credentials: Credentials }>;
    };
  };
  export default hawk;
}

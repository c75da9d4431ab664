declare module 'akamai-edgegrid' {
  type Request = { path: string; method: string; body?: string; headers: Record<string, string> };
  export default class EdgeGrid {
    constructor(clientToken: string, clientSecret: string, accessToken: string, host: string);
    auth(request: Request): { readonly request: { readonly headers: { readonly Authorization: string } } };
  }
}

/**
 * Describes the failure of a store in one sentence: no response, no connection, or an error, with its code if there is one. Nothing
 * else of the error is included, because it may contain secrets.
 *
 * @param store the name of the store at the start of the sentence, such as `Redis`.
 */
export function toStoreError(store: string, cause: unknown): string {
  const { name, message, code } = factsOf(cause);
  const shown = /^[A-Z\d][A-Z\d_]{1,39}$/.test(code) ? ` (${code})` : '';
  if (name === 'TimeoutError') return `${store} does not respond in time.`;
  const lostByName = name.endsWith('Error') && lostName.test(name);
  if (lostCode.test(code) || lostByName || (!shown && connection.test(message) && lost.test(message))) {
    return `${store} cannot be reached${shown}.`;
  }
  return `${store} responds with an error${shown}.`;
}

// Codes of Node, undici and mysql2, and the classes 08 and 57P of SQLSTATE.
const lostCode =
  /^(?:E(?:CONN|PIPE|TIMEDOUT|NOTFOUND|AI_AGAIN|HOST|NET|ADDR)\w*|UND_ERR_\w+|PROTOCOL_\w+|08[A-Z\d]{3}|57P0\d)$/;
// Error names of node-redis and ioredis.
const lostName = /Client(?:Offline|Closed)|Disconnect|Socket|Connection|Timeout|MaxRetriesPerRequest/;
// Two expressions: a combined one would restart at each word.
const connection = /\b(?:connection|connect|socket)\b/i;
const lost = /\b(?:closed|terminated|lost|refused|reset|ended|timed out|timeout)\b/i;

type Facts = { readonly name: string; readonly message: string; readonly code: string };

function factsOf(cause: unknown): Facts {
  const { name, message, code, constructor: maker, errors } = (cause ?? {}) as Partial<Record<string, unknown>>;
  const [first] = Array.isArray(errors) ? (errors as readonly unknown[]) : [];
  const text = typeof message === 'string' ? message : '';
  // Redis puts its code at the start of the message.
  const [, leading = ''] = /^([A-Z]{3,32}) /.exec(text) ?? [];
  const own = typeof code === 'string' ? code : leading;
  if (own === '' && first !== undefined) return factsOf(first);
  const given = typeof name === 'string' ? name : '';
  const kind = typeof maker === 'function' ? maker.name : '';
  return { name: given === '' || given === 'Error' ? kind : given, message: text, code: own };
}

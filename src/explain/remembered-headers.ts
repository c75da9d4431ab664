import type { HeaderView } from '../core/message.ts';
import { lazy } from './effort.ts';

/** Returns a view that reads each header once: a search asks thousands of times, and `Headers` of some runtimes are slow. */
export function rememberHeaders(headers: HeaderView): HeaderView {
  const values = new Map<string, string | null>();
  const names = lazy(() => [...(headers.keys?.() ?? [])]);
  return {
    get(name) {
      const known = values.get(name);
      if (known !== undefined) return known;
      const value = headers.get(name);
      values.set(name, value);
      return value;
    },
    ...(headers.keys && { keys: names }),
    ...(headers.lines && { lines: (name) => headers.lines?.(name) ?? [] }),
  };
}

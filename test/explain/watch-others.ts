/** What work came to, and how long nobody else was served meanwhile, in milliseconds. */
export type Watched<T> = { readonly result: T; readonly longest: number };

export async function watchOthers<T>(work: () => Promise<T>): Promise<Watched<T>> {
  let [longest, last] = [0, performance.now()];
  const measure = () => {
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
  };
  const timer = setInterval(measure, 1);
  const result = await work().finally(() => clearInterval(timer));
  measure();
  return { result, longest };
}

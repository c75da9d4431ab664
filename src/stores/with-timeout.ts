/** Settles like `pending`, or rejects with a TimeoutError after `timeout` milliseconds. */
export function withTimeout<Value>(pending: Promise<Value>, timeout: number): Promise<Value> {
  return new Promise((resolve, reject) => {
    const late = Object.assign(new Error(`No response within ${timeout} ms.`), { name: 'TimeoutError' });
    const timer = setTimeout(() => reject(late), timeout);
    pending.then(
      (value) => {
        clearTimeout(timer);
        resolve(value);
      },
      (cause) => {
        clearTimeout(timer);
        reject(cause);
      },
    );
  });
}

/** What is awaited, or an error after so many milliseconds without an answer. */
export function withTimeout<Value>(answer: Promise<Value>, timeout: number): Promise<Value> {
  return new Promise((resolve, reject) => {
    const late = Object.assign(new Error(`No answer within ${timeout} ms.`), { name: 'TimeoutError' });
    const timer = setTimeout(() => reject(late), timeout);
    answer.then(
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

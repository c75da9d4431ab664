/** Status, code and text of an error of the package. */
export function errorText(error: unknown): string {
  const { code, status, message } = error as {
    readonly code: string;
    readonly status: number;
    readonly message: string;
  };
  return `${status} ${code}: ${message}`;
}

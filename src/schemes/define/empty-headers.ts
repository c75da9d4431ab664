import { fail } from '../../core/errors.ts';
import type { Message } from '../../core/message.ts';
import type { Compiled } from './compile.ts';
import type { CompiledDefinition } from './compile-definition.ts';
import { type Environment, headerName } from './fields.ts';
import { emptyEnvironment } from './sign.ts';

/**
 * Creates the check for headers that are present and empty where the templates render the same without them: anyone in transit can add
 * one, and an application may distinguish it from an absent header.
 *
 * The check throws `malformed_field`.
 */
export function createEmptyHeaderCheck({
  stringToSign,
  keySteps,
}: CompiledDefinition): (environment: Environment) => void {
  const templates = [stringToSign, ...keySteps];
  const names = new Set(templates.flatMap(({ mentions }) => [...mentions].flatMap((field) => headerName(field) ?? [])));
  return (environment) => {
    for (const name of names) {
      if (environment.message.headers.get(name)?.trim() !== '') continue;
      const without = { ...environment, message: withoutHeader(environment.message, name) };
      if (render(templates, environment) === render(templates, without)) {
        fail('malformed_field', `The header ${name} is empty, which is signed like an absent one: leave it out.`);
      }
    }
  };
}

// Received digests are left out: they do not depend on the header.
const render = (templates: readonly Compiled[], environment: Environment): string | undefined => {
  const { known, body } = emptyEnvironment;
  try {
    return templates.map((template) => `${template.make({ ...environment, known, body })}`).join();
  } catch {
    // A header that must be there, for example.
    return undefined;
  }
};

const withoutHeader = (message: Message, name: string): Message => ({
  ...message,
  headers: { get: (other) => (other.toLowerCase() === name ? null : message.headers.get(other)) },
});

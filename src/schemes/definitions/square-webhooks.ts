import type { SchemeDefinition } from '../define/definition.ts';
import { literalText } from '../define/literal-text.ts';

/** The settings of a webhook subscription of Square. */
export type SquareOptions = {
  /** The notification URL, exactly as in the subscription. */
  readonly notificationUrl: string;
};

/**
 * The webhooks of Square: developer.squareup.com/docs/webhooks/step3validate. The secret is the signature key of the subscription.
 *
 * @example
 * import { defineScheme, squareWebhooks } from 'countersign/schemes';
 *
 * const scheme = defineScheme(squareWebhooks({ notificationUrl: 'https://example.com/hooks/square' }));
 * console.log(scheme.name); // → square-webhooks
 */
export function squareWebhooks({ notificationUrl }: SquareOptions): SchemeDefinition {
  return {
    name: 'square-webhooks',
    signature: 'base64',
    stringToSign: `${literalText(notificationUrl)}{body}`,
    headers: { 'x-square-hmacsha256-signature': '{signature}' },
  };
}

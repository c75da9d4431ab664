import type { SchemeDefinition } from '../define/definition.ts';

/**
 * The webhooks of Zoom: developers.zoom.us/docs/api/webhooks, "Verify with Zoom's header". The secret is the secret token of
 * the app.
 */
export const zoomWebhooks: SchemeDefinition = {
  name: 'zoom-webhooks',
  stringToSign: 'v0:{timestamp}:{body}',
  headers: { 'x-zm-request-timestamp': '{timestamp}', 'x-zm-signature': 'v0={signature}' },
};

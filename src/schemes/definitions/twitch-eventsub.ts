import type { SchemeDefinition } from '../define/definition.ts';

/**
 * The webhooks of Twitch: dev.twitch.tv/docs/eventsub/handling-webhook-events. You choose the secret. The id of a message is signed, and
 * the same for every attempt.
 */
export const twitchEventsub: SchemeDefinition = {
  name: 'twitch-eventsub',
  timestamp: 'iso-8601-fraction',
  nonce: { form: 'base64url', min: 1, max: 128 },
  stringToSign: '{nonce}{timestamp}{body}',
  headers: {
    'Twitch-Eventsub-Message-Id': '{nonce}',
    'Twitch-Eventsub-Message-Timestamp': '{timestamp}',
    'Twitch-Eventsub-Message-Signature': 'sha256={signature}',
  },
};

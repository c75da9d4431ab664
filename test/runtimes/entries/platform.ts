// What the core takes from a platform and bare engines lack, as React Native apps bring it along.
const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

function encode(text: string): Uint8Array {
  // Lone surrogates become U+FFFD, as the Encoding Standard says.
  const sound = text.replace(/[\ud800-\udfff]/gu, '\ufffd');
  const octets = encodeURIComponent(sound).match(/%..|./gs) ?? [];
  return Uint8Array.from(octets, (octet) => (octet.length > 1 ? Number(`0x${octet.slice(1)}`) : octet.charCodeAt(0)));
}

function btoa(text: string): string {
  let encoded = '';
  for (let i = 0; i < text.length; i += 3) {
    const bits = (text.charCodeAt(i) << 16) | ((text.charCodeAt(i + 1) || 0) << 8) | (text.charCodeAt(i + 2) || 0);
    const rest = text.length - i;
    for (let j = 0; j < 4; j++) encoded += j > rest ? '=' : letters[(bits >> (18 - 6 * j)) & 63];
  }
  return encoded;
}

function atob(text: string): string {
  let decoded = '';
  let [bits, count] = [0, 0];
  for (const letter of text.replace(/=+$/, '')) {
    bits = ((bits << 6) | letters.indexOf(letter)) & 0xffff;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    decoded += String.fromCharCode((bits >> count) & 255);
  }
  return decoded;
}

class TextEncoder {
  encode(text = ''): Uint8Array {
    return encode(text);
  }
}

const brought: Readonly<Record<string, unknown>> = { TextEncoder, btoa, atob };
const platform = globalThis as Record<string, unknown>;
for (const name of Object.keys(brought)) platform[name] ??= brought[name];

export {};

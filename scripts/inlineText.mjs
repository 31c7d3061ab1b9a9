/**
 * Bytes as text that a JavaScript string holds and that compresses well: a character a byte, so that bytes
 * which repeat are text that repeats. A byte, modulo 256, is the character 41 above it, from the space on;
 * each `~` before a character adds 94. Most bytes of a module are small. Compressed this is a seventh less
 * than hexadecimal digits, and of all shifts 41 gives the least.
 */
export function inlineText(bytes) {
  let text = '';
  for (const byte of bytes) {
    const place = (byte + 41 - 32) % 256;
    text += '~'.repeat(Math.floor(place / 94)) + String.fromCharCode(32 + (place % 94));
  }
  return text;
}

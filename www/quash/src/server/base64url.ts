/**
 * The bytes that a text spells in base64url without padding (RFC 7515 section 2), or `undefined` if it is not their one spelling:
 * decoders skip foreign letters and ignore spare bits, and whoever changes these would have another token that is good.
 */
export function decodeBase64url(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64url');
  return bytes.toString('base64url') === text ? bytes : undefined;
}

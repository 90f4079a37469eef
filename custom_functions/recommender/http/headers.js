/**
 * What every answer says to browsers about how little it needs. Nothing here may be framed, sniffed for another
 * type, or ask for a sensor.
 */

const COMMON = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
};

/** Of a JSON answer, which loads nothing. */
export const ANSWER_HEADERS = {
  ...COMMON,
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
};

/** Of the pages, which load their own scripts and styles and ask their own node. */
export const PAGE_HEADERS = pageHeaders({ styles: "'self'", scripts: "'self'" });

/**
 * @param {{styles: string, scripts: string}} sources CSP source lists.
 * @returns {Record<string, string>}
 */
export function pageHeaders({ styles, scripts }) {
  const policy = [
    "default-src 'none'",
    `script-src ${scripts}`,
    `style-src ${styles}`,
    "connect-src 'self'",
    "img-src 'self' data:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ];
  return { ...COMMON, 'content-security-policy': policy.join('; ') };
}

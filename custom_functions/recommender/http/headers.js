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

/** Of the pages, which load their own scripts and styles and ask their own node; of pictures see `withPictures`. */
export const PAGE_HEADERS = pageHeaders({ styles: "'self'", scripts: "'self'" });

/**
 * @param {{styles: string, scripts: string}} sources CSP source lists.
 * @param {string} [pictures] A space and an origin that pictures may come from.
 * @returns {Record<string, string>}
 */
export function pageHeaders({ styles, scripts }, pictures = '') {
  const policy = [
    "default-src 'none'",
    `script-src ${scripts}`,
    `style-src ${styles}`,
    "connect-src 'self'",
    `img-src 'self' data:${pictures}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ];
  return { ...COMMON, 'content-security-policy': policy.join('; ') };
}

// Nothing that would end a source list, or begin another one.
const ORIGIN = /^https:\/\/[a-z0-9.-]+(:\d{1,5})?$/;

/**
 * @param {{url: string} | null | undefined} picture The manifest's.
 * @returns {string | undefined} Where its pictures come from, such as `https://pictures.example`.
 */
export function pictureOrigin(picture) {
  const url = picture?.url;
  const origin = typeof url === 'string' && URL.canParse(url) ? new URL(url).origin : '';
  return ORIGIN.test(origin) ? origin : undefined;
}

/**
 * @param {string | undefined} origin
 * @returns {Record<string, string>} `PAGE_HEADERS`, with which pages may show pictures of that origin too.
 */
export const withPictures = (origin) =>
  origin ? pageHeaders({ styles: "'self'", scripts: "'self'" }, ` ${origin}`) : PAGE_HEADERS;

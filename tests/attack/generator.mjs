// Requests that nobody would send in good faith, over all routes, methods and content types: the same for the same
// seed. Each is valid HTTP; what is not is in `test_attack.py`.

/**
 * Mulberry32: small, fast, and the same on every machine.
 *
 * @param {number} seed
 * @returns {() => number} 0..1, 1 excluded.
 */
export function randomFrom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

// An array of 100 million and sixteen nested ones of 33 million, in a few bytes each; and their relatives.
const HOSTILE = {
  'application/cbor': [
    '9a05f5e100',
    '9b00000000ffffffff',
    '5affffffff',
    'bb0000000fffffffff',
    'bf',
  ],
  'application/x-msgpack': ['dd01ffffff'.repeat(16), 'dfffffffff', 'c6ffffffff', 'c9ffffffff01'],
};

const TYPES = [
  'application/json',
  'application/json; charset=utf-8',
  'APPLICATION/JSON',
  'application/json-seq',
  'application/cbor',
  'APPLICATION/CBOR;x=y',
  'application/x-msgpack',
  'application/msgpack',
  'text/csv',
  'text/yaml',
  'text/plain',
  'text/event-stream',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  '*/*',
  ';',
  'x',
];
const METHODS = [
  ...['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND', 'SEARCH'],
  ...['LOCK', 'PURGE', 'REPORT', 'MKCALENDAR', 'M-SEARCH'],
];
const ACCEPT = [
  '*/*',
  'text/html',
  'application/*',
  'text/*',
  'application/cbor',
  'text/csv',
  '',
  'x;q=,',
];
const ENCODING = ['br', 'gzip, br;q=0', 'identity', '*;q=0', 'zstd', ';;,q=1'];
const LOGIN = [
  'Basic',
  'Basic !!!',
  'Basic bm9ib2R5Ondyb25n',
  'Bearer x.y.z',
  'Bearer',
  'Digest x',
  'é',
];
const ODD = [
  null,
  true,
  -1,
  0,
  1.5,
  1e308,
  '',
  '\u0000',
  '\ud800',
  '𝄞',
  [],
  {},
  [[]],
  'x'.repeat(101),
];

/**
 * @param {object} options
 * @param {number} options.seed
 * @param {string} options.prefix e.g. `/song-recommender`
 * @param {string} options.collection
 * @param {string[]} options.ids Of items that exist.
 * @returns {() => {method: string, path: string, headers: Record<string, string>, body?: Buffer}}
 */
export function createGenerator({ seed, prefix, collection, ids }) {
  const random = randomFrom(seed);
  const below = (most) => Math.floor(random() * most);
  const one = (list) => list[below(list.length)];
  const often = (share) => random() < share;
  const bytes = (most) => Buffer.from(Array.from({ length: below(most) }, () => below(256)));
  const text = (most) => bytes(most).toString('latin1');
  const id = () => (often(0.7) ? one(ids) : one([text(20), 'nobody', '__proto__', 'constructor']));
  const anything = () => one([() => one(ODD), () => text(30), () => below(2000) - 1000, id])();

  const addressed = () => encodeURIComponent(id());
  const queried = () =>
    one([
      `q=${encodeURIComponent(text(12))}`,
      'q=a',
      'limit=5',
      'limit=1e1',
      'limit=-1',
      'q=%ff',
      'x=1',
      '&&=',
      '?',
    ]);
  const odd = (most) => text(most).replace(/[^!-~]/g, '%');
  const page = () =>
    one(['ui/', 'ui', 'ui/status', 'ui/assets/', 'ui/index.html']) +
    one(['', 'x', '%2e%2e/', '?a']);
  // Each with the method that it answers.
  const paths = [
    ['POST', () => 'recommend'],
    ['POST', () => 'recommend'],
    ['POST', () => 'events'],
    ['GET', () => `${collection}?${queried()}&${queried()}`],
    ['GET', () => `${collection}/${addressed()}`],
    ['GET', () => `${collection}/${odd(4)}`],
    ['GET', () => `${collection}/${'x'.repeat(below(3000))}`],
    ['GET', () => one(['model', 'health', 'stats', '', '/', '//', '.', '..%2f..%2f', '%00', '%'])],
    ['GET', page],
    ['GET', () => odd(30)],
  ];

  const recommendation = () => ({
    favourites: Array.from({ length: below(13) }, id),
    ...(often(0.5) && { limit: below(120) }),
    ...(often(0.3) && { exclude: Array.from({ length: below(1100) }, id) }),
    ...(often(0.3) && { explain: often(0.5) }),
    ...(often(0.3) && { session: one(['a-session-of-nobody', text(20)]) }),
    ...(often(0.3) && { diversity: random() * 1.2 }),
    ...(often(0.2) && { strategy: one(['voters', 'popular', 'toString', text(9)]) }),
    ...(often(0.2) && { [one(['favourites', 'limit', 'exclude', 'x', 'toString'])]: anything() }),
  });
  const event = () => ({
    id: one(['event-0001', 'x', `event-${below(1e9)}-fuzz`]),
    type: one(['view', 'click', 'like', 'dislike', 'toString', text(9)]),
    at: one(['2026-11-24T10:00:00Z', '2026-99-99T10:00:00Z', text(20)]),
    ...(often(0.5) && { item: id() }),
    ...(often(0.5) && {
      answer: one([text(90), 'A'.repeat(below(3000)), bytes(90).toString('base64url')]),
    }),
    ...(often(0.3) && { position: below(30) - 5 }),
    ...(often(0.2) && { [one(['id', 'at', 'item', 'answer', '__proto__', 'x'])]: anything() }),
  });
  const batch = () => ({
    session: one(['a-session-of-nobody', 'a-session-of-nobody', text(30), anything()]),
    events: often(0.9) ? Array.from({ length: below(60) }, event) : anything(),
  });
  const nested = () => Buffer.from('['.repeat(below(50_000)));
  const bodies = [
    () => Buffer.from(JSON.stringify(recommendation())),
    () => Buffer.from(JSON.stringify(batch())),
    () => Buffer.from(JSON.stringify(recommendation())).subarray(0, below(80)),
    () => Buffer.from(`{"favourites":["x"],"__proto__":{"limit":${below(9)}}}`),
    () => Buffer.from(JSON.stringify(anything())),
    () => bytes(200),
    nested,
  ];
  const large = () => Buffer.alloc(below(3_000_000), 0x20);

  // Each with how often it is sent.
  const optional = {
    accept: [0.3, () => one(ACCEPT)],
    'accept-encoding': [0.2, () => one(ENCODING)],
    'content-encoding': [0.05, () => one(['gzip', 'br', 'identity', 'x'])],
    authorization: [0.05, () => one(LOGIN)],
    cookie: [0.05, () => `${one(['a', 'hdb-session'])}=${encodeURIComponent(text(9))}`],
    'if-none-match': [0.05, () => one(['*', 'W/"x"', '"', ',,'])],
    range: [0.05, () => 'bytes=0-1,5-'],
    origin: [0.05, () => one(['null', 'https://example.org', 'x'])],
    'x-forwarded-for': [0.05, () => one(['1.2.3.4', 'x', '::1, 10.0.0.1'])],
  };

  function headersFor(body) {
    const sent = Object.entries(optional).filter(([, [share]]) => often(share));
    const headers = Object.fromEntries(sent.map(([name, [, value]]) => [name, value()]));
    if (!body) return headers;
    const length = often(0.2)
      ? { 'transfer-encoding': 'chunked' }
      : { 'content-length': String(body.length) };
    return { ...headers, 'content-type': one(TYPES), ...length };
  }

  return function generate() {
    const [expected, makePath] = one(paths);
    const path = `${prefix}/${makePath()}`;
    const method = often(0.6) ? expected : one(METHODS);
    if (often(0.1)) {
      const type = one(Object.keys(HOSTILE));
      const body = Buffer.from(one(HOSTILE[type]), 'hex');
      return { method, path, headers: { ...headersFor(body), 'content-type': type }, body };
    }
    if (!often(method === 'POST' ? 0.95 : 0.3)) return { method, path, headers: headersFor() };
    const body = often(0.003) ? large() : one(bodies)();
    const headers = headersFor(body);
    if (often(0.6)) headers['content-type'] = 'application/json';
    return { method, path, headers, body };
  };
}

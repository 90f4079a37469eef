/**
 * Log lines that programs can read: after HarperDB's own beginning (time, thread, level) one JSON object each.
 */

/**
 * @param {{info: Function, warn: Function, error: Function}} logger HarperDB's.
 * @param {Record<string, unknown>} fields Of every line.
 * @returns {{info: Log, warn: Log, error: Log}}
 *
 * @typedef {(message: string, ...details: (Error | Record<string, unknown>)[]) => void} Log An error becomes the
 *   field `error`; the fields of another object are the line's.
 */
export function createStructuredLog(logger, fields) {
  const level =
    (name) =>
    (message, ...details) =>
      logger[name](lineOf(message, fields, details));
  return { info: level('info'), warn: level('warn'), error: level('error') };
}

function lineOf(message, fields, details) {
  const more = details.map((detail) => {
    if (detail instanceof Error) return { error: described(detail) };
    return typeof detail === 'object' ? detail : { detail: String(detail) };
  });
  return JSON.stringify(Object.assign({ message, ...fields }, ...more));
}

function described(error) {
  const { name, message, code, stack, cause } = error;
  return { name, message, code, stack, ...(cause instanceof Error && { cause: described(cause) }) };
}

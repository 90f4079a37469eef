const LIST = new Intl.ListFormat('en', { type: 'conjunction' });
const DATE = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long' });
// A day is no instant: where clocks are behind Greenwich's, its midnight would still be the day before.
const DAY = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeZone: 'UTC' });
const IS_DAY = /^\d{4}-\d{2}-\d{2}$/;
const TIME = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });
const NUMBER = new Intl.NumberFormat('en');
const WORDS = 'no one two three four five six seven eight nine ten'.split(' ');

/** @param {string} text @returns {string} The text with a capital first letter. */
export const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

/** @param {number} count @param {string} one @param {string} many @returns {string} "1,500 songs" */
export const counted = (count, one, many) => `${NUMBER.format(count)} ${count === 1 ? one : many}`;

/** @param {number} count @returns {string} "1,500" */
export const number = (count) => NUMBER.format(count);

/** @param {number} count 0 or more. @returns {string} "five", or figures where it is above ten */
export const spelled = (count) => WORDS[count] ?? NUMBER.format(count);

/** @param {string} when A day or an instant, ISO 8601. @returns {string} "24 November 2026", or what was given. */
export const date = (when) => written(IS_DAY.test(when) ? DAY : DATE, when);

/** @param {string} instant ISO 8601. @returns {string} Day and time, or what was given. */
export const time = (instant) => written(TIME, instant);

/** @param {number} milliseconds @returns {string} "0.8 ms", "12 ms" or "1.2 s" */
export function duration(milliseconds) {
  if (milliseconds >= 1000) return `${(milliseconds / 1000).toFixed(1)} s`;
  return `${milliseconds < 10 ? milliseconds.toFixed(1) : Math.round(milliseconds)} ms`;
}

/**
 * Splits a list into words and what stands between them, for a template to dress the words.
 *
 * @template T
 * @param {T[]} things
 * @returns {Array<{thing?: T, text?: string}>}
 */
export function joined(things) {
  const parts = LIST.formatToParts(things.map(String));
  let next = 0;
  return parts.map(({ type, value }) =>
    type === 'element' ? { thing: things[next++] } : { text: value },
  );
}

/**
 * How this model's items are named and drawn.
 *
 * @param {object} manifest As `GET …/model` answers it.
 */
export function itemWording(manifest) {
  const [titleField, ...others] = manifest.fields.map((field) => field.name);
  const { creator, fields } = manifest;
  const rest = others.filter((name) => name !== creator && name !== 'year');
  const isSearched = (name) =>
    fields.some((field) => field.name === name && field.searched !== false);
  return {
    /** The title, or the id of an item that has none. */
    title: (item) => String(item[titleField] || item.id),
    creator: (item) => String(item[creator] ?? ''),
    /** The line under the title: who made it, when, and what else is shown; is it looked at by the search? */
    line: (item) =>
      [creator, 'year', ...rest]
        .filter((name) => item[name])
        .map((name) => ({ text: String(item[name]), searched: isSearched(name) })),
    /** Title and creator as one phrase, for the name of a button. */
    named: (item) =>
      [item[titleField] || item.id, item[creator]].filter(Boolean).map(String).join(' by '),
  };
}

function written(format, instant) {
  const moment = new Date(instant);
  return Number.isNaN(moment.getTime()) ? String(instant) : format.format(moment);
}

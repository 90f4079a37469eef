import { titleOf } from '../../lib/page_title.js';
import { linkTo } from './links.js';

const LIST = new Intl.ListFormat('en-GB', { type: 'conjunction' });
const DATE = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long' });
// A day has no time zone: west of Greenwich, its midnight in UTC is still the day before.
const DAY = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeZone: 'UTC' });
const IS_DAY = /^\d{4}-\d{2}-\d{2}$/;
const TIME = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });
const NUMBER = new Intl.NumberFormat('en');
const WORDS = 'no one two three four five six seven eight nine ten'.split(' ');

/** @param {number} count @param {string} one @param {string} many @returns {string} "1,500 songs" */
export const counted = (count, one, many) => `${NUMBER.format(count)} ${count === 1 ? one : many}`;

/** @param {number} count @returns {string} "1,500" */
export const number = (count) => NUMBER.format(count);

/** @param {number} count 0 or more. @returns {string} "five", or digits above ten */
export const spelled = (count) => WORDS[count] ?? NUMBER.format(count);

/** @param {string} when A day or an instant, ISO 8601. @returns {string} "24 November 2026", or the text itself. */
export const date = (when) => written(IS_DAY.test(when) ? DAY : DATE, when);

/** @param {string} instant ISO 8601. @returns {string} Day and time, or the text itself. */
export const time = (instant) => written(TIME, instant);

/** @param {number} milliseconds @returns {string} "0.8 ms", "12 ms" or "1.2 s" */
export function duration(milliseconds) {
  if (milliseconds >= 1000) return `${(milliseconds / 1000).toFixed(1)} s`;
  return `${milliseconds < 10 ? milliseconds.toFixed(1) : Math.round(milliseconds)} ms`;
}

/**
 * Splits a list into its elements and the words between them, for a template to mark up the elements.
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
 * The words for a model's items, from its manifest.
 *
 * @param {object} manifest As `GET …/model` returns it.
 */
export function itemWording(manifest) {
  const { creator, fields } = manifest;
  const others = fields.slice(1);
  return {
    /** The title, or the id of an item without one. */
    title: (item) => titleOf(item, fields),
    creator: (item) => String(item[creator] ?? ''),
    hasCreators: Boolean(creator),
    /** The address of its picture, or null. */
    picture: (item) => linkTo(manifest.picture, item),
    /** The other fields, in the manifest's order, and whether a search looks into them. */
    line: (item) =>
      others
        .filter(({ name }) => item[name])
        .map(({ name, searched = true }) => ({ text: String(item[name]), searched })),
    /** Title and creator as one phrase, for the name of a button. */
    named: (item) =>
      [titleOf(item, fields), item[creator]].filter(Boolean).map(String).join(' by '),
  };
}

function written(format, instant) {
  const moment = new Date(instant);
  return Number.isNaN(moment.getTime()) ? String(instant) : format.format(moment);
}

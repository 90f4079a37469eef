/**
 * The row `experiment` of the table `current`, as docs/experiments.md describes it. The trainer writes it; what
 * stands in it may be anything, and a row that is not as described says so as its `problem`.
 */

import { areSettings, isStrategy } from './defaults.js';

const isText = (value) => typeof value === 'string' && value !== '';
const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
const isOneOf = (values) => (value) => values.includes(value);
const hasForm = (pattern) => (value) => typeof value === 'string' && pattern.test(value);

const RULES = [
  ['format', isOneOf([1]), '1'],
  ['id', hasForm(/^[0-9a-f]{8}$/), '8 hex digits'],
  ['state', isOneOf(['trial', 'running']), 'trial or running'],
  ['mode', isOneOf(['split', 'interleave']), 'split or interleave'],
  ['share', (value) => Number.isFinite(value) && value > 0 && value <= 1, 'above 0, at most 1'],
  ['salt', hasForm(/^[0-9a-f]{32}$/), '32 hex digits'],
  ...['champion', 'challenger'].flatMap((side) => [
    [side, isObject, 'an object'],
    [`${side}.version`, isText, 'a text'],
    [`${side}.strategy`, isStrategy, 'a text or null'],
    [`${side}.settings`, areSettings, 'diversity and novelty, each 0 to 1'],
  ]),
];

/**
 * @param {object | undefined} raw
 * @returns {ExperimentRow | undefined}
 *
 * @typedef {{version: string, strategy: string | null, settings: object}} Side
 * @typedef {{id: string, state: 'trial' | 'running', mode: 'split' | 'interleave', share: number, salt: string,
 *   champion: Side, challenger: Side, started?: string}} Experiment
 * @typedef {{version: string, at?: string, experiment?: Experiment, problem?: string}} ExperimentRow `version` is
 *   the challenger's. Either an experiment or a problem is there.
 */
export function experimentRowOf(raw) {
  if (raw === undefined || raw === null) return undefined;
  const { version, at, experiment } = raw;
  const problem = problemOf(version, experiment);
  if (problem) return { version: String(version), at, problem };
  return { version, at, experiment };
}

function problemOf(version, experiment) {
  if (!isObject(experiment)) return wrong('experiment', 'an object');
  const rule = RULES.find(([place, isRight]) => !isRight(valueAt(experiment, place)));
  if (rule) return wrong(rule[0], rule[2]);
  return version === experiment.challenger.version
    ? undefined
    : wrong('version', 'that of the challenger');
}

const valueAt = (object, place) => place.split('.').reduce((value, name) => value[name], object);
const wrong = (place, expected) =>
  `The row of the experiment is not as described: ${place}: expected ${expected}.`;

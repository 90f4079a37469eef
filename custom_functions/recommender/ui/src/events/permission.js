/**
 * Whether the page may record what its visitor does.
 *
 * - `disabled`: the recommender records nothing.
 * - `opted-out`: the visitor's browser asks sites not to (Global Privacy Control, Do Not Track).
 * - `ask`: the visitor must be asked first.
 * - `stopped`: the visitor said no, or stopped it.
 * - `on`: events are sent.
 *
 * @typedef {'disabled'|'opted-out'|'ask'|'stopped'|'on'} Permission
 */

/**
 * @param {object} options
 * @param {{enabled: boolean, consent: string}} [options.policy] `events` of `GET …/model`.
 * @param {boolean} options.optedOut
 * @param {'yes'|'no'|null} options.choice What the visitor chose in this tab.
 * @returns {Permission}
 */
export function permissionOf({ policy, optedOut, choice }) {
  if (!policy?.enabled) return 'disabled';
  if (optedOut) return 'opted-out';
  if (choice === 'no') return 'stopped';
  return choice === 'yes' || policy.consent === 'none' ? 'on' : 'ask';
}

/**
 * @param {{globalPrivacyControl?: boolean, doNotTrack?: string|null}} browser As `navigator`.
 * @returns {boolean}
 */
export const isOptedOut = ({ globalPrivacyControl, doNotTrack }) =>
  globalPrivacyControl === true || doNotTrack === '1' || doNotTrack === 'yes';

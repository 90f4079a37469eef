/**
 * Settings of a node's operator, from the environment of the HarperDB process: what is right depends on the
 * machine and its network, not on the model. See docs/operations.md. A wrong value is logged and left at its
 * default: throwing here would take away every route.
 */

const DEFAULTS = { maxWaiting: 64, clientRate: 0, proxies: [] };

/**
 * @param {Record<string, string | undefined>} env
 * @param {{error: Function}} log
 * @returns {{maxWaiting: number, clientRate: number, proxies: string[]}}
 */
export function readLoadSettings(env, log) {
  const numberOf = (name, least, most, otherwise) => {
    const text = env[name]?.trim();
    if (!text) return otherwise;
    const value = Number(text);
    if (value >= least && value <= most) return value;
    log.error(`${name}=${text}: expected a number from ${least} to ${most}; ${otherwise} is used`);
    return otherwise;
  };
  return {
    maxWaiting: Math.floor(numberOf('RECOMMENDER_MAX_WAITING', 1, 10_000, DEFAULTS.maxWaiting)),
    clientRate: numberOf('RECOMMENDER_CLIENT_RATE', 0, 100_000, DEFAULTS.clientRate),
    proxies: (env.RECOMMENDER_PROXIES ?? '')
      .split(',')
      .map((one) => one.trim())
      .filter(Boolean),
  };
}

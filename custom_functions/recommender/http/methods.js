/**
 * Why a path and a method together lead nowhere: no such route, or another method.
 */

import { ServiceError } from '../lib/errors.js';

/**
 * @param {{method: string, url: string}[]} routes Paths below the project, as Fastify writes them.
 * @returns {(method: string, path: string) => ServiceError} The path is below the project, without a query.
 */
export function createRefusal(routes) {
  const known = routes.map(({ method, url }) => ({ method, parts: partsOf(url) }));
  return function refusal(method, path) {
    const parts = partsOf(path);
    const here = known.filter((route) => fits(route.parts, parts));
    const methods = [...new Set(here.flatMap((route) => allowed(route.method)))];
    // A parameter that the router finds too long leads nowhere either, whatever the method.
    if (!here.length || methods.includes(method)) {
      return new ServiceError(404, 'unknown_route', 'There is no such route.');
    }
    const allow = methods.join(', ');
    return new ServiceError(405, 'method_not_allowed', `Use ${allow} here.`, {
      headers: { allow },
    });
  };
}

// A trailing slash changes nothing, in HarperDB's router as here.
const partsOf = (path) => path.replace(/^\/|\/$/g, '').split('/');

function fits(pattern, parts) {
  if (pattern.at(-1) === '*') return fits(pattern.slice(0, -1), parts.slice(0, pattern.length - 1));
  return (
    pattern.length === parts.length &&
    pattern.every((part, i) => part === parts[i] || (part.startsWith(':') && parts[i] !== ''))
  );
}

const allowed = (method) => (method === 'GET' ? ['GET', 'HEAD'] : [method]);

/**
 * Who asks: the address of the connection, or, where that is a proxy named in the settings, the address that
 * the proxy forwards. Anybody can write a forwarded header, so from elsewhere it is ignored.
 */

import { BlockList, isIP, isIPv6 } from 'node:net';

/**
 * @param {string[]} proxies Addresses and networks (`10.0.0.0/8`) whose `X-Forwarded-For` is believed.
 * @returns {(connection: string | undefined, forwarded?: string) => string} The client of a request.
 * @throws {Error} One of them is neither.
 */
export function createClientOf(proxies) {
  const trusted = new BlockList();
  for (const proxy of proxies) {
    const [address, bits] = proxy.split('/');
    if (bits === undefined) trusted.addAddress(address, familyOf(address));
    else trusted.addSubnet(address, Number(bits), familyOf(address));
  }
  const isProxy = (address) => isIP(address) > 0 && trusted.check(address, familyOf(address));

  return function clientOf(connection, forwarded) {
    let client = plainAddress(connection ?? '');
    // Each proxy appends the address that it was called from: read from the end, past our own.
    const hops = (forwarded ?? '').split(',').map((hop) => plainAddress(hop.trim()));
    while (isProxy(client) && isIP(hops.at(-1))) client = hops.pop();
    return network(client);
  };
}

const familyOf = (address) => (isIPv6(address) ? 'ipv6' : 'ipv4');
const plainAddress = (address) => address.replace(/^::ffff:(?=\d+\.)/i, '');

/** Of IPv6 the first 64 bits: a host there has them all. */
function network(address) {
  if (!isIPv6(address)) return address;
  const [head, tail] = address.split('%')[0].split('::');
  const groups = head ? head.split(':') : [];
  const behind = tail ? tail.split(':') : [];
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - groups.length - behind.length);
  const all = [...groups, ...new Array(zeros).fill('0'), ...behind];
  const first = all.slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16));
  return `${first.join(':')}::/64`;
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createClientOf } from '../../custom_functions/recommender/lib/clients.js';

test('the client is the connection’s address, and a forwarded one is ignored', () => {
  const clientOf = createClientOf([]);
  assert.equal(clientOf('192.0.2.7', '198.51.100.1'), '192.0.2.7');
  assert.equal(clientOf('::ffff:192.0.2.7'), '192.0.2.7');
  assert.equal(clientOf(undefined), '');
});

const clientOf = createClientOf(['10.0.0.0/8', '192.0.2.1', '2001:db8:aaaa::/48']);
for (const [what, connection, forwarded, client] of [
  ['a proxy that forwards one', '10.1.2.3', '198.51.100.1', '198.51.100.1'],
  ['a chain of two proxies', '192.0.2.1', '198.51.100.1, 10.9.9.9', '198.51.100.1'],
  ['what the client wrote itself', '10.1.2.3', '203.0.113.66, 198.51.100.1', '198.51.100.1'],
  ['a proxy that forwards nothing', '10.1.2.3', undefined, '10.1.2.3'],
  ['a proxy that forwards nonsense', '10.1.2.3', 'unknown', '10.1.2.3'],
  ['a proxy over IPv6', '2001:db8:aaaa::1', '198.51.100.1', '198.51.100.1'],
  ['a mapped address', '::ffff:10.1.2.3', '::ffff:198.51.100.1', '198.51.100.1'],
  ['somebody who is no proxy', '203.0.113.66', '198.51.100.1', '203.0.113.66'],
]) {
  test(`${what}: ${client}`, () => assert.equal(clientOf(connection, forwarded), client));
}

test('all addresses of one IPv6 network of 64 bits are one client', () => {
  const of = createClientOf([]);
  const one = of('2001:db8:1:2:3:4:5:6');
  assert.equal(one, '2001:db8:1:2::/64');
  for (const same of ['2001:db8:1:2::', '2001:0DB8:1:2::9', '2001:db8:1:2:ffff::']) {
    assert.equal(of(same), one);
  }
  for (const other of ['2001:db8:1:3::', '2001:db8::2', '::1', 'fe80::1%eth0']) {
    assert.notEqual(of(other), one);
  }
  assert.equal(of('::1'), '0:0:0:0::/64');
});

test('a proxy that is no address is an error', () => {
  for (const wrong of ['proxy.example', '10.0.0.0/99', '10.0.0.0/x']) {
    assert.throws(() => createClientOf([wrong]));
  }
});

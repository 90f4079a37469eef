// Loaded into a local HarperDB (`node --require`): keeps every one of its ports on loopback.
//
// HarperDB 4.7 keeps a server for "all ports" a worker (authentication registers it) and listens with it too: its
// name is no number, so that the system chooses a port, on all interfaces, and no setting names an address. It
// answers nothing but 404. See docs/operations.md.

const Module = require('node:module');

const LOOPBACK = '127.0.0.1';
const load = Module._load;

Module._load = function loadOnLoopback(name, ...rest) {
  const loaded = load.call(this, name, ...rest);
  if (name !== 'node-unix-socket') return loaded;
  const createReuseportFd = (port, host) =>
    loaded.createReuseportFd(port, port > 0 ? host : LOOPBACK);
  return { ...loaded, createReuseportFd };
};

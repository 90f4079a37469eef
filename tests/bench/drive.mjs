// Asks one route over some connections, each again as soon as it was answered. Reads its task from standard input
// as JSON: {url, method, bodies, connections, seconds, address}; writes its figures to standard output.
import http from 'node:http';

const task = JSON.parse(await read(process.stdin));
const { hostname, port, pathname } = new URL(task.url);
const agent = new http.Agent({ keepAlive: true, maxSockets: task.connections });
const bodies = (task.bodies ?? []).map((body) => JSON.stringify(body));
const until = performance.now() + task.seconds * 1000;
const found = { answered: [], shed: [], failed: 0 };
let sent = 0;

await Promise.all(Array.from({ length: task.connections }, askAgainAndAgain));
agent.destroy();
process.stdout.write(JSON.stringify(found));

async function askAgainAndAgain() {
  while (performance.now() < until) {
    const began = performance.now();
    const status = await ask(bodies[sent++ % bodies.length]);
    const took = performance.now() - began;
    if (status === 200) found.answered.push(took);
    else if (status === 503) found.shed.push(took);
    else found.failed++;
  }
}

function ask(body) {
  return new Promise((resolve) => {
    const headers = body && {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
    };
    const options = {
      method: task.method,
      hostname,
      port,
      path: pathname,
      agent,
      headers,
      localAddress: task.address,
    };
    const request = http.request(options, (answer) => {
      answer.resume();
      answer.on('end', () => resolve(answer.statusCode));
    });
    request.on('error', () => resolve(0));
    request.end(body);
  });
}

async function read(stream) {
  const parts = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts).toString();
}

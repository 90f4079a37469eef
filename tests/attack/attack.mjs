// Sends what `generator.mjs` makes, and then recommendations as fast as they are answered, and watches the server's
// memory meanwhile. Reads its task from standard input as JSON: {url, collection, ids, pid, seed, requests,
// recommendations, connections}; writes its findings to standard output. Loopback only.
import { readFile } from 'node:fs/promises';
import http from 'node:http';
import { createGenerator, randomFrom } from './generator.mjs';

const LOOPBACK = new Set(['127.0.0.1', '[::1]', 'localhost']);
const PATIENCE_MS = 30_000;

const task = JSON.parse(await read(process.stdin));
const { hostname, port, pathname } = new URL(task.url);
if (!LOOPBACK.has(hostname)) throw new Error(`${hostname}: only loopback is attacked`);
const prefix = pathname.replace(/\/$/, '');
const agent = new http.Agent({ keepAlive: true, maxSockets: task.connections });

const generated = await attack(task.requests, nextGenerated(), checkGenerated);
const recommended = await attack(task.recommendations, nextRecommendation(), checkRecommendation);
agent.destroy();
process.stdout.write(JSON.stringify({ generated, recommended }));

/** Sends `count` requests over as many connections as the task says, and notes memory at each twentieth. */
async function attack(count, next, check) {
  const found = { sent: 0, statuses: {}, faults: [], memory: [], seconds: 0 };
  const began = performance.now();
  const every = Math.max(1, Math.floor(count / 20));
  async function send() {
    while (found.sent < count) {
      const number = ++found.sent;
      const request = next();
      try {
        const answer = await exchange(request);
        found.statuses[answer.status] = (found.statuses[answer.status] ?? 0) + 1;
        const fault = check(request, answer);
        if (fault) note(found, request, fault);
      } catch (error) {
        note(found, request, `${error.code ?? ''} ${error.message}`);
      }
      if (number % every === 0) found.memory.push(await memoryOf(task.pid));
    }
  }
  await Promise.all(Array.from({ length: task.connections }, send));
  found.seconds = (performance.now() - began) / 1000;
  return found;
}

function note(found, { method, path, headers }, fault) {
  if (found.faults.length < 20)
    found.faults.push({ method, path: path.slice(0, 200), headers, fault });
}

function nextGenerated() {
  const { seed, collection, ids } = task;
  return createGenerator({ seed, prefix, collection, ids });
}

function nextRecommendation() {
  const random = randomFrom(task.seed + 1);
  const some = (most) =>
    Array.from(
      { length: 1 + Math.floor(random() * most) },
      () => task.ids[Math.floor(random() * task.ids.length)],
    );
  return () => {
    const body = Buffer.from(
      JSON.stringify({
        favourites: some(10),
        limit: 1 + Math.floor(random() * 20),
        exclude: some(20),
        explain: random() < 0.3,
      }),
    );
    const headers = { 'content-type': 'application/json', 'content-length': String(body.length) };
    return { method: 'POST', path: `${prefix}/recommend`, headers, body };
  };
}

// A deliberate 503 says when to try again; no other 5xx is one.
const isDeliberate = ({ status, headers }) => status === 503 && headers['retry-after'];

function checkGenerated({ method }, answer) {
  const { status, headers, text } = answer;
  if (status >= 500 && !isDeliberate(answer)) return `${status}: ${text.slice(0, 200)}`;
  if (status < 400 || method === 'HEAD') return undefined;
  if (headers['x-content-type-options'] !== 'nosniff')
    return `${status} without our headers: ${text.slice(0, 200)}`;
  const { statusCode, code, message, ...more } = JSON.parse(text);
  const isOurs = statusCode === status && code && message;
  // Without a model /health says more than an error does; here there is one.
  return isOurs && !Object.keys(more).length ? undefined : `another shape: ${text.slice(0, 200)}`;
}

function checkRecommendation(request, answer) {
  if (answer.status === 200)
    return JSON.parse(answer.text).recommendations.length ? undefined : 'no recommendations';
  return isDeliberate(answer) ? undefined : `${answer.status}: ${answer.text.slice(0, 200)}`;
}

function exchange({ method, path, headers, body }) {
  return new Promise((resolve, reject) => {
    const options = { method, hostname, port, path, headers, agent, timeout: PATIENCE_MS };
    const request = http.request(options, (answer) => {
      read(answer).then(
        (text) => resolve({ status: answer.statusCode, headers: answer.headers, text }),
        reject,
      );
    });
    let answered = false;
    request.on('response', () => (answered = true));
    request.on('timeout', () => request.destroy(new Error(`no answer within ${PATIENCE_MS} ms`)));
    // A server that has answered need not read the rest of a body that it refused.
    request.on('error', (error) => answered || reject(error));
    request.end(body);
  });
}

async function memoryOf(pid) {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(status.match(/^VmRSS:\s+(\d+) kB/m)[1]) * 1024;
}

async function read(stream) {
  const parts = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts).toString();
}

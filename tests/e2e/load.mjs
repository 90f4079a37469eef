// Asks one route again and again at a steady rate, whether or not the last answer has come, and compares every
// answer with what the version that it names is known to say; an interleaved answer is `interleaved`'s. Reads its task
// from standard input as JSON: {url, bodies, expected: {version: [[id…] a body]}, rate, seconds}; writes its findings to
// standard output, among them the variants that each body's answers named.
import http from 'node:http';

const task = JSON.parse(await read(process.stdin));
const agent = new http.Agent({ keepAlive: true, maxSockets: 32 });
const { hostname, port, pathname } = new URL(task.url);
const bodies = task.bodies.map((body) => JSON.stringify(body));
const found = { sent: 0, answered: 0, failed: [], mixed: [], samples: [] };
const variants = bodies.map(() => new Set());
const pending = [];
const began = Date.now();

await new Promise((resolve) => {
  const timer = setInterval(() => {
    const passed = Date.now() - began;
    const due = Math.floor((Math.min(passed, task.seconds * 1000) * task.rate) / 1000);
    while (found.sent < due) pending.push(ask(found.sent++));
    if (passed >= task.seconds * 1000) resolve(clearInterval(timer));
  }, 5);
});
await Promise.all(pending);
agent.destroy();
process.stdout.write(
  JSON.stringify({ ...found, variants: variants.map((one) => [...one]), began, ended: Date.now() }),
);

async function ask(number) {
  const which = number % bodies.length;
  const start = performance.now();
  const at = Date.now();
  try {
    const { status, text } = await post(bodies[which]);
    found.samples.push([at, performance.now() - start]);
    if (status !== 200) return found.failed.push(`${status}: ${text.slice(0, 200)}`);
    found.answered += 1;
    const { model, variant = null, recommendations } = JSON.parse(text);
    variants[which].add(variant);
    const ids = recommendations.map(({ id }) => id);
    const right = task.expected[variant === 'interleaved' ? variant : model]?.[which];
    if (!right || ids.join() !== right.join()) found.mixed.push(`${model}: ${ids}`);
  } catch (error) {
    found.failed.push(String(error));
  }
}

function post(body) {
  return new Promise((resolve, reject) => {
    const headers = {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
    };
    const options = { method: 'POST', hostname, port, path: pathname, agent, headers };
    const request = http.request(options, async (answer) => {
      resolve({ status: answer.statusCode, text: await read(answer) });
    });
    request.on('error', reject);
    request.end(body);
  });
}

async function read(stream) {
  const parts = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts).toString();
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createStructuredLog } from '../../custom_functions/recommender/lib/structured_log.js';

function written(write) {
  const lines = [];
  const level = (name) => (line) => lines.push([name, line]);
  const logger = { info: level('info'), warn: level('warn'), error: level('error') };
  write(createStructuredLog(logger, { project: 'song-recommender', worker: 3 }));
  return lines;
}

test('a line is one JSON object at the level it was logged at', () => {
  for (const name of ['info', 'warn', 'error']) {
    const [[level, line]] = written((log) => log[name]('a model answers', { version: 'v1' }));
    assert.equal(level, name);
    const fields = {
      message: 'a model answers',
      project: 'song-recommender',
      worker: 3,
      version: 'v1',
    };
    assert.deepEqual(JSON.parse(line), fields);
  }
});

test('an error is a field with its stack and its cause, and the line stays one', () => {
  const cause = Object.assign(new TypeError('no\nsuch table'), { code: 'E1' });
  const error = new Error('cannot be read', { cause });
  const [[, line]] = written((log) => log.error('a request failed', error, { request_id: 'r1' }));
  assert.ok(!line.includes('\n'));
  const parsed = JSON.parse(line);
  assert.equal(parsed.request_id, 'r1');
  assert.match(parsed.error.stack, /structured_log\.test\.js/);
  assert.deepEqual(
    [parsed.error.name, parsed.error.message, parsed.error.cause.message, parsed.error.cause.code],
    ['Error', 'cannot be read', 'no\nsuch table', 'E1'],
  );
});

test('whatever else was thrown is written as text', () => {
  for (const thrown of ['disk full', 7, undefined]) {
    const [[, line]] = written((log) => log.warn('it failed', thrown));
    assert.equal(JSON.parse(line).detail, String(thrown));
  }
});

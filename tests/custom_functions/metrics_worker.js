/** A worker thread that exchanges figures, as HarperDB's do. */

import { parentPort, workerData } from 'node:worker_threads';
import { createExchange } from '../../custom_functions/recommender/lib/metrics/exchange.js';

const { name, worker, workers, busy } = workerData;
let reads = 0;
const read = () => ({ reads: ++reads });
const exchange = createExchange({
  name,
  node: { worker, workers },
  read,
  patience: 5000,
  fresh: 0,
});

parentPort.on('message', async (message) => {
  if (message === 'gather') parentPort.postMessage(await exchange.gather());
  if (message === 'end') {
    exchange.close();
    parentPort.close();
  }
});
parentPort.postMessage('ready');
// As a computation does that never ends.
if (busy) for (;;);

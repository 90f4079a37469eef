/**
 * Builds what HarperDB loads: custom_functions/recommender/dist/, self-contained, so that a node asks no
 * package registry. The same sources give the same bytes.
 */

import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const source = join(root, 'custom_functions', 'recommender');
const dist = join(source, 'dist');
const wasm = dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm'));

// The threaded third one is left out: the component never turns threads on.
const WASM_FILES = ['tfjs-backend-wasm.wasm', 'tfjs-backend-wasm-simd.wasm'];

await rm(dist, { recursive: true, force: true });
await mkdir(join(dist, 'routes'), { recursive: true });
await build({
  entryPoints: [join(source, 'routes', 'recommend.js')],
  outfile: join(dist, 'routes', 'recommend.js'),
  bundle: true,
  platform: 'node',
  target: 'node20',
  // As an ES module the wasm loader would miss __dirname.
  format: 'cjs',
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'none',
  // tfjs calls its backends' registration free of side effects; believed, they would be shaken out.
  ignoreAnnotations: true,
  // Paths in comments would make the bytes depend on where this is built.
  absWorkingDir: root,
  logLevel: 'warning',
});
for (const file of WASM_FILES) await cp(join(wasm, file), join(dist, 'routes', file));
for (const file of ['config.yaml', 'schema.graphql'])
  await cp(join(source, file), join(dist, file));
const manifest = { name: basename(source), private: true, type: 'commonjs' };
await writeFile(join(dist, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);

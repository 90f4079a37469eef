import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import vue from '@vitejs/plugin-vue';
import { defineConfig } from 'vite';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

const COMPRESSED = /\.(html|js|css|svg)$/;

/** Writes each file compressed beside itself, once and as small as it gets, for the routes to send. */
const compressed = () => ({
  name: 'compressed',
  apply: 'build',
  async writeBundle({ dir }) {
    const files = await readdir(dir, { recursive: true });
    await Promise.all(
      files.filter((path) => COMPRESSED.test(path)).map((path) => compress(dir, path)),
    );
  },
});

async function compress(dir, path) {
  const file = join(dir, path);
  const content = await readFile(file);
  const brotli = brotliCompressSync(content, {
    params: { [constants.BROTLI_PARAM_SIZE_HINT]: content.length },
  });
  const variants = { '.br': brotli, '.gz': gzipSync(content, { level: 9 }) };
  for (const [suffix, body] of Object.entries(variants)) {
    if (body.length < content.length) await writeFile(`${file}${suffix}`, body);
  }
}

/**
 * Orders what the page waits for. Nothing is painted before the style sheets in the head are there, so only the
 * first stays: it is the one that both pages share and dresses what index.html holds by itself. The components'
 * own follow the body's content, and the scripts ask for the line last.
 */
const paintFirst = () => ({
  name: 'paint-first',
  apply: 'build',
  transformIndexHtml: {
    order: 'post',
    handler(html) {
      const [shell, ...others] = html.match(/ *<link rel="stylesheet"[^>]*>\n/g) ?? [];
      const bare = [shell, ...others].reduce((rest, style) => rest.replace(style, ''), html);
      return bare
        .replace(/ *<script type="module"/, `${shell}$&`)
        .replace(/<script type="module"|<link rel="modulepreload"/g, '$& fetchpriority="low"')
        .replace(/ *<\/body>/, `${others.join('')}$&`);
    },
  },
});

export default defineConfig({
  root: here('.'),
  // The same files answer under every project's prefix, so no address in them may be absolute.
  base: './',
  plugins: [vue(), paintFirst(), compressed()],
  define: { __VUE_OPTIONS_API__: false, __VUE_PROD_DEVTOOLS__: false },
  build: {
    outDir: here('../web/ui'),
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: 'es2022',
    rollupOptions: { input: { pick: here('index.html'), status: here('status/index.html') } },
  },
});

import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import vue from '@vitejs/plugin-vue';
import { defineConfig } from 'vite';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/**
 * Asks for the model while the script is still on its way: the page needs it before its search box works, and on a
 * slow network one round trip less is a good part of the wait.
 */
const askEarly = () => ({
  name: 'ask-early',
  apply: 'build',
  transformIndexHtml: (html, { path }) =>
    path === '/index.html'
      ? [
          {
            tag: 'link',
            attrs: { rel: 'preload', as: 'fetch', crossorigin: true, href: '../model' },
            injectTo: 'head',
          },
        ]
      : [],
});

/** The page of the API is served beside `ui/`, where its files are. */
const besidePages = () => ({
  name: 'beside-pages',
  apply: 'build',
  transformIndexHtml: {
    order: 'post',
    handler: (html, { path }) =>
      path === '/docs/index.html' ? html.replace(/="\.\.\/(assets\/|mark)/g, '="../ui/$1') : html,
  },
});

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

const SHELL = /\/index-[^/]*\.css"/;

/**
 * Lets the page be painted early. Style sheets in the head block painting, so only the shared one, which index.html
 * itself needs, stays there. Those of the components follow the body's content, and scripts get a low priority.
 */
const paintFirst = () => ({
  name: 'paint-first',
  apply: 'build',
  transformIndexHtml: {
    order: 'post',
    handler(html) {
      const styles = html.match(/ *<link rel="stylesheet"[^>]*>\n/g) ?? [];
      // By name: their order follows from how the scripts are divided into files.
      const shell = styles.find((style) => SHELL.test(style));
      if (!shell) throw new Error('paint-first: the page has no shared style sheet');
      const others = styles.filter((style) => style !== shell);
      const bare = styles.reduce((rest, style) => rest.replace(style, ''), html);
      return bare
        .replace(/ *<script type="module"/, `${shell}$&`)
        .replace(/<script type="module"|<link rel="modulepreload"/g, '$& fetchpriority="low"')
        .replace(/ *<\/body>/, `${others.join('')}$&`);
    },
  },
});

export default defineConfig({
  root: here('.'),
  // The same files are served under every project's prefix, so they contain no absolute addresses.
  base: './',
  plugins: [vue(), askEarly(), paintFirst(), besidePages(), compressed()],
  define: { __VUE_OPTIONS_API__: false, __VUE_PROD_DEVTOOLS__: false },
  build: {
    outDir: here('../web/ui'),
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: 'es2022',
    rollupOptions: {
      // Left to itself, what only two of the pages share becomes a file of 600 bytes: one request more for each.
      output: {
        manualChunks: (id) =>
          /src\/((accent|api|figures|wording)\.js|components\/PageTop)/.test(id)
            ? 'shared'
            : undefined,
      },
      input: {
        pick: here('index.html'),
        status: here('status/index.html'),
        docs: here('docs/index.html'),
      },
    },
  },
});

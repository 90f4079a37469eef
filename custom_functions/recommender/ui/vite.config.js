import { fileURLToPath } from 'node:url';
import vue from '@vitejs/plugin-vue';
import { defineConfig } from 'vite';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

/**
 * Writes the Content-Security-Policy into the built pages, but not into the development server's, whose hot reload
 * needs inline styles.
 */
const policy = () => ({
  name: 'content-security-policy',
  apply: 'build',
  transformIndexHtml: () => [
    {
      tag: 'meta',
      attrs: { 'http-equiv': 'Content-Security-Policy', content: POLICY },
      injectTo: 'head-prepend',
    },
  ],
});

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
  // The same files are served under every project's prefix, so they contain no absolute addresses.
  base: './',
  plugins: [vue(), policy(), paintFirst()],
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

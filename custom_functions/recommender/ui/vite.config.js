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
 * Writes the Content-Security-Policy into the built pages. The development server is left out: its
 * hot reload needs inline styles that the pages themselves do without.
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

import { defineConfig } from 'vite';

export default defineConfig({
  build: {
    // `_headers` allows no inline code, and a font in a data: URL is a font that cannot be cached.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: 'es2022',
  },
});

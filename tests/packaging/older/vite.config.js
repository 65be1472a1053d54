import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';

const pages = ['index.html', 'react.html', 'svelte.html'];
const servers = ['./react/server.tsx', './svelte/server.ts'];

export default defineConfig(({ isSsrBuild, mode }) => ({
  plugins: [svelte({ compilerOptions: { hydratable: true } })],
  build: {
    outDir: isSsrBuild ? 'server' : 'dist',
    rollupOptions: {
      input: isSsrBuild ? Object.fromEntries(servers.map((file) => [file.split('/')[1], file])) : pages,
    },
  },
  optimizeDeps: {
    // What compiled TSX imports, which Vite cannot see before it has compiled some; it would then load the page again.
    include: ['react/jsx-dev-runtime'],
    exclude: mode === 'excluded' ? ['quash'] : [],
  },
  server: { proxy: { '/auth': process.env.EDGE ?? '' } },
}));

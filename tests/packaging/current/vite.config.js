import { svelte } from '@sveltejs/vite-plugin-svelte';
import react from '@vitejs/plugin-react';
import vue from '@vitejs/plugin-vue';
import { defineConfig } from 'vite';

const pages = ['index.html', 'react.html', 'vue.html', 'svelte.html'];
const servers = ['./react/server.tsx', './vue/server.ts', './svelte/server.ts'];

export default defineConfig(({ isSsrBuild }) => ({
  plugins: [react(), vue(), svelte()],
  build: {
    outDir: isSsrBuild ? 'server' : 'dist',
    rollupOptions: {
      input: isSsrBuild ? Object.fromEntries(servers.map((file) => [file.split('/')[1], file])) : pages,
    },
  },
  server: { proxy: { '/auth': process.env.EDGE ?? '' } },
}));

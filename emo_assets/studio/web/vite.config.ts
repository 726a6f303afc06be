import react from '@vitejs/plugin-react'
import { defineConfig } from 'vitest/config'

const studio = 'http://127.0.0.1:8000'
const addresses = [
  'submit',
  'status',
  'result',
  'events',
  'cancel',
  'track',
  'tracks',
  'schema',
  'presets',
  'health',
]

export default defineConfig({
  plugins: [react()],
  build: {
    outDir: '../pages',
    emptyOutDir: true,
    chunkSizeWarningLimit: 2000,
    rollupOptions: {
      input: ['index.html', 'docs.html'],
    },
  },
  // `npm run dev` needs a running studio for the API
  server: {
    proxy: Object.fromEntries(addresses.map((address) => [`/${address}`, studio])),
  },
  test: { environment: 'node', include: ['src/**/*.test.ts'] },
})

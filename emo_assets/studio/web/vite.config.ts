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
  // `npm run dev` shows changes at once, with the songs of a studio that runs beside it
  server: {
    proxy: Object.fromEntries(addresses.map((address) => [`/${address}`, studio])),
  },
  test: { environment: 'node', include: ['src/**/*.test.ts'] },
})

import './page.css'
import { ChakraProvider } from '@chakra-ui/react'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from './App'
import type { ApiError } from './api'
import { system } from './theme'

declare module '@tanstack/react-query' {
  interface Register {
    defaultError: ApiError
  }
}

const client = new QueryClient({
  defaultOptions: {
    queries: {
      retry: (count, error) => error.status === 0 && count < 3,
      refetchOnWindowFocus: false,
    },
  },
})

const root = document.getElementById('root')
if (root) {
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={client}>
        <ChakraProvider value={system}>
          <App />
        </ChakraProvider>
      </QueryClientProvider>
    </StrictMode>,
  )
}

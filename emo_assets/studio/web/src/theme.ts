// Fonts and colors.
import { createSystem, defaultConfig, defineConfig } from '@chakra-ui/react'

const modes = (light: string, dark: string) => ({ value: { _light: light, _dark: dark } })

const config = defineConfig({
  globalCss: {
    body: { bg: 'bg', color: 'fg', minHeight: '100dvh' },
    '*:focus-visible': { outline: '2px solid', outlineColor: 'focus', outlineOffset: '2px' },
  },
  theme: {
    tokens: {
      fonts: {
        heading: { value: "'Bricolage Grotesque Variable', system-ui, sans-serif" },
        body: { value: "'Inter Variable', system-ui, sans-serif" },
      },
      radii: { card: { value: '20px' } },
    },
    semanticTokens: {
      colors: {
        bg: {
          DEFAULT: modes('#faf6ef', '#131019'),
          panel: modes('#ffffff', '#1d1926'),
          subtle: modes('#f4eee4', '#262131'),
          muted: modes('#ebe3d6', '#332c40'),
        },
        fg: {
          DEFAULT: modes('#211b2b', '#f4effa'),
          muted: modes('#5c5466', '#b9b0c6'),
          subtle: modes('#6c6475', '#a79eb5'),
        },
        border: { DEFAULT: modes('#e4dacb', '#463e56') },
        gray: { muted: modes('#d3c6b3', '#554c66') },
        accent: modes('#6d2bb8', '#c9a2ff'),
        focus: modes('#6d2bb8', '#d9bfff'),
        roll: modes('#241d31', '#0e0b14'),
      },
    },
  },
})

export const system = createSystem(defaultConfig, config)

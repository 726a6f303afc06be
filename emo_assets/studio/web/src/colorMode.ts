// Dark or light mode: the user's choice, or the system's preference.
import { useEffect, useState } from 'react'

type Mode = 'light' | 'dark'
const PLACE = 'emo-studio-colour-mode'

function firstMode(): Mode {
  const chosen = localStorage.getItem(PLACE)
  if (chosen === 'light' || chosen === 'dark') return chosen
  return matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light'
}

export function useColorMode(): [Mode, () => void] {
  const [mode, setMode] = useState<Mode>(firstMode)
  useEffect(() => {
    document.documentElement.classList.remove('light', 'dark')
    document.documentElement.classList.add(mode)
    document.documentElement.style.colorScheme = mode
  }, [mode])
  const toggle = () => {
    const other = mode === 'dark' ? 'light' : 'dark'
    localStorage.setItem(PLACE, other)
    setMode(other)
  }
  return [mode, toggle]
}

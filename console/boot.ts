// Runs before the first paint: colour scheme and language are those of the last visit, so that nothing flashes.
const stored = (name: string): string | null => {
  try {
    return localStorage.getItem(name)
  } catch {
    return null
  }
}
const scheme = stored('portreeve-scheme') ?? 'auto'
const dark = scheme === 'dark' || (scheme === 'auto' && matchMedia('(prefers-color-scheme: dark)').matches)
document.documentElement.setAttribute('data-mantine-color-scheme', dark ? 'dark' : 'light')
const language = stored('portreeve-language') ?? navigator.language
document.documentElement.lang = language.toLowerCase().startsWith('zh') ? 'zh-CN' : 'en'

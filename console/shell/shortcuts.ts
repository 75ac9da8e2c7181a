import { useEffect } from 'react'

const typing = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName)) &&
  !(target instanceof HTMLInputElement && /^(checkbox|radio|button)$/.test(target.type))

/** `/` to the page's search field, `?` to help, `g` and a letter to a room. Silent while one types or a dialog is open. */
export function useShortcuts(go: (letter: string) => boolean, help: () => void): void {
  useEffect(() => {
    let pending = 0
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return
      if (document.querySelector('[role=dialog]')) return
      if (event.key === '?') {
        event.preventDefault()
        help()
      } else if (event.key === '/') {
        const field = document.querySelector<HTMLElement>('[data-page-search]')
        if (!field) return
        event.preventDefault()
        field.focus()
      } else if (event.key === 'g') pending = event.timeStamp
      else if (pending && event.timeStamp - pending < 1500) {
        pending = 0
        if (go(event.key)) event.preventDefault()
      }
    }
    addEventListener('keydown', onKey)
    return () => removeEventListener('keydown', onKey)
  }, [go, help])
}

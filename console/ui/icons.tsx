import type { CSSProperties } from 'react'

const PATHS = {
  anchor: 'M12 8v13M5 12H3a9 9 0 0 0 18 0h-2M12 8a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5',
  overview: 'M4 20V10m5.3 10V4m5.4 16v-7M20 20V7',
  calls: 'M4 6h16M4 12h16M4 18h10',
  play: 'M7 5l11 7-11 7z',
  provider: 'M4 7h16v4H4zM4 13h16v4H4zM8 9h.01M8 15h.01',
  model: 'M12 3l8 4.5v9L12 21l-8-4.5v-9zM12 12l8-4.5M12 12v9M12 12L4 7.5',
  alias: 'M4 12h5l4-6h7M13 18h7M9 12l4 6M17 3l3 3-3 3M17 15l3 3-3 3',
  key: 'M14.5 9.5a4.5 4.5 0 1 0-3.6 4.4L13 16h2v2h2v2h3v-3.2l-6.3-6.1M8 8h.01',
  limit: 'M5 18a8.5 8.5 0 1 1 14 0M12 14l4-5',
  role: 'M12 3l7 3v5c0 4.8-3 8.3-7 10-4-1.7-7-5.2-7-10V6zM9 12l2 2 4-4.5',
  settings: 'M4 7h10M18 7h2M4 17h4M12 17h8M14 5v4M8 15v4',
  welcome: 'M5 21V8a7 7 0 0 1 14 0v13M5 13h14M9.5 13v8M14.5 13v8',
  search: 'M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13M15.5 15.5L20 20',
  copy: 'M9 9h11v11H9zM5 15H4V4h11v1',
  check: 'M5 12.5l4.5 4.5L19 7',
  cross: 'M6 6l12 12M18 6L6 18',
  warn: 'M12 4l9 16H3zM12 10v4M12 17h.01',
  info: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18M12 11v5M12 8h.01',
  pause: 'M8 5v14M16 5v14',
  plus: 'M12 5v14M5 12h14',
  minus: 'M5 12h14',
  trash: 'M4 7h16M9 7V4h6v3M6 7l1 13h10l1-13',
  edit: 'M4 20h4L19 9l-4-4L4 16zM13 7l4 4',
  chevron: 'M9 6l6 6-6 6',
  down: 'M6 9l6 6 6-6',
  up: 'M6 15l6-6 6 6',
  external: 'M9 5H5v14h14v-4M13 4h7v7M20 4l-9 9',
  download: 'M12 4v11M7 11l5 5 5-5M5 20h14',
  upload: 'M12 20V9M7 13l5-5 5 5M5 4h14',
  sun: 'M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8M12 2v2M12 20v2M4.9 4.9l1.4 1.4M17.7 17.7l1.4 1.4M2 12h2M20 12h2M4.9 19.1l1.4-1.4M17.7 6.3l1.4-1.4',
  moon: 'M20 14.5A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.5',
  screen: 'M3 5h18v11H3zM9 20h6M12 16v4',
  language: 'M4 6h9M8.5 4v2M11 6c-.800 4-3.3 6.5-6.5 8M6.5 9c1 2.3 3 4.3 5.5 5.2M12 20l4-9 4 9M13.3 17h5.4',
  user: 'M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8M4.5 20a7.5 7.5 0 0 1 15 0',
  out: 'M10 4H5v16h5M14 8l4 4-4 4M18 12H9',
  clock: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18M12 7v5l3.5 2',
  tool: 'M14.5 6.5a4 4 0 0 1 5-3l-2.5 2.5 1 1L20.5 4.5a4 4 0 0 1-5.5 5l-8 8a1.8 1.8 0 0 1-2.5-2.5z',
  image: 'M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4M9 9.5h.01',
  send: 'M4 12l16-8-6 16-3-7z',
  columns: 'M4 5h16v14H4zM9.5 5v14M14.5 5v14',
  menu: 'M4 7h16M4 12h16M4 17h16',
  refresh: 'M19 8a8 8 0 1 0 1 6M20 4v5h-5',
  question: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18M9.5 9.5a2.5 2.5 0 1 1 3.7 2.2c-.800.5-1.2 1-1.2 1.9M12 16.5h.01',
  dots: 'M5 12h.01M12 12h.01M19 12h.01',
  file: 'M6 3h8l4 4v14H6zM14 3v4h4',
  route: 'M6 19a2 2 0 1 0 0-4 2 2 0 0 0 0 4M18 9a2 2 0 1 0 0-4 2 2 0 0 0 0 4M8 17h6a4 4 0 0 0 4-4V9M6 15V7',
} as const

export type IconName = keyof typeof PATHS

/** A line icon. Decorative: the text beside it, or the control's label, says the same. */
export function Icon({ name, size = 16, style }: { name: IconName; size?: number; style?: CSSProperties }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth={name === 'dots' ? 3 : 1.8}
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      style={{ flex: 'none', ...style }}
    >
      <path d={PATHS[name]} />
    </svg>
  )
}

/** The harbour gate, with its lamp. */
export function Logo({ size = 26 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true" fill="none" strokeLinecap="round">
      <path d="M6 27V12.5a10 10 0 0 1 20 0V27" stroke="currentColor" strokeWidth="2.8" />
      <path d="M12 27v-8m8 8v-8M6 19h20" stroke="currentColor" strokeWidth="2.2" />
      <circle cx="16" cy="11.5" r="2.9" fill="#f0a83c" />
    </svg>
  )
}

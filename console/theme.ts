import { createTheme, type MantineColorsTuple } from '@mantine/core'

// Harbour water: the one colour that means "you can act here".
const tide: MantineColorsTuple = [
  '#e9f4f5',
  '#d0e7ea',
  '#a5d2d8',
  '#76bbc4',
  '#4fa7b3',
  '#33929f',
  '#1f7d8b',
  '#14656f',
  '#0d4f5a',
  '#083a43',
]
// Brass lamps: attention, never an error.
const brass: MantineColorsTuple = [
  '#fff6e3',
  '#feeac2',
  '#fbd68c',
  '#f6c056',
  '#efa92f',
  '#d98f17',
  '#b5730a',
  '#8f5905',
  '#6f4504',
  '#503103',
]
const kelp: MantineColorsTuple = [
  '#e8f6ed',
  '#d0ebd9',
  '#a4d7b5',
  '#74c18e',
  '#4dad6e',
  '#339657',
  '#237d45',
  '#196637',
  '#12502b',
  '#0b3b1f',
]
const flare: MantineColorsTuple = [
  '#fdeeec',
  '#fad9d5',
  '#f3b3ab',
  '#eb8a7f',
  '#e2665a',
  '#d2483b',
  '#b83427',
  '#99271c',
  '#7a1e16',
  '#5a150f',
]
const slate: MantineColorsTuple = [
  '#f5f8f8',
  '#ebf0f1',
  '#dde5e7',
  '#c9d4d7',
  '#a9b8bc',
  '#82949a',
  '#56686d',
  '#415257',
  '#2b3a3f',
  '#18252a',
]
const ink: MantineColorsTuple = [
  '#dce5e7',
  '#bccacd',
  '#97a9ad',
  '#71868b',
  '#3b5056',
  '#2a3d43',
  '#1b2b30',
  '#122024',
  '#0d181b',
  '#081012',
]

/** Calm and dense: one action colour, neutral surfaces with a little water in them, 14 px text that stays readable for a day. */
export const theme = createTheme({
  primaryColor: 'tide',
  primaryShade: { light: 7, dark: 6 },
  autoContrast: true,
  luminanceThreshold: 0.32,
  colors: {
    tide,
    brass,
    yellow: brass,
    orange: brass,
    green: kelp,
    teal: kelp,
    red: flare,
    gray: slate,
    dark: ink,
    blue: tide,
  },
  black: '#18252a',
  fontFamily:
    "'Atkinson Hyperlegible Next Variable', system-ui, 'PingFang SC', 'Microsoft YaHei', 'Noto Sans CJK SC', 'Noto Sans SC', sans-serif",
  fontFamilyMonospace:
    "'Atkinson Hyperlegible Mono Variable', ui-monospace, 'SFMono-Regular', Menlo, Consolas, 'Noto Sans Mono CJK SC', monospace",
  fontSizes: { xs: '0.75rem', sm: '0.8125rem', md: '0.875rem', lg: '1rem', xl: '1.1875rem' },
  lineHeights: { xs: '1.4', sm: '1.45', md: '1.5', lg: '1.5', xl: '1.4' },
  headings: {
    fontWeight: '640',
    sizes: {
      h1: { fontSize: '1.5rem', lineHeight: '1.25' },
      h2: { fontSize: '1.0625rem', lineHeight: '1.35' },
      h3: { fontSize: '0.9375rem', lineHeight: '1.4' },
      h4: { fontSize: '0.875rem', lineHeight: '1.4' },
    },
  },
  defaultRadius: 'sm',
  radius: { xs: '3px', sm: '5px', md: '8px', lg: '12px', xl: '20px' },
  spacing: { xs: '0.5rem', sm: '0.75rem', md: '1rem', lg: '1.5rem', xl: '2rem' },
  cursorType: 'pointer',
  respectReducedMotion: true,
  focusRing: 'auto',
  components: {
    Button: { defaultProps: { size: 'sm' } },
    ActionIcon: { defaultProps: { variant: 'subtle', color: 'gray', size: 'md' } },
    Tooltip: { defaultProps: { openDelay: 250, withArrow: true, events: { hover: true, focus: true, touch: false } } },
    Modal: { defaultProps: { centered: true, overlayProps: { backgroundOpacity: 0.45 } } },
    Drawer: { defaultProps: { position: 'right', overlayProps: { backgroundOpacity: 0.35 } } },
    Paper: { defaultProps: { withBorder: true, p: 'md', radius: 'md' } },
    Badge: { defaultProps: { variant: 'light', radius: 'sm' } },
    Select: { defaultProps: { checkIconPosition: 'right', allowDeselect: false } },
    Code: { defaultProps: { fz: 'sm' } },
  },
})

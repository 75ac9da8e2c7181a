import { createContext, useContext, useMemo } from 'react'

export type Language = 'en' | 'zh-CN'

/** English and Simplified Chinese side by side: a text without its translation is a type error. */
export type Texts = Readonly<Record<string, readonly [en: string, zh: string]>>

type NameOf<P extends string> = P extends `${infer Name}|${string}` ? Name : P
type Names<S extends string> = S extends `${string}{${infer P}}${infer Rest}` ? NameOf<P> | Names<Rest> : never
type Values<S extends string> = [Names<S>] extends [never] ? [] : [values: Readonly<Record<Names<S>, string | number>>]

/** Looks a text up. Numbers are written in the reader's way; `{count|call|calls}` chooses the English plural. */
export type Translate<T extends Texts> = <K extends keyof T & string>(key: K, ...values: Values<T[K][0]>) => string

export function defineTexts<const T extends Texts>(texts: T): T {
  return texts
}

/** Fills the placeholders of one text. */
export function fill(text: string, language: Language, values: Readonly<Record<string, string | number>> = {}): string {
  return text.replace(/\{([^{}]+)\}/g, (whole, inside: string) => {
    const [name = '', one, other] = inside.split('|')
    const value = values[name]
    if (value === undefined) return whole
    const shown = typeof value === 'number' ? new Intl.NumberFormat(language).format(value) : value
    if (one === undefined) return shown
    const single = typeof value === 'number' && new Intl.PluralRules(language).select(value) === 'one'
    return `${shown} ${single ? one : (other ?? one)}`
  })
}

export function translator<T extends Texts>(texts: T, language: Language): Translate<T> {
  return (key, ...values) => fill(texts[key]![language === 'en' ? 0 : 1], language, values[0])
}

export const LanguageContext = createContext<{ language: Language; setLanguage: (language: Language) => void }>({
  language: 'en',
  setLanguage: () => undefined,
})

export const useLanguage = (): Language => useContext(LanguageContext).language

/** The texts of one room in the reader's language. */
export function useText<T extends Texts>(texts: T): Translate<T> {
  const language = useLanguage()
  return useMemo(() => translator(texts, language), [texts, language])
}

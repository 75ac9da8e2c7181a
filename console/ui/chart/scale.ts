/** Round tick values from 0 to at least `max`, at most `count` steps. */
export function ticks(max: number, count = 4): number[] {
  if (!(max > 0)) return [0]
  const rough = max / count
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = ([1, 2, 2.5, 5, 10].find((each) => each * power >= rough) ?? 10) * power
  return Array.from({ length: Math.ceil(max / step - 1e-9) + 1 }, (_, index) => Math.round(index * step * 1e9) / 1e9)
}

/** Every n-th index of `length`, so that at most `count` labels are written. */
export function labelled(length: number, count: number): number[] {
  const step = Math.max(1, Math.ceil(length / count))
  return Array.from({ length: Math.ceil(length / step) }, (_, index) => index * step)
}

/** Stands for a secret that is not shown. */
export const HIDDEN = '(hidden)'

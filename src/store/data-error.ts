/** Whether the database refused what a statement held, rather than failed itself: the same statement would be refused again. */
export function refusesData(error: unknown): boolean {
  if (error instanceof TypeError) return true
  const { code, errno } = (error ?? {}) as { code?: unknown; errno?: unknown }
  // SQLITE_CONSTRAINT…, SQLITE_MISMATCH; SQLSTATE class 22 (data) and 23 (constraint).
  return /^SQLITE_(CONSTRAINT|MISMATCH)/.test(String(code)) || /^2[23]/.test(String(errno))
}

/** Whether this runs on a build machine: apart from `needs.ts` because the reporter may not import vitest's test API. */

/** CI services set `CI=true`; some people write `CI=1`. */
export function underCi(env: Readonly<Record<string, string | undefined>>): boolean {
  const value = env['CI'];
  return value !== undefined && value !== '' && value !== '0' && value !== 'false';
}

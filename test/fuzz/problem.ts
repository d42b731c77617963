/** What a check finds: a rule by its name, which tells findings apart, and what broke it. */
export interface Problem {
  readonly rule: string;
  readonly detail: string;
}

export class Problems {
  readonly list: Problem[] = [];

  /** Notes a breach where `kept` is false. */
  check(kept: boolean, rule: string, detail: () => string): void {
    if (!kept) this.list.push({ rule, detail: detail().slice(0, 400) });
  }

  /** A bug is whatever is thrown; where it comes from tells it from others. */
  thrown(error: unknown): void {
    const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
    const place = /\/(src\/[\w./-]+:\d+)/.exec(stack)?.[1] ?? 'outside of src';
    this.list.push({ rule: `throws at ${place}`, detail: stack.slice(0, 1000) });
  }
}

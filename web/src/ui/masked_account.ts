// Stands in no account number: what holds it was masked by the server.
const MARK = "·";

export function isMasked(account: string): boolean {
  return account.includes(MARK);
}

/** An account's number as people read it: of a masked one without the mark that tells it from others. */
export function shownAccount(account: string): string {
  const mark = account.indexOf(MARK);
  return mark < 0 ? account : account.slice(0, mark);
}

/** A value of an entry and what it was and is; `null` in either stands for a value of null, undefined for none at all. */
export interface Row {
  readonly path: string;
  readonly before: string | undefined;
  readonly after: string | undefined;
  readonly changed: boolean;
}

/** What was and what is, value by value, each under its path; what differs first. */
export function difference(before: unknown, after: unknown): Row[] {
  const was = flat(before);
  const is = flat(after);
  const paths = [...new Set([...was.keys(), ...is.keys()])];
  const rows = paths.map((path) => {
    const [old, now] = [was.get(path), is.get(path)];
    return { path, before: old, after: now, changed: old !== now };
  });
  return [...rows.filter((one) => one.changed), ...rows.filter((one) => !one.changed)];
}

function flat(value: unknown): Map<string, string> {
  const found = new Map<string, string>();
  if (value === null || value === undefined) return found;
  put(found, "", value);
  return found;
}

function put(found: Map<string, string>, path: string, value: unknown): void {
  if (typeof value !== "object" || value === null) {
    found.set(path, typeof value === "string" ? value : JSON.stringify(value));
    return;
  }
  const parts = Array.isArray(value) ? value.map((one, at) => [String(at + 1), one] as const) : Object.entries(value);
  if (parts.length === 0) found.set(path, Array.isArray(value) ? "[]" : "{}");
  for (const [name, one] of parts) put(found, path === "" ? name : `${path}.${name}`, one);
}

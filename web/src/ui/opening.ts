import { useQuery } from "@tanstack/react-query";
import { fetcher } from "../api/client";
import { useMe } from "../identity/me";

type Kind = "account" | "transfer_id";
type Answered = (opens: boolean) => void;

/** Of each kind in one question, as the interface takes them. */
const ASKED_MOST = 100;
const KEPT_MS = 5 * 60_000;
const waiting: Record<Kind, Map<string, Answered[]>> = { account: new Map(), transfer_id: new Map() };
let planned = false;

/** Whether who is signed in may open the page of an account or transaction; until that is known it is taken to be so. All that a
 * page names is asked for together. */
export function useOpens(kind: Kind, id: string | null): boolean {
  const me = useMe();
  const asked = id !== null && me.reach !== "bank";
  const { data } = useQuery({
    queryKey: ["opens", kind, id],
    queryFn: () => ask(kind, id ?? ""),
    enabled: asked,
    staleTime: KEPT_MS,
    retry: false,
  });
  return !asked || data !== false;
}

function ask(kind: Kind, id: string): Promise<boolean> {
  return new Promise((answered) => {
    waiting[kind].set(id, [...(waiting[kind].get(id) ?? []), answered]);
    if (planned) return;
    planned = true;
    setTimeout(() => void askAll(), 0);
  });
}

async function askAll(): Promise<void> {
  const taken = { account: take("account"), transfer_id: take("transfer_id") };
  planned = waiting.account.size + waiting.transfer_id.size > 0;
  if (planned) setTimeout(() => void askAll(), 0);
  const query = { account: [...taken.account.keys()], transfer_id: [...taken.transfer_id.keys()] };
  // Where the question fails the links stay: the page that they lead to says the rest.
  const data = await fetcher.GET("/api/v1/openings", { params: { query } }).then(
    (one) => one.data,
    () => undefined,
  );
  const open = { account: new Set(data?.accounts), transfer_id: new Set(data?.transfers) };
  for (const kind of ["account", "transfer_id"] as const) {
    for (const [id, all] of taken[kind]) {
      for (const answered of all) answered(!data || open[kind].has(id));
    }
  }
}

function take(kind: Kind): Map<string, Answered[]> {
  const some = new Map([...waiting[kind]].slice(0, ASKED_MOST));
  for (const id of some.keys()) waiting[kind].delete(id);
  return some;
}

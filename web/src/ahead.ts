import { api } from "./api/client";
import { type Me, may } from "./identity/me";
import { ME, SIGN_IN } from "./identity/session";
import { queries } from "./queries";
import { filtersOf, PAGE, queueAsked, warningAsked } from "./warnings/asked";
import { BY_INDUSTRY, BY_UNIT, CONCENTRATION, MIGRATION, seesSums, USES, WORKBENCH } from "./workbench/asked";

/** Asks who is signed in, and for what stands on the pages that a day begins with, while the files of the page come. */
export async function bringData({ pathname, search }: Location): Promise<void> {
  if (pathname === SIGN_IN) return;
  // What cannot be had is told where the page is shown.
  const knowing = askWho().catch(() => undefined);
  if (pathname === "/") void bringWorkbench(knowing);
  const [, threadId] = /^\/warnings(?:\/(\w+))?$/.exec(pathname) ?? [];
  if (pathname === "/warnings" || threadId) void bringWarnings(knowing, search, threadId);
  await knowing;
}

function askWho(): Promise<Me> {
  return queries.fetchQuery(api.queryOptions("get", ME, {}));
}

async function bringWorkbench(knowing: Promise<Me | undefined>): Promise<void> {
  void queries.prefetchQuery(WORKBENCH);
  const me = await knowing;
  if (!me || !seesSums(me)) return;
  void queries.prefetchQuery(USES);
  void queries.prefetchQuery(CONCENTRATION);
  void queries.prefetchQuery(MIGRATION);
  void queries.prefetchQuery(BY_INDUSTRY);
  void queries.prefetchQuery(BY_UNIT);
}

async function bringWarnings(knowing: Promise<Me | undefined>, search: string, threadId: string | undefined): Promise<void> {
  const me = await knowing;
  if (!me || !may(me, ["read_warnings"])) return;
  if (threadId) void queries.prefetchQuery(warningAsked(threadId));
  const queue = queueAsked(filtersOf(search), PAGE);
  const [first] = (await queries.fetchQuery(queue).catch(() => undefined))?.items ?? [];
  if (!threadId && first) void queries.prefetchQuery(warningAsked(first.thread_id));
}

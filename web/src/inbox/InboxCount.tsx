import { api } from "../api/client";
import { useSpeech } from "../i18n";
import { may, useMe } from "../identity/me";

const AGAIN_MS = 60_000;
const MOST = 50;

/** How many proposals wait for who is signed in, beside the word in the menu; nothing where none does. */
export function InboxCount() {
  const { t } = useSpeech();
  const me = useMe();
  const { data } = api.useQuery(
    "get",
    "/api/v1/approvals",
    { params: { query: { limit: MOST } } },
    { enabled: may(me, ["approve"]), refetchInterval: AGAIN_MS },
  );
  const count = data?.items.filter((one) => !one.is_own).length ?? 0;
  if (!data || count === 0) return null;
  const text = data.total_count > MOST ? `${MOST}+` : String(count);
  return (
    <span className="menu-count figures" title={t("inbox.count", { count: text })}>
      {text}
    </span>
  );
}

import { Tabs } from "antd";
import { type ReactNode, useEffect } from "react";
import { useNavigate, useParams } from "react-router";
import { EvaluationNotice } from "../accounts/EvaluationNotice";
import { api } from "../api/client";
import { type Key, useSpeech } from "../i18n";
import { Ambiguous } from "./Ambiguous";
import { Balances } from "./Balances";
import { Files } from "./Files";
import { History } from "./History";
import { OneImport } from "./OneImport";
import { Refusals } from "./Refusals";
import { Sources } from "./Sources";
import { Unpaired } from "./Unpaired";

const TABS = ["files", "sources", "history", "refusals", "balances", "unpaired", "ambiguous"] as const;
type Tab = (typeof TABS)[number];
const TITLES: Readonly<Record<Tab, Key>> = {
  files: "imports.tab_files",
  sources: "imports.tab_sources",
  history: "imports.tab_history",
  refusals: "imports.tab_refusals",
  balances: "imports.tab_balances",
  unpaired: "imports.tab_unpaired",
  ambiguous: "imports.tab_ambiguous",
};

/** What was brought in, what was refused, and what does not add up. Tab and item stand in the address. */
export default function ImportsPage() {
  const { t } = useSpeech();
  const open = useNavigate();
  const { tab: wanted, item } = useParams();
  const tab = TABS.find((one) => one === wanted) ?? "files";
  useEffect(() => {
    document.title = `${t(TITLES[tab])} · ${t("app.name")}`;
  }, [t, tab]);
  const refused = api.useQuery("get", "/api/v1/refusals", { params: { query: { limit: 1 } } });
  const balances = api.useQuery("get", "/api/v1/reconciliations", { params: { query: { limit: 1 } } });
  const open_count = (refused.data?.counts ?? [])
    .filter((one) => one.state === "open" || one.state === "corrected")
    .reduce((sum, one) => sum + one.count, 0);
  const counts: Partial<Record<Tab, number>> = {
    refusals: open_count,
    balances: balances.data?.counts["differs"] ?? 0,
  };
  const shown: Readonly<Record<Tab, () => ReactNode>> = {
    files: () => (item ? <OneImport key={item} importId={item} /> : <Files />),
    sources: () => <Sources />,
    history: () => <History />,
    refusals: () => <Refusals item={item} />,
    balances: () => <Balances />,
    unpaired: () => <Unpaired />,
    ambiguous: () => <Ambiguous />,
  };
  return (
    <div className="page imports">
      <h1>{t("imports.title")}</h1>
      <EvaluationNotice />
      <Tabs
        activeKey={tab}
        aria-label={t("imports.tabs")}
        onChange={(key) => void open(key === "files" ? "/imports" : `/imports/${key}`)}
        destroyOnHidden
        items={TABS.map((one) => ({
          key: one,
          label: (
            <span className="imports-tab">
              {t(TITLES[one])}
              {(counts[one] ?? 0) > 0 && <span className="imports-count">{counts[one]?.toLocaleString("en")}</span>}
            </span>
          ),
          children: one === tab ? shown[one]() : null,
        }))}
      />
    </div>
  );
}

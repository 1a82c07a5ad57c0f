import { Tabs } from "antd";
import { type ReactNode, Suspense, useEffect } from "react";
import { Link, useNavigate, useParams } from "react-router";
import { api, type Schemas } from "../api/client";
import { type Key, useSpeech } from "../i18n";
import { Failure, Loading, Notice, problemCode } from "../ui/states";
import { customerAddress } from "./address";
import { CashFlow } from "./CashFlow";
import { ContactLog } from "./ContactLog";
import { Documents } from "./Documents";
import { Head } from "./Head";
import { OutsideTab } from "./OutsideTab";
import { Overview } from "./Overview";
import { Relations } from "./Relations";
import { TimelineTab } from "./TimelineTab";

const TABS = ["overview", "relations", "cash", "documents", "contacts", "outside", "timeline"] as const;
type Tab = (typeof TABS)[number];

function isTab(text: string | undefined): text is Tab {
  return (TABS as readonly (string | undefined)[]).includes(text);
}

export default function CustomerPage() {
  const { t } = useSpeech();
  const { partyId = "" } = useParams();
  const { data, error, refetch } = api.useQuery("get", "/api/v1/customers/{party_id}", {
    params: { path: { party_id: partyId } },
  });
  const named = data?.facts.name;
  useEffect(() => {
    document.title = `${named ?? partyId} · ${t("customers.title")} · ${t("app.name")}`;
  }, [named, partyId, t]);
  const code = problemCode(error);
  return (
    <div className="page customers-area">
      <nav className="crumbs" aria-label={t("customers.title")}>
        <Link to="/customers">{t("customers.title")}</Link>
        <span aria-hidden="true">/</span>
        <span className="figures" aria-current="page">
          {partyId}
        </span>
      </nav>
      {error ? (
        code === "not_found" || code === "request_refused" ? (
          <Notice
            tone="empty"
            title={t("customers.missing", { customer: partyId })}
            action={<Link to="/customers">{t("customers.back")}</Link>}
          >
            <p>{t("customers.missing_hint")}</p>
          </Notice>
        ) : (
          <Failure error={error} retry={() => void refetch()} />
        )
      ) : data ? (
        // Another customer is another page: nothing that was typed or opened goes along.
        <Whole key={data.facts.party_id} page={data} />
      ) : (
        <Loading rows={14} />
      )}
    </div>
  );
}

function Whole({ page }: { readonly page: Schemas["CustomerPage"] }) {
  const { t } = useSpeech();
  const { tab } = useParams();
  const navigate = useNavigate();
  const partyId = page.facts.party_id;
  const contents: Readonly<Record<Tab, ReactNode>> = {
    overview: <Overview page={page} />,
    relations: <Relations partyId={partyId} />,
    cash: <CashFlow partyId={partyId} name={page.facts.name} />,
    documents: <Documents partyId={partyId} />,
    contacts: <ContactLog page={page} />,
    outside: <OutsideTab partyId={partyId} />,
    timeline: <TimelineTab partyId={partyId} />,
  };
  const counts: Partial<Record<Tab, number>> = { relations: page.relation_count, contacts: page.contact_count };
  return (
    <>
      <Head page={page} />
      <Tabs
        className="customer-tabs"
        activeKey={isTab(tab) ? tab : "overview"}
        onChange={(chosen) =>
          void navigate(customerAddress(partyId, chosen === "overview" ? "" : chosen), { preventScrollReset: true })
        }
        destroyOnHidden
        items={TABS.map((key) => ({
          key,
          label: (
            <>
              {t(`customers.tab.${key}` satisfies Key)}
              {counts[key] ? <span className="tab-count">{counts[key]}</span> : null}
            </>
          ),
          children: <Suspense fallback={<Loading rows={10} />}>{contents[key]}</Suspense>,
        }))}
      />
    </>
  );
}

import { useEffect } from "react";
import { Link, Navigate, useParams } from "react-router";
import { api } from "../api/client";
import { useSpeech } from "../i18n";
import { Failure, Loading, Notice } from "../ui/states";
import { LedgerView } from "./LedgerView";
import { useTold } from "./words";

/** The ledgers (台账), one at a time. */
export default function LedgersPage() {
  const { t } = useSpeech();
  const told = useTold();
  const { name } = useParams();
  const { data, error, refetch } = api.useQuery("get", "/api/v1/ledgers", {}, { staleTime: Number.POSITIVE_INFINITY });
  const ledger = data?.items.find((one) => one.name === name);
  const title = ledger ? told(ledger) : t("ledger.title");
  useEffect(() => {
    document.title = `${title} · ${t("app.name")}`;
  }, [title, t]);
  if (error) {
    return (
      <div className="page">
        <Failure error={error} retry={() => void refetch()} />
      </div>
    );
  }
  if (!data) {
    return (
      <div className="page">
        <Loading rows={12} />
      </div>
    );
  }
  const first = data.items[0];
  if (!ledger && first && name === undefined) return <Navigate to={`/ledgers/${first.name}`} replace />;
  return (
    <div className="page ledgers-page">
      <nav className="ledger-tabs" aria-label={t("ledger.title")}>
        {data.items.map((one) => (
          <Link key={one.name} to={`/ledgers/${one.name}`} {...(one.name === name && { className: "active", "aria-current": "page" })}>
            {told(one)}
          </Link>
        ))}
      </nav>
      {ledger ? (
        <LedgerView key={ledger.name} ledger={ledger} />
      ) : (
        <Notice tone="empty" title={t("ledger.missing")}>
          <p>{t("ledger.missing_hint")}</p>
        </Notice>
      )}
    </div>
  );
}

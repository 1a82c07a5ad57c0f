import { Button, Segmented } from "antd";
import { useState } from "react";
import { Link } from "react-router";
import { api, type Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { useTold } from "../inspections/CheckTimeline";
import { ExportButton } from "../table/ExportButton";
import { Amount, useMoney } from "../ui/Amount";
import { Failure, Loading } from "../ui/states";
import { instantText } from "../ui/time";
import { useSearchParams } from "../ui/address";

type Entry = Schemas["HistoryEntry"];
type Kind = Entry["kind"];

const KINDS = ["money", "warning", "check", "correction", "classification", "document"] as const satisfies readonly Kind[];
const PAGE = 50;
const MOST = 200;
const ADDRESS = "kind";

/** Everything that happened to the loan, the newest first. */
export default function History({ loanId, facts }: { readonly loanId: string; readonly facts: Schemas["LoanFacts"] }) {
  const { t, name } = useSpeech();
  const [address, setAddress] = useSearchParams();
  const kind = KINDS.find((one) => one === address.get(ADDRESS));
  const [limit, setLimit] = useState(PAGE);
  const { data, error, refetch } = api.useQuery("get", "/api/v1/loans/{loan_id}/history", {
    params: { path: { loan_id: loanId }, query: { limit, ...(kind && { kind }) } },
  });
  const choose = (chosen: string) => {
    setLimit(PAGE);
    setAddress(
      (before) => {
        const after = new URLSearchParams(before);
        if (chosen) after.set(ADDRESS, chosen);
        else after.delete(ADDRESS);
        return after;
      },
      { replace: true, preventScrollReset: true },
    );
  };
  if (error && !data) return <Failure error={error} retry={() => void refetch()} />;
  const whole = data?.kinds.reduce((sum, one) => sum + one.count, 0) ?? 0;
  return (
    <section className="card loan-history" aria-labelledby="history-title">
      <div className="card-head">
        <h2 id="history-title">{t("history.title")}</h2>
        <Segmented
          aria-label={t("history.title")}
          value={kind ?? ""}
          onChange={choose}
          options={[
            { value: "", label: `${t("history.all")} ${whole || ""}` },
            ...KINDS.filter((one) => one === kind || data?.kinds.some((told) => told.kind === one)).map((one) => ({
              value: one as string,
              label: `${name("history_kind", one)} ${data?.kinds.find((told) => told.kind === one)?.count ?? 0}`,
            })),
          ]}
        />
        <ExportButton
          address={`/api/v1/loans/${encodeURIComponent(loanId)}/history.xlsx`}
          query={() => new URLSearchParams(kind ? { kind } : {})}
          count={data?.total_count ?? null}
        />
      </div>
      {!data ? (
        <Loading rows={8} />
      ) : data.items.length === 0 ? (
        <p className="quiet empty-line">{t("history.none")}</p>
      ) : (
        <ol className="history-list">
          {data.items.map((entry, place) => (
            <Item key={`${entry.at}-${entry.what}-${entry.link}-${place}`} entry={entry} facts={facts} />
          ))}
        </ol>
      )}
      {data && data.items.length < data.total_count && limit < MOST && (
        <Button block type="text" onClick={() => setLimit((before) => Math.min(MOST, before + PAGE))}>
          {t("history.more", { count: data.total_count - data.items.length })}
        </Button>
      )}
    </section>
  );
}

function Item({ entry, facts }: { readonly entry: Entry; readonly facts: Schemas["LoanFacts"] }) {
  const { t } = useSpeech();
  const { title, details, to } = useWords(entry, facts);
  const amount = entry.kind === "money" || entry.what === "judged" ? entry.amount_fen : null;
  return (
    <li className={`history-item history-${entry.kind}`}>
      <time className="figures quiet" dateTime={entry.at}>
        {instantText(entry.at)}
      </time>
      <span className="history-what">
        {to ? <Link to={to}>{title}</Link> : <strong>{title}</strong>}
        {details && <span className="history-details">{details}</span>}
      </span>
      <span className="history-amount">{amount !== null && <Amount fen={amount} form="exact" {...facts} />}</span>
      <span className="quiet small">{entry.by_name || t(entry.kind === "money" ? "history.by_bank" : "checks.by_system")}</span>
    </li>
  );
}

/** What an entry is called, what it says besides, and where it leads. */
function useWords(entry: Entry, facts: Schemas["LoanFacts"]) {
  const { t, name } = useSpeech();
  const money = useMoney(facts);
  const checkTold = useTold(facts);
  const { data } = entry;
  const text = (key: string) => (typeof data[key] === "string" || typeof data[key] === "number" ? String(data[key]) : "");
  const joined = (...parts: readonly string[]) => parts.filter(Boolean).join(" · ");
  switch (entry.kind) {
    case "money":
      return entry.what === "disbursed"
        ? {
            title: name("history_what", "disbursed"),
            details: joined(name("payment_mode", text("payment_mode")), text("account")),
            to: `/accounts/${encodeURIComponent(text("account"))}`,
          }
        : {
            title: name("history_what", "repaid"),
            details: joined(
              t("history.repaid_of", { principal: money.exact(text("principal_fen")), interest: money.exact(text("interest_fen")) }),
              text("penalty_fen") === "0" ? "" : t("history.penalty", { amount: money.exact(text("penalty_fen")) }),
            ),
            to: `/loans/${encodeURIComponent(facts.loan_id)}/repayments?repayment=${encodeURIComponent(entry.link)}`,
          };
    case "warning":
      return {
        title: name("warning_kind", entry.what),
        details: joined(
          text("rule_code") && name("pattern", text("rule_code")),
          text("level") && name("warning_level", text("level")),
          text("disposition") && name("disposition", text("disposition")),
          text("measure") && name("warning_measure", text("measure")),
          text("to_name") || text("to"),
          text("reason"),
        ),
        to: `/warnings/${entry.link}?state=all`,
      };
    case "check":
      return {
        title: name("check_event", entry.what),
        details: checkTold({ kind: entry.what, data }),
        to: `/loans/${encodeURIComponent(facts.loan_id)}/check`,
      };
    case "correction":
      return {
        title: name("history_what", entry.what),
        details: joined(
          text("account") && (text("into_account") ? `${text("account")} → ${text("into_account")}` : text("account")),
          text("destination_class") && name("use", text("destination_class")),
          text("reason"),
        ),
        to: entry.link
          ? `/transactions/${entry.link}`
          : text("account")
            ? `/accounts/${encodeURIComponent(text("account"))}`
            : "",
      };
    case "classification":
      return {
        title: name("history_what", entry.what),
        details: `${name("five_class", text("before"))} → ${name("five_class", text("to"))}`,
        to: `/loans/${encodeURIComponent(facts.loan_id)}/classification`,
      };
    default:
      return {
        title: name("history_what", entry.what),
        details: joined(text("number"), text("use") && name("use", text("use"))),
        to: `/disputes/${entry.link}`,
      };
  }
}

import { useQueryClient } from "@tanstack/react-query";
import { Button, Pagination } from "antd";
import { useState } from "react";
import { Link } from "react-router";
import { api, type Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { may, useMe } from "../identity/me";
import { ExportButton } from "../table/ExportButton";
import { Failure, Loading, Notice } from "../ui/states";
import { instantText } from "../ui/time";
import { ContactForm } from "./ContactForm";
import { useSearchParams } from "../ui/address";

type Entry = Schemas["ContactEntry"];

const PAGE = 20;
/** Whose work it is to speak with customers; the server decides. */
const WRITERS = ["act_on_warnings", "act_on_checks", "make_disputes"] as const;

/** What was said with the customer, the latest first; and a form for what was said now. */
export function ContactLog({ page }: { readonly page: Schemas["CustomerPage"] }) {
  const { t } = useSpeech();
  const me = useMe();
  const queries = useQueryClient();
  const partyId = page.facts.party_id;
  const [address, setAddress] = useSearchParams();
  const [writing, setWriting] = useState<Entry | "new" | null>(null);
  const at = Math.max(1, Number.parseInt(address.get("page") ?? "1", 10) || 1);
  const { data, error, refetch } = api.useQuery(
    "get",
    "/api/v1/customers/{party_id}/contacts",
    { params: { path: { party_id: partyId }, query: { offset: (at - 1) * PAGE, limit: PAGE } } },
    { placeholderData: (before) => before },
  );
  const mayWrite = may(me, WRITERS);
  const done = () => {
    setWriting(null);
    // The head, the timeline and the log tell of it.
    void queries.invalidateQueries({
      predicate: (query) => String(query.queryKey[1] ?? "").startsWith("/api/v1/customers/{party_id}"),
    });
  };
  if (error) return <Failure error={error} retry={() => void refetch()} />;
  if (!data) return <Loading rows={8} />;
  return (
    <div className="contacts">
      <div className="card-title">
        {mayWrite && writing === null && (
          <Button type="primary" className="contact-new" onClick={() => setWriting("new")}>
            {t("customers.contact.new")}
          </Button>
        )}
        {data.total_count > 0 && <ExportButton address={`/api/v1/customers/${encodeURIComponent(partyId)}/contacts.xlsx`} count={data.total_count} />}
      </div>
      {writing !== null && (
        <ContactForm
          key={writing === "new" ? "new" : writing.contact_id}
          page={page}
          corrected={writing === "new" ? null : writing}
          close={() => setWriting(null)}
          done={done}
        />
      )}
      {data.total_count === 0 ? (
        writing === null && (
          <Notice tone="empty" title={t("customers.contact.none")}>
            <p>{t(mayWrite ? "customers.contact.none_hint" : "customers.contact.none_reader")}</p>
          </Notice>
        )
      ) : (
        <ol className="contact-list">
          {data.items.map((entry) => (
            <One
              key={entry.contact_id}
              entry={entry}
              correct={mayWrite && entry.corrected_by === null ? () => setWriting(entry) : null}
            />
          ))}
        </ol>
      )}
      {data.total_count > PAGE && (
        <Pagination
          current={at}
          pageSize={PAGE}
          total={data.total_count}
          showSizeChanger={false}
          onChange={(chosen) =>
            setAddress(
              (before) => {
                const after = new URLSearchParams(before);
                if (chosen > 1) after.set("page", String(chosen));
                else after.delete("page");
                return after;
              },
              { replace: true, preventScrollReset: true },
            )
          }
        />
      )}
    </div>
  );
}

function One({ entry, correct }: { readonly entry: Entry; readonly correct: (() => void) | null }) {
  const { t, name } = useSpeech();
  const gone = entry.corrected_by !== null;
  return (
    <li className={gone ? "card box contact gone" : "card box contact"}>
      <div className="contact-head">
        <strong className="figures">{instantText(entry.happened_at).slice(0, 16)}</strong>
        <span className="customer-mark">{name("contact_way", entry.way)}</span>
        {entry.spoke_with && <span>{t("customers.contact.with", { who: entry.spoke_with })}</span>}
        {entry.loan_id && (
          <Link className="loan-id" to={`/loans/${encodeURIComponent(entry.loan_id)}`}>
            {entry.loan_id}
          </Link>
        )}
        {gone && <span className="customer-mark">{t("customers.contact.corrected")}</span>}
        {entry.corrects && <span className="customer-mark">{t("customers.contact.correcting")}</span>}
      </div>
      <p className="contact-said">{entry.said}</p>
      {entry.next_step && (
        <p className="contact-next">
          <span className="quiet">{t("customers.contact.next_step")}</span> {entry.next_step}
          {entry.next_on && <span className="figures quiet"> · {entry.next_on}</span>}
        </p>
      )}
      <p className="quiet small">
        {t("customers.contact.by", { who: entry.maker_name, time: instantText(entry.made_at) })}
        {correct && (
          <Button type="link" size="small" onClick={correct}>
            {t("customers.contact.correct")}
          </Button>
        )}
      </p>
    </li>
  );
}

import { Link } from "react-router";
import type { Schemas } from "../api/client";
import { dayText } from "../identity/days";
import { useSpeech } from "../i18n";
import { instantText } from "../ui/time";
import { Card } from "./Card";

/** Whether the record is whole, and what in it wants a look; each count leads to its entries. */
export function RecordCard({ record }: { readonly record: Schemas["RecordStanding"] }) {
  const { t } = useSpeech();
  const day = dayText(record.since);
  const entries = (query: string) => `/audit?${query}&from_date=${day}`;
  const counted: readonly (readonly [string, string, number])[] = [
    [t("workbench.record_refused"), entries("outcome=refused"), record.refused_count],
    [t("workbench.record_sign_in"), entries("action=session.begin&outcome=refused"), record.sign_in_refused_count],
    [t("workbench.record_identifiers"), entries("action=customer.read_identifiers"), record.identifiers_count],
    [t("workbench.record_unmasking"), entries("object_kind=unmasking"), record.unmasking_count],
    [t("workbench.record_exports"), entries("action=data.export"), record.export_count],
  ];
  return (
    <Card
      title={t("workbench.record_title")}
      more={["/audit", t("workbench.all")]}
      note={t("workbench.record_since", { day })}
    >
      <dl className="facts bench-facts bench-counted">
        <div>
          <dt>{t("workbench.record_chain")}</dt>
          <dd>
            <Verified record={record} />
          </dd>
        </div>
        <div>
          <dt>{t("workbench.record_entries")}</dt>
          <dd className="figures">
            {record.entry_count.toLocaleString("en")}
            {record.last_at && <span className="quiet small"> {t("workbench.record_last", { at: instantText(record.last_at) })}</span>}
          </dd>
        </div>
        {counted.map(([label, to, count]) => (
          <div key={to}>
            <dt>
              <Link to={to}>{label}</Link>
            </dt>
            <dd className="figures">{count.toLocaleString("en")}</dd>
          </div>
        ))}
      </dl>
    </Card>
  );
}

function Verified({ record }: { readonly record: Schemas["RecordStanding"] }) {
  const { t } = useSpeech();
  if (record.verified_at === null) return <span className="danger">{t("workbench.record_never")}</span>;
  const at = <span className="quiet small figures"> {instantText(record.verified_at)}</span>;
  return record.verified_whole ? (
    <>
      {t("workbench.record_whole")}
      {at}
    </>
  ) : (
    <>
      <strong className="danger">{t("workbench.record_broken")}</strong>
      {at}
    </>
  );
}

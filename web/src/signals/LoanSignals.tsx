import { Segmented, Table, type TableColumnsType } from "antd";
import { useMemo } from "react";
import { Link } from "react-router";
import { api, type Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { ExportButton } from "../table/ExportButton";
import { Amount, type Currency } from "../ui/Amount";
import { Failure, Loading, Notice } from "../ui/states";
import { instantText } from "../ui/time";
import { type Family, type Field, GROUPS, useCatalogue } from "./catalogue";
import { useSearchParams } from "../ui/address";

type Row = Schemas["SignalRow"];
type Value = Row["values"][string];

const PAGE = 20;
/** Which list of words names the values of a signal that is a class. */
const WORDS: Readonly<Record<string, string>> = {
  product: "product",
  customer_kind: "party_kind",
  payee_kind: "party_kind",
  payment_mode: "payment_mode",
  grant_kind: "grant_kind",
  destination_class: "use",
  use_before: "use",
  use_after: "use",
  class_basis: "basis",
};

interface Props {
  readonly loanId: string;
  readonly facts: Currency;
}

/** What was known of the loan at each movement of its money and at the end of the last day. */
export default function LoanSignals({ loanId, facts }: Props) {
  const { t } = useSpeech();
  const [address, setAddress] = useSearchParams();
  const page = Math.max(1, Number.parseInt(address.get("page") ?? "1", 10) || 1);
  const asked = address.get("occasion");
  const occasion = asked === "movement" || asked === "day" ? asked : null;
  const catalogue = useCatalogue();
  const { data, error, refetch } = api.useQuery("get", "/api/v1/loans/{loan_id}/signals", {
    params: {
      path: { loan_id: loanId },
      query: { offset: (page - 1) * PAGE, limit: PAGE, ...(occasion && { occasion }) },
    },
  });
  const show = (changes: Readonly<Record<string, string | null>>) =>
    setAddress(
      (before) => {
        const after = new URLSearchParams(before);
        for (const [key, value] of Object.entries(changes)) {
          if (value === null) after.delete(key);
          else after.set(key, value);
        }
        return after;
      },
      { replace: true, preventScrollReset: true },
    );
  const families = catalogue.data?.families;
  const columns = useMemo<TableColumnsType<Row>>(
    () => [
      {
        key: "at",
        title: t("signals.at"),
        width: 170,
        render: (_, row) => <time dateTime={row.at}>{row.occasion === "day" ? row.business_date : instantText(row.at)}</time>,
      },
      {
        key: "occasion",
        title: t("signals.occasion"),
        render: (_, row) =>
          row.transaction_id ? (
            <Link to={`/transactions/${encodeURIComponent(row.transaction_id)}`}>{t("signals.movement")}</Link>
          ) : (
            t("signals.day")
          ),
      },
      {
        key: "class",
        title: t("signals.destination"),
        render: (_, row) => <Told name="destination_class" kind="class" value={row.values["destination_class"]} facts={facts} />,
      },
      {
        key: "amount",
        title: t("signals.amount"),
        align: "right",
        render: (_, row) => <Told name="amount_fen" kind="fen" value={row.values["amount_fen"]} facts={facts} />,
      },
      {
        key: "traced",
        title: t("signals.traced"),
        align: "right",
        render: (_, row) => <Told name="traced_amount_fen" kind="fen" value={row.values["traced_amount_fen"]} facts={facts} />,
      },
    ],
    [t, facts],
  );
  const failed = error ?? catalogue.error;
  if (failed) return <Failure error={failed} retry={() => void refetch()} />;
  if (!data || !families) return <Loading rows={10} />;
  return (
    <section className="card loan-signals" aria-labelledby="loan-signals-title">
      <div className="card-head">
        <h2 id="loan-signals-title">{t("signals.of_loan", { count: data.total_count })}</h2>
        <Segmented
          aria-label={t("signals.occasion")}
          value={occasion ?? "all"}
          options={[
            { value: "all", label: t("signals.all") },
            { value: "movement", label: t("signals.movements") },
            { value: "day", label: t("signals.days") },
          ]}
          onChange={(chosen) => show({ occasion: chosen === "all" ? null : chosen, page: null })}
        />
        <ExportButton
          address={`/api/v1/loans/${encodeURIComponent(loanId)}/signals.xlsx`}
          query={() => new URLSearchParams(occasion ? { occasion } : {})}
          count={data.total_count}
        />
      </div>
      {data.total_count === 0 ? (
        <Notice tone="empty" title={t("signals.none_of_loan")}>
          <p>{t("signals.none_of_loan_hint")}</p>
        </Notice>
      ) : (
        <Table<Row>
          rowKey="occasion_id"
          columns={columns}
          dataSource={data.rows}
          size="small"
          scroll={{ x: "max-content" }}
          expandable={{ expandedRowRender: (row) => <Values row={row} families={families} facts={facts} /> }}
          pagination={{
            current: page,
            pageSize: PAGE,
            total: data.total_count,
            showSizeChanger: false,
            hideOnSinglePage: true,
            onChange: (chosen) => show({ page: chosen === 1 ? null : String(chosen) }),
          }}
        />
      )}
    </section>
  );
}

interface ValuesProps {
  readonly row: Row;
  readonly families: readonly Family[];
  readonly facts: Currency;
}

/** All signals of a row that say something: zeros and what is not known are left out. */
function Values({ row, families, facts }: ValuesProps) {
  const { t, language } = useSpeech();
  const says = (field: Field) => {
    const value = row.values[field.name];
    return value !== undefined && value !== null && value !== "0" && value !== false;
  };
  return (
    <div className="signal-values">
      {GROUPS.map((group) => {
        const told = families
          .filter((family) => family.group === group)
          .flatMap((family) => family.fields.filter(says).map((field) => [family, field] as const));
        if (told.length === 0) return null;
        return (
          <section key={group}>
            <h3>{t(`signal_group.${group}`)}</h3>
            <ul>
              {told.map(([family, field]) => (
                <li key={field.name}>
                  <Link to={`/signals#${field.name}`} title={language === "zh" ? field.meaning_chinese : field.meaning_english}>
                    {language === "zh" ? field.chinese : field.english}
                  </Link>
                  <Told name={field.name} kind={family.kind} value={row.values[field.name]} facts={facts} />
                </li>
              ))}
            </ul>
          </section>
        );
      })}
      <p className="quiet">{t("signals.zeros")}</p>
    </div>
  );
}

interface ToldProps {
  readonly name: string;
  readonly kind: string;
  readonly value: Value | undefined;
  readonly facts: Currency;
}

function Told({ name, kind, value, facts }: ToldProps) {
  const speech = useSpeech();
  if (value === undefined || value === null) return <span className="quiet">–</span>;
  if (typeof value === "boolean") return <span>{speech.t(value ? "signals.yes" : "signals.no")}</span>;
  if (kind === "fen") return <Amount fen={value} form="exact" {...facts} />;
  if (kind === "ppm") return <span className="figures">{percent(BigInt(value))}</span>;
  if (kind === "permille") return <span className="figures">{percent(BigInt(value) * 1000n)}</span>;
  const list = WORDS[name];
  if (list) return <span>{speech.name(list, value)}</span>;
  return <span className={kind === "text" || kind === "class" ? undefined : "figures"}>{value}</span>;
}

/** Millionths as per cent with two digits, rounded down. */
function percent(ppm: bigint): string {
  const hundredths = ppm / 100n;
  return `${hundredths / 100n}.${String(hundredths % 100n).padStart(2, "0")}%`;
}

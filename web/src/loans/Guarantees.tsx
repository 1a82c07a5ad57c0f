import { Table, type TableColumnsType } from "antd";
import type { ReactNode } from "react";
import { Link } from "react-router";
import { api, type Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { ExportButton } from "../table/ExportButton";
import { Amount, useMoney } from "../ui/Amount";
import { Failure, Loading } from "../ui/states";
import { Facts } from "./Facts";
import { Term } from "../ui/Term";

type Guarantee = Schemas["Guarantee"];
type Thing = Schemas["Collateral"];
type Payment = Schemas["ScheduledPayment"];

const PPM_PER_PERCENT = 10_000;
const SCHEDULE_SHOWN = 12;

interface Props {
  readonly loanId: string;
  readonly page: Schemas["LoanPage"];
}

/** 553200 millionths are 55.3%. */
function percent(ppm: number): string {
  return `${(ppm / PPM_PER_PERCENT).toFixed(1).replace(/\.0$/, "")}%`;
}

/** What the books say about the loan, what secures it, who stands beside the borrower, and when it is to be repaid. */
export function Guarantees({ loanId, page }: Props) {
  const { t } = useSpeech();
  const { facts } = page;
  const { data, error, refetch } = api.useQuery("get", "/api/v1/loans/{loan_id}/guarantees", {
    params: { path: { loan_id: loanId } },
  });
  return (
    <div className="columns">
      <div className="column-main">
        {error && !data ? (
          <Failure error={error} retry={() => void refetch()} />
        ) : data ? (
          <>
            <GuaranteeBox found={data} />
            <CollateralBox found={data} />
            <RelatedBox found={data} />
            <ScheduleBox found={data} standing={page.standing} />
          </>
        ) : (
          <Loading rows={10} />
        )}
      </div>
      <aside className="column-side" aria-label={t("loan.facts")}>
        <Facts facts={facts} />
      </aside>
    </div>
  );
}

/** A party's name leads to the accounts that stand in it. */
function AccountsOf({ name }: { readonly name: string }) {
  const { t } = useSpeech();
  return (
    <Link to={`/accounts?search=${encodeURIComponent(name)}`} title={t("guarantees.accounts_of", { name })}>
      {name}
    </Link>
  );
}

interface BoxProps {
  readonly id: string;
  readonly title: string;
  readonly note?: ReactNode;
  /** The export of the table. */
  readonly sheet?: ReactNode;
  readonly children: ReactNode;
}

function Box({ id, title, note, sheet, children }: BoxProps) {
  return (
    <section className="card table-card" aria-labelledby={id}>
      <div className="card-head">
        <h2 id={id}>{title}</h2>
        {note && <p className="quiet figures">{note}</p>}
        {sheet}
      </div>
      {children}
    </section>
  );
}

/** The export of one of the tables. */
function sheetOf(found: Schemas["Guarantees"], name: string, count: number): ReactNode {
  return count > 0 && <ExportButton address={`/api/v1/loans/${encodeURIComponent(found.loan_id)}/${name}.xlsx`} count={count} />;
}

/** A date of expiry; whether it is over, or soon will be, is said in words beside it. */
function Expires({ date }: { readonly date: Schemas["Expiring"] }) {
  const { t } = useSpeech();
  if (date.on === null) return <span className="quiet">{t("guarantees.no_date")}</span>;
  const marked = date.expiry === "expired" || date.expiry === "soon";
  return (
    <span className="figures nowrap">
      {date.on}
      {marked && (
        <span className={`expiry expiry-${date.expiry}`}>
          {t(date.expiry === "expired" ? "guarantees.expired" : "guarantees.soon")}
        </span>
      )}
    </span>
  );
}

function GuaranteeBox({ found }: { readonly found: Schemas["Guarantees"] }) {
  const { t, name } = useSpeech();
  const columns: TableColumnsType<Guarantee> = [
    { key: "kind", title: t("guarantees.kind"), render: (_, one) => name("guarantee_kind", one.kind) },
    {
      key: "guarantor",
      title: t("guarantees.guarantor"),
      render: (_, one) => (
        <>
          <AccountsOf name={one.guarantor_name} />
          <span className="below">{name("party_kind", one.guarantor_kind)}</span>
        </>
      ),
    },
    {
      key: "amount",
      title: t("guarantees.amount"),
      align: "right",
      render: (_, one) => <Amount fen={one.amount_fen} form="full" {...one} />,
    },
    {
      key: "from",
      title: t("guarantees.valid_from"),
      render: (_, one) => <span className="figures nowrap">{one.valid_from}</span>,
    },
    { key: "to", title: t("guarantees.valid_to"), render: (_, one) => <Expires date={one.valid_to} /> },
    { key: "number", title: t("guarantees.number"), render: (_, one) => <span className="figures">{one.guarantee_id}</span> },
  ];
  return (
    <Box id="guarantees-title" title={t("guarantees.title")} sheet={sheetOf(found, "guarantees", found.guarantees.length)}>
      {found.guarantees.length === 0 ? (
        <p className="empty-line quiet">{t("guarantees.none")}</p>
      ) : (
        <div className="table-scroll">
          <Table<Guarantee>
            rowKey="guarantee_id"
            columns={columns}
            dataSource={found.guarantees}
            pagination={false}
            size="small"
          />
        </div>
      )}
    </Box>
  );
}

function CollateralBox({ found }: { readonly found: Schemas["Guarantees"] }) {
  const { t } = useSpeech();
  const money = useMoney(found);
  const things = found.guarantees.flatMap((one) => one.collateral);
  if (things.length === 0) return null;
  const columns: TableColumnsType<Thing> = [
    {
      key: "kind",
      title: <Term name="collateral">{t("collateral.kind")}</Term>,
      render: (_, one) => (
        <>
          {one.kind}
          <span className="below figures">{one.collateral_id}</span>
        </>
      ),
    },
    { key: "owner", title: t("collateral.owner"), render: (_, one) => one.owner_name },
    {
      key: "value",
      title: t("collateral.value"),
      align: "right",
      render: (_, one) => (
        <>
          <Amount fen={one.value_fen} form="full" {...one} />
          <span className="below figures">
            {t("collateral.valued_on", { date: one.valued_on })}
            {one.valued_long_ago && <span className="expiry expiry-soon">{t("collateral.valued_long_ago")}</span>}
          </span>
        </>
      ),
    },
    {
      key: "ratio",
      title: t("collateral.ratio"),
      align: "right",
      render: (_, one) =>
        one.loan_to_value_ppm === null ? (
          <span className="quiet">–</span>
        ) : (
          <span className="figures">{percent(one.loan_to_value_ppm)}</span>
        ),
    },
    {
      key: "ranking",
      title: t("collateral.ranking"),
      align: "right",
      render: (_, one) => (
        <span className={one.ranking > 1 ? "figures expiry expiry-soon" : "figures"}>
          {t("collateral.rank", { ranking: one.ranking })}
        </span>
      ),
    },
    {
      key: "registration",
      title: t("collateral.registration"),
      render: (_, one) => (
        <>
          <Expires date={one.registration} />
          <span className="below figures">{one.registration_no ?? t("collateral.not_registered")}</span>
        </>
      ),
    },
    { key: "insurance", title: t("collateral.insurance"), render: (_, one) => <Expires date={one.insurance} /> },
  ];
  return (
    <Box
      id="collateral-title"
      title={t("collateral.title")}
      sheet={sheetOf(found, "collateral", things.length)}
      note={
        found.loan_to_value_ppm !== null
          ? t("collateral.today", {
              ratio: percent(found.loan_to_value_ppm),
              balance: money.short(found.contract_balance_fen),
              value: money.short(found.collateral_value_fen),
            })
          : undefined
      }
    >
      <div className="table-scroll">
        <Table<Thing> rowKey="collateral_id" columns={columns} dataSource={things} pagination={false} size="small" />
      </div>
    </Box>
  );
}

type Relation = Schemas["Relation"];

/** One entry per party, in the order of its first relation. */
function byParty(related: readonly Relation[]): (readonly [Relation, ...Relation[]])[] {
  const parties = new Map<string, [Relation, ...Relation[]]>();
  for (const one of related) {
    const known = parties.get(one.party_id);
    if (known) known.push(one);
    else parties.set(one.party_id, [one]);
  }
  return [...parties.values()];
}

function Related({ one }: { readonly one: Relation }) {
  const { t, name } = useSpeech();
  const relation = name("relation", one.relation);
  const declared = one.relation === "declared_related_party" || one.relation === "co_borrower";
  return (
    <span className={declared ? "relation relation-declared" : "relation"}>
      {declared || !one.from_borrower ? relation : t("related.borrower_is", { relation })}
      {one.share_ppm !== null && <span className="quiet"> {t("related.share", { share: percent(one.share_ppm) })}</span>}
    </span>
  );
}

function RelatedBox({ found }: { readonly found: Schemas["Guarantees"] }) {
  const { t, name } = useSpeech();
  return (
    <Box
      id="related-title"
      title={t("related.title")}
      note={
        found.related_count > found.related.length
          ? t("related.shown", { count: found.related_count, shown: found.related.length })
          : undefined
      }
    >
      {found.related.length === 0 ? (
        <p className="empty-line quiet">{t("related.none")}</p>
      ) : (
        <ul className="related">
          {byParty(found.related).map(([first, ...others]) => (
            <li key={first.party_id}>
              <span className="related-name">
                <AccountsOf name={first.name} />
              </span>
              <span className="quiet">{name("party_kind", first.party_kind)}</span>
              <span className="guarantee-relations">
                {[first, ...others].map((one) => (
                  <Related key={`${one.relation}-${one.from_borrower}`} one={one} />
                ))}
              </span>
            </li>
          ))}
        </ul>
      )}
    </Box>
  );
}

interface ScheduleProps {
  readonly found: Schemas["Guarantees"];
  readonly standing: Schemas["Standing"];
}

function ScheduleBox({ found, standing }: ScheduleProps) {
  const { t } = useSpeech();
  const columns: TableColumnsType<Payment> = [
    {
      key: "number",
      title: t("schedule.number"),
      width: 88,
      render: (_, one) => <span className="figures">{one.instalment_no}</span>,
    },
    {
      key: "due",
      title: t("schedule.due_on"),
      render: (_, one) => (
        <span className="figures nowrap">
          {one.due_on}
          {one.instalment_no === standing.next_instalment?.instalment_no && (
            <span className="expiry expiry-next">{t("schedule.next")}</span>
          )}
        </span>
      ),
    },
    {
      key: "principal",
      title: t("schedule.principal"),
      align: "right",
      render: (_, one) => <Amount fen={one.principal_fen} form="full" {...found} />,
    },
    {
      key: "interest",
      title: t("schedule.interest"),
      align: "right",
      render: (_, one) => <Amount fen={one.interest_fen} form="full" {...found} />,
    },
  ];
  const next = found.schedule.findIndex((one) => one.instalment_no === standing.next_instalment?.instalment_no);
  return (
    <Box
      id="schedule-title"
      title={t("schedule.title")}
      sheet={sheetOf(found, "schedule", found.schedule.length)}
      note={
        found.schedule.length > 0
          ? t("schedule.paid", {
              paid: standing.paid_count ?? t("band.unknown"),
              count: found.schedule.length,
            })
          : undefined
      }
    >
      {found.schedule.length === 0 ? (
        <p className="empty-line quiet">{t("schedule.none")}</p>
      ) : (
        <div className="table-scroll">
          <Table<Payment>
            rowKey="instalment_no"
            columns={columns}
            dataSource={found.schedule}
            size="small"
            pagination={
              found.schedule.length > SCHEDULE_SHOWN && {
                pageSize: SCHEDULE_SHOWN,
                showSizeChanger: false,
                defaultCurrent: Math.floor(Math.max(next, 0) / SCHEDULE_SHOWN) + 1,
              }
            }
          />
        </div>
      )}
    </Box>
  );
}

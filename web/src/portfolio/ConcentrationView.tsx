import { Table } from "antd";
import { Link } from "react-router";
import { api, type Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { ExportButton } from "../table/ExportButton";
import { Amount } from "../ui/Amount";
import { percentText } from "../ui/money";
import { Failure, Loading, Notice } from "../ui/states";
import { Term, type TermName } from "../ui/Term";
import { asQuery, type PortfolioState, withinText } from "./address";
import { useCover } from "./cover";
import { Notes } from "./Notes";
import { WideTable } from "./WideTable";

type Concentration = Schemas["PortfolioConcentration"];
type Figure = Schemas["ConcentrationFigure"];

const TERMS: Readonly<Record<Figure["of"], TermName>> = {
  largest_customer: "concentration",
  ten_largest: "concentration",
  largest_group: "connected_customers",
  largest_industry: "concentration",
  largest_region: "concentration",
};

interface Props {
  readonly state: PortfolioState;
  readonly change: (values: Partial<PortfolioState>) => void;
}

/** Concentration (集中度): what the largest owe, how evenly the rest is spread, and the limits. */
export function ConcentrationView({ state, change }: Props) {
  const { within, currency } = asQuery(state);
  const { data, error, refetch } = api.useQuery(
    "get",
    "/api/v1/portfolio/concentration",
    { params: { query: { within, currency } } },
    { placeholderData: (before) => before },
  );
  if (error) return <Failure error={error} retry={() => void refetch()} />;
  if (!data) return <Loading rows={10} />;
  return <Shown read={data} state={state} change={change} />;
}

function Shown({ read, state, change }: Props & { readonly read: Concentration }) {
  const { t, language } = useSpeech();
  const covered = useCover(read.fewest_loans);
  if (read.figures.length === 0)
    return (
      <Notice tone="empty" title={t("portfolio.empty_title")}>
        <p>{t("portfolio.empty_hint")}</p>
      </Notice>
    );
  const down = (one: Figure) => {
    const by = one.of === "largest_industry" ? "industry" : "region";
    change({ view: "groups", by, within: [...state.within, { by, value: one.value }] });
  };
  const told = (one: Figure) => (one.label ? (language === "zh" ? one.label.chinese : one.label.english) : one.value);
  return (
    <>
      <div className="concentration-sides">
        <WideTable<Figure>
          className="portfolio-table"
          size="small"
          rowKey={(one) => one.of}
          aria-label={t("portfolio.concentration.table")}
          dataSource={[...read.figures]}
          columns={[
            {
              key: "of",
              title: <Term name="concentration">{t("portfolio.concentration.figure")}</Term>,
              render: (_, one) => (
                <>
                  <Term name={TERMS[one.of]}>{t(`portfolio.concentration.${one.of}`)}</Term>
                  {one.value !== "" && (
                    <>
                      {" "}
                      <button type="button" className="link-button" onClick={() => down(one)}>
                        {told(one)}
                      </button>
                    </>
                  )}
                </>
              ),
            },
            {
              key: "loans",
              title: t("portfolio.figure.loan_count"),
              align: "right",
              className: "figures nowrap",
              render: (_, one) => covered(one.cover) ?? one.loan_count?.toLocaleString("en"),
            },
            {
              key: "balance",
              title: t("portfolio.figure.balance_fen"),
              align: "right",
              className: "figures nowrap",
              render: (_, one) => covered(one.cover) ?? (one.balance_fen && <Amount fen={one.balance_fen} form="short" {...read} />),
            },
            {
              key: "share",
              title: t("portfolio.concentration.share"),
              align: "right",
              className: "figures",
              render: (_, one) => covered(one.cover) ?? (one.share_ppm === null ? "–" : percentText(one.share_ppm)),
            },
            {
              key: "limit",
              title: <Term name="large_exposure">{t("portfolio.concentration.limit")}</Term>,
              className: "nowrap",
              render: (_, one) => (one.limit ? <Limit limit={one.limit} /> : <span className="quiet">–</span>),
            },
          ]}
        />
        <section className="card concentration-side" aria-label={t("portfolio.concentration.indices")}>
          <h2>
            <Term name="hhi">{t("portfolio.concentration.indices")}</Term>
          </h2>
          <dl className="concentration-facts">
            <Index title={t("portfolio.concentration.customers_index")} index={read.customers_index} fewest={read.fewest_loans} />
            <Index title={t("portfolio.concentration.industries_index")} index={read.industries_index} fewest={read.fewest_loans} />
            <div>
              <dt>
                <Term name="net_capital">{t("portfolio.concentration.net_capital")}</Term>
              </dt>
              <dd>
                {read.capital ? (
                  <>
                    <Amount fen={read.capital.net_capital_fen} form="short" currency="CNY" minor_digits={2} />
                    <span className="quiet small"> {t("portfolio.concentration.since", { day: read.capital.since })}</span>
                  </>
                ) : (
                  <span className="quiet">{t("portfolio.concentration.no_capital")}</span>
                )}
              </dd>
            </div>
            {read.capital && (
              <div>
                <dt>
                  <Term name="net_capital">{t("portfolio.concentration.net_tier1")}</Term>
                </dt>
                <dd>
                  <Amount fen={read.capital.net_tier1_capital_fen} form="short" currency="CNY" minor_digits={2} />
                </dd>
              </div>
            )}
          </dl>
        </section>
      </div>
      {read.customers && read.customers.length > 0 && <Customers read={read} customers={read.customers} within={state.within} />}
      <Notes notes={read.notes} />
    </>
  );
}

function Limit({ limit }: { readonly limit: NonNullable<Figure["limit"]> }) {
  const { t } = useSpeech();
  const of = t(`portfolio.concentration.of_${limit.of}`);
  return (
    <span title={limit.basis}>
      {limit.exceeded !== null && (
        <strong className={limit.exceeded ? "danger" : undefined}>{t(limit.exceeded ? "portfolio.concentration.exceeded" : "portfolio.concentration.kept")}</strong>
      )}{" "}
      {limit.share_ppm !== null && <span className="figures">{percentText(limit.share_ppm)}</span>}{" "}
      <span className="quiet small">{t("portfolio.concentration.at_most", { of, limit: percentText(limit.limit_ppm) })}</span>
    </span>
  );
}

interface IndexProps {
  readonly title: string;
  readonly index: Schemas["ConcentrationIndex"];
  readonly fewest: number | null;
}

function Index({ title, index, fewest }: IndexProps) {
  const { t } = useSpeech();
  const covered = useCover(fewest);
  return (
    <div>
      <dt>
        <Term name="hhi">{title}</Term>
      </dt>
      <dd>
        {covered(index.cover) ?? (
          <>
            <span className="figures">{index.hhi_ppm === null ? "–" : t("portfolio.concentration.ppm", { ppm: index.hhi_ppm.toLocaleString("en"), points: Math.round(index.hhi_ppm / 100).toLocaleString("en") })}</span>
            {index.count !== null && <span className="quiet small"> {t("portfolio.concentration.over", { count: index.count.toLocaleString("en") })}</span>}
          </>
        )}
      </dd>
    </div>
  );
}

type Customer = Schemas["ConcentratedCustomer"];

interface CustomersProps {
  readonly read: Concentration;
  readonly customers: readonly Customer[];
  readonly within: PortfolioState["within"];
}

/** The ten largest, for who may see single loans. */
function Customers({ read, customers, within }: CustomersProps) {
  const { t } = useSpeech();
  return (
    <Table<Customer>
      className="card portfolio-table concentration-customers"
      size="small"
      rowKey={(one) => one.party_id}
      aria-label={t("portfolio.concentration.customers")}
      title={() => (
        <div className="card-title">
          <h2>{t("portfolio.concentration.customers")}</h2>
          <ExportButton
            small
            address="/api/v1/portfolio/concentration/customers.xlsx"
            query={() => {
              const query = new URLSearchParams({ currency: read.currency });
              for (const one of within) query.append("within", withinText(one));
              return query;
            }}
            count={customers.length}
          />
        </div>
      )}
      pagination={false}
      scroll={{ x: "max-content" }}
      dataSource={[...customers]}
      columns={[
        {
          key: "name",
          title: t("portfolio.concentration.customer"),
          render: (_, one) => <Link to={`/customers/${encodeURIComponent(one.party_id)}`}>{one.name}</Link>,
        },
        { key: "loans", title: t("portfolio.figure.loan_count"), align: "right", className: "figures", render: (_, one) => one.loan_count.toLocaleString("en") },
        {
          key: "balance",
          title: t("portfolio.figure.balance_fen"),
          align: "right",
          className: "figures nowrap",
          render: (_, one) => <Amount fen={one.balance_fen} form="short" {...read} />,
        },
        {
          key: "share",
          title: t("portfolio.concentration.share"),
          align: "right",
          className: "figures",
          render: (_, one) => (one.share_ppm === null ? "–" : percentText(one.share_ppm)),
        },
      ]}
    />
  );
}

import { Alert, Button, Collapse, Progress, Select } from "antd";
import { useEffect, useRef, useState } from "react";
import { Link } from "react-router";
import { newKey } from "../accounts/Correction";
import { api, type Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { may, useMe } from "../identity/me";
import { ExportButton } from "../table/ExportButton";
import { Amount } from "../ui/Amount";
import { Figure } from "../ui/Figure";
import { Notice } from "../ui/states";
import { instantText } from "../ui/time";
import { problemText, said } from "../ui/wording";
import { DayField } from "../warnings/forms";
import { LevelTag } from "../warnings/LevelTag";
import { type Backtest, countText, milliText, type Version } from "./milli";
import { Reading } from "./Reading";

const BUSY_MS = 700;
const CNY = { currency: "CNY", minor_digits: 2 };

interface Props {
  readonly detail: Schemas["RuleDetail"];
  readonly version: Version;
  /** A person's name. */
  readonly called: (person: string) => string;
  readonly started: () => void;
}

/** Tries a version over history: started, watched, cancelled, read. */
export function Backtests({ detail, version, called, started }: Props) {
  const { t, name, language } = useSpeech();
  const starts = may(useMe(), ["write_rules"]);
  const [from, setFrom] = useState(detail.period_from ?? "");
  const [to, setTo] = useState(detail.period_to ?? "");
  const others = detail.versions.filter((one) => one.rule_id !== version.rule_id && one.problems.length === 0);
  const usual = others.find((one) => one.in_force) ?? others.find((one) => one.state === "shadow" || one.state === "proposed");
  const [beside, setBeside] = useState<number | null>(usual?.version ?? null);
  const [key, setKey] = useState(newKey);
  const own = detail.backtests.filter((one) => one.rule_id === version.rule_id);
  const [chosen, setChosen] = useState<string | null>(own[0]?.backtest_id ?? null);
  const start = api.useMutation("post", "/api/v1/rule-versions/{rule_id}/backtests", {
    onSuccess: (answer) => {
      setKey(newKey());
      setChosen(answer.backtest_id);
      started();
    },
  });
  if (!detail.period_from) {
    return (
      <Notice tone="empty" title={t("rules.no_history")}>
        <p>{t("rules.no_history_hint")}</p>
      </Notice>
    );
  }
  if (!starts && own.length === 0) return <Notice tone="empty" title={t("rules.no_backtest")} />;
  return (
    <div className="backtests">
      {starts && (
        <form
          className="card backtest-form"
          onSubmit={(event) => {
            event.preventDefault();
            start.mutate({
              params: { path: { rule_id: version.rule_id } },
              body: { from_date: from, to_date: to, compare_with: beside, request_key: key },
            });
          }}
        >
          <DayField label={t("rules.from")} value={from} change={setFrom} />
          <DayField label={t("rules.to")} value={to} change={setTo} />
          {others.length > 0 && (
            <label className="field">
              <span>{t("rules.compare_with")}</span>
              <Select
                value={beside}
                placeholder={t("rules.compare_none")} /* what holds while no version is chosen */
                onChange={setBeside}
                options={others.map((one) => ({
                  value: one.version,
                  label: `${t("rules.version", { version: one.version })} · ${name("rule_state", one.state)}`,
                }))}
              />
            </label>
          )}
          <Button type="primary" htmlType="submit" loading={start.isPending} disabled={!from || !to || version.problems.length > 0}>
            {t("rules.backtest_start")}
          </Button>
          <p className="quiet small">{t("rules.backtest_hint")}</p>
        </form>
      )}
      {start.error && (
        <Alert type="error" showIcon title={t("rules.not_done")} description={problemText(language, start.error) || t("error.unreachable")} />
      )}
      {own.length > 0 && (
        <div className="backtest-earlier small">
          {own.length > 1 && <span className="quiet">{t("rules.backtest_earlier")}</span>}
          {own.length > 1 &&
            own.map((one) => (
              <Button key={one.backtest_id} size="small" type={one.backtest_id === chosen ? "default" : "link"} onClick={() => setChosen(one.backtest_id)}>
                {instantText(one.requested_at)}
              </Button>
            ))}
          <ExportButton address={`/api/v1/rule-versions/${version.rule_id}/backtests.xlsx`} count={own.length} />
        </div>
      )}
      {chosen && <One key={chosen} backtestId={chosen} called={called} ended={started} />}
    </div>
  );
}

const ENDED = new Set<Backtest["state"]>(["finished", "failed", "cancelled", "interrupted"]);

interface OneProps {
  readonly backtestId: string;
  readonly called: (person: string) => string;
  readonly ended: () => void;
}

function One({ backtestId, called, ended }: OneProps) {
  const { t, name, language } = useSpeech();
  const cancels = may(useMe(), ["write_rules"]);
  const { data, refetch } = api.useQuery(
    "get",
    "/api/v1/backtests/{backtest_id}",
    { params: { path: { backtest_id: backtestId } } },
    { refetchInterval: (query) => (query.state.data && ENDED.has(query.state.data.state) ? false : BUSY_MS) },
  );
  const cancel = api.useMutation("post", "/api/v1/backtests/{backtest_id}/cancellation", { onSuccess: () => void refetch() });
  // Whoever proposes the version next must not be asked why it was never tried.
  const over = data ? ENDED.has(data.state) : null;
  const ran = useRef(false);
  useEffect(() => {
    if (over === false) ran.current = true;
    if (over && ran.current) {
      ran.current = false;
      ended();
    }
  });
  if (!data) return null;
  const percent = data.rows_total > 0 ? Math.floor((data.rows_done * 100) / data.rows_total) : 0;
  return (
    <section className="card backtest" aria-label={t("rules.backtest")}>
      <p className="backtest-head">
        <span className={`rule-state backtest-${data.state}`} role="status">
          {name("backtest_state", data.state)}
        </span>
        <span className="figures">
          {data.from_date} – {data.to_date}
        </span>
        <span className="quiet small">
          {called(data.requested_by)} · {instantText(data.requested_at)}
          {data.compared_version !== null && ` · ${t("rules.compared", { version: data.compared_version })}`}
        </span>
      </p>
      {data.changed_since && <Alert type="warning" showIcon className="alert" title={t("rules.changed_since")} />}
      {!ENDED.has(data.state) && (
        <div className="backtest-progress">
          <Progress percent={percent} aria-label={t("rules.progress")} />
          <span className="quiet small figures">
            {t("rules.rows_done", { done: countText(data.rows_done), total: countText(data.rows_total) })}
          </span>
          {cancels && (
            <Button
              disabled={data.cancel_requested}
              onClick={() => cancel.mutate({ params: { path: { backtest_id: backtestId } } })}
            >
              {t(data.cancel_requested ? "rules.cancelling" : "rules.backtest_cancel")}
            </Button>
          )}
        </div>
      )}
      {data.problem && (
        <Alert
          type="error"
          showIcon
          title={data.state === "interrupted" ? t("rules.interrupted") : said(language, data.problem, data.problem_chinese)}
          description={
            data.state === "interrupted"
              ? t("rules.interrupted_hint")
              : said(language, data.remedy, data.remedy_chinese)
          }
        />
      )}
      {data.result?.judged_from &&
        data.result.judged_to &&
        (data.result.judged_from > data.from_date || data.result.judged_to < data.to_date) && (
          <p className="quiet small">
            {t("rules.judged_days", { from: data.result.judged_from, to: data.result.judged_to })}
          </p>
        )}
      {data.result && <Result backtestId={backtestId} result={data.result} />}
    </section>
  );
}

function Result({ backtestId, result }: { readonly backtestId: string; readonly result: Schemas["BacktestResult"] }) {
  const { t, language } = useSpeech();
  const over = result.threads_milli > result.budget_threads_milli;
  return (
    <>
      {result.runaway && <Alert type="error" showIcon className="alert" title={t("rules.runaway_title")} description={t("rules.runaway_hint")} />}
      <dl className="figures-row backtest-figures">
        <Figure label={t("rules.loans_hit")} note={
            typeof result.loans_new === "number"
              ? t("rules.loans_of_new", { count: countText(result.loans), new: countText(result.loans_new) })
              : t("rules.loans_of", { count: countText(result.loans) })
          }
        >
          {countText(result.loans_hit)}
        </Figure>
        <Figure label={t("rules.threads")} note={t("rules.threads_note", { budget: milliText(result.budget_threads_milli) })} danger={over}>
          {milliText(result.threads_milli)}
        </Figure>
        <Figure
          label={t("rules.severe")}
          note={t("rules.threads_note", { budget: milliText(result.budget_severe_milli) })}
          danger={result.severe_milli > result.budget_severe_milli}
        >
          {milliText(result.severe_milli)}
        </Figure>
        <Figure label={t("rules.confirmed")} note={t("rules.confirmed_of", { count: countText(result.confirmed) })}>
          {countText(result.confirmed_hit)}
        </Figure>
      </dl>
      <div className="backtest-parts">
        <div>
          <h3>{t("rules.by_level")}</h3>
          <ul>
            {result.levels.map((one) => (
              <li key={one.level}>
                <LevelTag level={one.level} /> <span className="figures">{countText(one.loans)}</span>
              </li>
            ))}
          </ul>
        </div>
        <div>
          <h3>{t("rules.by_month")}</h3>
          <ul className="months">
            {result.months.map((one) => (
              <li key={one.month} className="figures">
                <span className="quiet">{one.month}</span> {countText(one.loans)}
              </li>
            ))}
          </ul>
        </div>
        {result.compared && (
          <div>
            <h3>{t("rules.difference")}</h3>
            <dl className="rule-facts">
              <dt>{t("rules.both")}</dt>
              <dd className="figures">{countText(result.both)}</dd>
              <dt>{t("rules.only_new")}</dt>
              <dd className="figures">
                {countText(result.only_new)} <Loans ids={result.only_new_loans} />
              </dd>
              <dt>{t("rules.only_old")}</dt>
              <dd className="figures">
                {countText(result.only_old)} <Loans ids={result.only_old_loans} />
              </dd>
            </dl>
          </div>
        )}
      </div>
      <p className="quiet small">
        {t("rules.speed", { rows: countText(result.rows), seconds: (result.microseconds / 1_000_000).toFixed(1) })}
      </p>
      {result.examples.length + result.hidden_examples > 0 && (
        <>
          <div className="table-tools">
            <h3>{t("rules.examples")}</h3>
            {result.examples.length > 0 && (
              <ExportButton address={`/api/v1/backtests/${backtestId}/examples.xlsx`} count={result.examples.length} />
            )}
          </div>
          {result.hidden_examples > 0 && (
            <p className="quiet small">{t("rules.examples_hidden", { count: countText(result.hidden_examples) })}</p>
          )}
          <Collapse
            items={result.examples.map((one) => ({
              key: one.loan_id,
              label: (
                <span className="example-head">
                  <LevelTag level={one.level} />
                  <span className="figures">{one.loan_id}</span>
                  <Amount fen={one.amount_fen} form="short" {...CNY} />
                  <span className="quiet small">{instantText(one.at)}</span>
                  {one.only_new && <span className="rule-state rule-state-shadow">{t("rules.only_new")}</span>}
                </span>
              ),
              children: (
                <>
                  <p className="small">
                    <Link to={`/loans/${encodeURIComponent(one.loan_id)}`}>{t("rules.open_loan")}</Link>
                    {one.transaction_id && (
                      <>
                        {language === "zh" ? "　" : " · "}
                        <Link to={`/transactions/${one.transaction_id}`}>{t("rules.open_transaction")}</Link>
                      </>
                    )}
                  </p>
                  <Reading part={one.explained} judged />
                </>
              ),
            }))}
          />
        </>
      )}
    </>
  );
}

function Loans({ ids }: { readonly ids: readonly string[] }) {
  if (ids.length === 0) return null;
  return (
    <span className="small">
      {ids.slice(0, 6).map((one) => (
        <Link key={one} className="loan-id" to={`/loans/${encodeURIComponent(one)}`}>
          {one}{" "}
        </Link>
      ))}
      {ids.length > 6 && "…"}
    </span>
  );
}

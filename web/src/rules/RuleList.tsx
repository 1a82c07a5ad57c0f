import { Button, type InputRef, message, Segmented, Table } from "antd";
import { useRef } from "react";
import { Link, useNavigate } from "react-router";
import { api } from "../api/client";
import { useSpeech } from "../i18n";
import { may, useMe } from "../identity/me";
import { ExportButton } from "../table/ExportButton";
import { useListAddress } from "../table/list_address";
import { SavedFilters } from "../table/SavedFilters";
import { Figure } from "../ui/Figure";
import { useKeys } from "../ui/keys";
import { Failure, Loading, Notice } from "../ui/states";
import { TypedSearch } from "../ui/TypedSearch";
import { LevelTag } from "../warnings/LevelTag";
import { Cost } from "./Cost";
import { countText, milliText, type Rule } from "./milli";
import { Patterns } from "./Patterns";
import { RuleState } from "./RuleState";

const SHOWN = ["all", "published", "shadow", "waiting"] as const;
type Shown = (typeof SHOWN)[number];
const SHIPPED = [
  ["rules_shown.published", "shown=published"],
  ["rules_shown.waiting", "shown=waiting"],
] as const;

/** Whether something of the rule waits for a second person: a version to be published, or one to be retired. */
function waits(rule: Rule): boolean {
  return rule.waiting === "proposed" || rule.state === "proposed" || rule.retirement_waits;
}

function fits(rule: Rule, shown: Shown, text: string): boolean {
  if (shown === "published" && rule.state !== "published") return false;
  if (shown === "shadow" && rule.state !== "shadow") return false;
  if (shown === "waiting" && !waits(rule)) return false;
  return [rule.code, rule.chinese, rule.english].join(" ").toLowerCase().includes(text.trim().toLowerCase());
}

/** Every rule, and what it costs against the volume that staff can work. */
export function RuleList() {
  const { t, name, language } = useSpeech();
  const writes = may(useMe(), ["write_rules"]);
  const go = useNavigate();
  const { address, change, text: kept, replace } = useListAddress();
  const [messages, toldHere] = message.useMessage();
  const search = useRef<InputRef>(null);
  useKeys({ "/": () => search.current?.focus({ cursor: "all" }) });
  const shown = SHOWN.find((one) => one === address.get("shown")) ?? "all";
  const text = address.get("search") ?? "";
  const { data, error, refetch } = api.useQuery("get", "/api/v1/rules", {});
  if (error) return <Failure error={error} retry={() => void refetch()} />;
  if (!data) return <Loading />;
  const rules = data.rules.filter((one) => fits(one, shown, text));
  const count = (state: Rule["state"]) => data.rules.filter((one) => one.state === state).length;
  const waiting = data.rules.filter(waits).length;
  const over = data.warning_threads_milli > data.budget_threads_milli;
  return (
    <>
      <div className="page-head">
        <h1>{t("rules.title")}</h1>
        <Link to="/lists">{t("lists.title")}</Link>
        {toldHere}
        <SavedFilters
          place="rules"
          page="/rules"
          text={kept}
          shipped={SHIPPED.map(([key, conditions]) => [t(key), conditions] as const)}
          apply={replace}
          say={(said) => void messages.success(said)}
          complain={(said) => void messages.error(said)}
        />
        {writes && (
          <Button type="primary" onClick={() => void go("/rules/new")}>
            {t("rules.new")}
          </Button>
        )}
      </div>
      <dl className="card figures-row">
        <Figure label={t("rules.published")} note={t("rules.published_note", { shadow: count("shadow") })}>
          {countText(count("published"))}
        </Figure>
        <Figure label={t("rules.waiting")} note={t("rules.waiting_note")} danger={waiting > 0}>
          {countText(waiting)}
        </Figure>
        <Figure
          label={t("rules.threads")}
          note={t("rules.warning_note", { budget: milliText(data.budget_threads_milli) })}
          danger={over}
        >
          {milliText(data.warning_threads_milli)}
        </Figure>
        <Figure
          label={t("rules.severe")}
          note={t("rules.warning_note", { budget: milliText(data.budget_severe_milli) })}
          danger={data.warning_severe_milli > data.budget_severe_milli}
        >
          {milliText(data.warning_severe_milli)}
        </Figure>
      </dl>
      <div className="rules-filters">
        <Segmented<Shown>
          aria-label={t("rules.shown")}
          value={shown}
          onChange={(value) => change({ shown: value === "all" ? "" : value })}
          options={SHOWN.map((one) => ({ value: one, label: t(`rules_shown.${one}`) }))}
        />
        <TypedSearch box={search} label={t("rules.search")} value={text} change={(typed) => change({ search: typed })} className="search" />
        <ExportButton
          address="/api/v1/rules.xlsx"
          query={() => new URLSearchParams({ shown, search: text.trim() })}
          count={rules.length}
        />
      </div>
      {rules.length === 0 ? (
        <Notice tone="empty" title={t("rules.none")} />
      ) : (
        <Table<Rule>
          className="card rules-table"
          rowKey="code"
          dataSource={rules}
          pagination={false}
          scroll={{ x: "max-content" }}
          columns={[
            {
              title: t("rules.column_rule"),
              key: "rule",
              render: (_, rule) => (
                <>
                  <Link to={`/rules/${rule.code}`}>{language === "zh" ? rule.chinese : rule.english}</Link>
                  <div className="quiet small">
                    <code>{rule.code}</code> · {t("rules.version", { version: rule.version })}
                  </div>
                </>
              ),
            },
            {
              title: t("rules.column_state"),
              key: "state",
              render: (_, rule) => (
                <>
                  <RuleState state={rule.state} />
                  {rule.waiting && <div className="quiet small">{t("rules.newer", { state: name("rule_state", rule.waiting) })}</div>}
                  {rule.retirement_waits && <div className="quiet small">{t("rules.retirement_waits")}</div>}
                </>
              ),
            },
            { title: t("rules.column_level"), key: "level", render: (_, rule) => (rule.level ? <LevelTag level={rule.level} /> : "–") },
            { title: t("rules.column_occasion"), key: "occasion", render: (_, rule) => name("occasion", rule.occasion) },
            {
              title: t("rules.column_hits"),
              key: "hits",
              align: "right",
              className: "figures",
              render: (_, rule) => (rule.found ? countText(rule.found.loans_hit) : "–"),
            },
            {
              title: t("rules.column_cost", { budget: milliText(data.budget_threads_milli) }),
              key: "cost",
              width: 220,
              render: (_, rule) => <Cost found={rule.found} budget={data.budget_threads_milli} />,
            },
          ]}
        />
      )}
      {shown === "all" && text.trim() === "" && <Patterns
          patterns={data.patterns}
          said={new Set(data.rules.map((one) => one.pattern || one.code))}
          budget={data.budget_threads_milli}
        />}
    </>
  );
}

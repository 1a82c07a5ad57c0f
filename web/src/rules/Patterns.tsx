import { Table } from "antd";
import type { Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { ExportButton } from "../table/ExportButton";
import { Bar } from "./Cost";
import { countText, milliText } from "./milli";

type Pattern = Schemas["PatternCost"];

interface Props {
  readonly patterns: readonly Pattern[];
  /** Those that a rule, published or not, says too. */
  readonly said: ReadonlySet<string>;
  readonly budget: number;
}

/** The built-in patterns, which warn beside the published rules, and what each costs. */
export function Patterns({ patterns, said, budget }: Props) {
  const { t, name } = useSpeech();
  return (
    <section>
      <h2>{t("rules.patterns")}</h2>
      <p className="quiet small">{t("rules.patterns_hint")}</p>
      <div className="table-tools">
        <ExportButton address="/api/v1/rule-patterns.xlsx" count={patterns.length} />
      </div>
      <Table<Pattern>
        className="card rules-table"
        rowKey="code"
        dataSource={patterns}
        pagination={false}
        scroll={{ x: "max-content" }}
        columns={[
          {
            title: t("rules.pattern"),
            key: "pattern",
            render: (_, one) => (
              <>
                {name("pattern", one.code)}
                <div className="quiet small">
                  <code>{one.code}</code>
                  {one.by_rule && ` · ${t("rules.pattern_by_rule")}`}
                </div>
                {!said.has(one.code) && <div className="quiet small">{t("rules.pattern_alone")}</div>}
              </>
            ),
          },
          {
            title: t("rules.column_threads"),
            dataIndex: "threads",
            align: "right",
            className: "figures",
            render: (count: number) => countText(count),
          },
          { title: t("rules.severe"), dataIndex: "severe", align: "right", className: "figures", render: (count: number) => countText(count) },
          {
            title: t("rules.column_cost", { budget: milliText(budget) }),
            key: "cost",
            width: 220,
            render: (_, one) => <Bar milli={one.threads_milli} budget={budget} />,
          },
        ]}
      />
    </section>
  );
}

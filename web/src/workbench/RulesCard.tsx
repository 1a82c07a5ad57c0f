import { Table } from "antd";
import { Link } from "react-router";
import type { Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { useRuleName } from "../warnings/rules";
import { Card, Nothing } from "./Card";
import type { Bench } from "./WorkbenchPage";

type Work = Schemas["RuleWork"];

interface Props {
  readonly rules: Schemas["RulesStanding"];
  readonly words: Bench["rule_words"];
}

/** Whether the rules still work: what they found, and what people said of it. */
export function RulesCard({ rules, words }: Props) {
  const { t } = useSpeech();
  const called = useRuleName(words);
  return (
    <Card
      title={t("workbench.rules_title")}
      more={["/rules", t("workbench.all")]}
      note={t("workbench.rules_note", {
        published: rules.published_count,
        shadow: rules.shadow_count,
        proposed: rules.proposed_count,
        running: rules.backtest_running_count,
      })}
    >
      {rules.items.length === 0 ? (
        <Nothing>{t("workbench.rules_none")}</Nothing>
      ) : (
        <Table<Work>
          size="small"
          rowKey="rule_code"
          aria-label={t("workbench.rules_title")}
          dataSource={[...rules.items]}
          pagination={false}
          columns={[
            {
              title: t("workbench.rule"),
              key: "rule",
              // What a pattern of the trace found stands under no rule's page.
              render: (_, one) =>
                one.rule_code in words ? <Link to={`/rules/${one.rule_code}`}>{called(one.rule_code)}</Link> : called(one.rule_code),
            },
            { title: t("workbench.rule_threads"), key: "threads", align: "right", className: "figures", render: (_, one) => one.threads },
            { title: t("workbench.rule_true"), key: "true", align: "right", className: "figures", render: (_, one) => one.true_positives },
            { title: t("workbench.rule_false"), key: "false", align: "right", className: "figures", render: (_, one) => one.false_alarms },
          ]}
        />
      )}
    </Card>
  );
}

import { Table } from "antd";
import type { Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { countText } from "../imports/size";
import { State } from "../imports/Stage";
import { useTook } from "../imports/took";
import { ExportButton } from "../table/ExportButton";
import { instantText } from "../ui/time";
import { said } from "../ui/wording";

type Step = Schemas["NightlyStep"];

interface Props {
  readonly date: string;
  readonly steps: readonly Step[];
  readonly attempts: readonly Schemas["NightlyAttempt"][];
}

/** What the last attempt did, how long it took, and how earlier ones ended. */
export function Steps({ date, steps, attempts }: Props) {
  const { t, name, language } = useSpeech();
  const took = useTook();
  const lasted = (seconds: number | null) =>
    seconds === null
      ? "–"
      : seconds < 60
        ? t("imports.seconds", { count: seconds.toFixed(1) })
        : t("imports.minutes", { count: Math.floor(seconds / 60), rest: Math.floor(seconds % 60) });
  return (
    <section className="card" aria-labelledby="steps-title">
      <div className="card-head">
        <h2 id="steps-title">{t("nightly.steps")}</h2>
        {steps.length > 0 && <ExportButton address={`/api/v1/nightly/${date}/steps.xlsx`} count={steps.length} />}
        {steps.length === 0 && <p className="quiet">{t("nightly.steps_none")}</p>}
      </div>
      {steps.length > 0 && (
        <Table<Step>
          size="middle"
          rowKey="step"
          dataSource={[...steps]}
          pagination={false}
          columns={[
            { title: t("nightly.column.step"), key: "step", render: (_, step) => name("night_step", step.step) },
            {
              title: t("nightly.column.state"),
              key: "state",
              render: (_, step) => <State value={step.state} text={name("night_step_state", step.state)} />,
            },
            {
              title: t("nightly.column.took"),
              key: "took",
              align: "right",
              className: "figures nowrap",
              render: (_, step) => lasted(step.seconds),
            },
            {
              title: t("nightly.column.counts"),
              key: "counts",
              render: (_, step) => (
                <span className="outcome">
                  {Object.entries(step.counts)
                    .filter(([, count]) => count > 0)
                    .map(([key, count]) => (
                      <span key={key} className="quiet figures">
                        {name("night_count", key)} {countText(count)}
                      </span>
                    ))}
                </span>
              ),
            },
          ]}
        />
      )}
      {attempts.length > 1 && (
        <div className="earlier">
          <h3>{t("nightly.earlier")}</h3>
          <ul>
            {attempts.slice(1).map((one) => (
              <li key={one.run_id}>
                {t("nightly.attempts", { attempt: one.attempt })} ·{" "}
                <span className="figures">{instantText(one.started_at)}</span> ·{" "}
                {took(one.started_at, one.finished_at)} ·{" "}
                <State
                  value={one.state === "held" ? "held_back" : one.state}
                  text={name("night_state", one.state)}
                />
                {one.problem && <span className="danger"> {said(language, one.problem, one.problem_chinese)}</span>}
              </li>
            ))}
          </ul>
        </div>
      )}
    </section>
  );
}

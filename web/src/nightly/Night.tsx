import { ArrowLeftOutlined } from "@ant-design/icons";
import { useQueryClient } from "@tanstack/react-query";
import { Alert, Button, Checkbox, Modal } from "antd";
import { useState } from "react";
import { Link } from "react-router";
import { api, type Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { may, useMe } from "../identity/me";
import { State } from "../imports/Stage";
import { useTook } from "../imports/took";
import { ExportButton } from "../table/ExportButton";
import { Failure, Loading, Notice, problemCode } from "../ui/states";
import { Term } from "../ui/Term";
import { instantText } from "../ui/time";
import { said } from "../ui/wording";
import { Alarms } from "./Alarms";
import { FileTable } from "./FileTable";
import { LedgerTable } from "./LedgerTable";
import { standingOf, toneOf } from "./standing";
import { Steps } from "./Steps";

type Day = Schemas["NightlyDay"];
const BUSY_MS = 1500;

/** One business date: its alarms, files, steps, and the loans against the general ledger. */
export function Night({ date }: { readonly date: string }) {
  const { t } = useSpeech();
  const { data, error, refetch } = api.useQuery(
    "get",
    "/api/v1/nightly/{business_date}",
    { params: { path: { business_date: date } } },
    { refetchOnMount: "always", refetchInterval: (query) => (query.state.data?.running ? BUSY_MS : false) },
  );
  if (error)
    return problemCode(error) === "not_found" || problemCode(error) === "request_refused" ? (
      <Notice
        tone="empty"
        title={t("nightly.missing", { date })}
        action={<Link to="/nightly">{t("nightly.back")}</Link>}
      />
    ) : (
      <Failure error={error} retry={() => void refetch()} />
    );
  if (!data) return <Loading />;
  return <Shown day={data} />;
}

function Shown({ day }: { readonly day: Day }) {
  const { t, name, language } = useSpeech();
  const runs = may(useMe(), ["take_data"]);
  const took = useTook();
  const last = day.attempts[0];
  const problem =
    said(language, day.run_problem, day.run_problem_chinese) || said(language, last?.problem, last?.problem_chinese);
  const standing = day.running ? "running" : standingOf(day);
  const from = day.runnable ? "" : ` --from ${t("nightly.folder")}`;
  const command = `loantrail nightly ${day.business_date.replaceAll("-", "")}${from}${day.loaded_at !== null ? " --again" : ""}`;
  return (
    <div className="imports-stack">
      <div className="import-head">
        <Link to="/nightly" className="import-back">
          <ArrowLeftOutlined aria-hidden /> {t("nightly.back")}
        </Link>
        <h1 className="figures night-title">{day.business_date}</h1>
        <State value={toneOf(standing)} text={name("night_state", standing)} />
        {last && (
          <span className="quiet small figures">
            {t("nightly.attempts", { attempt: last.attempt })} · {instantText(last.started_at)} ·{" "}
            {took(last.started_at, last.finished_at)}
          </span>
        )}
        {runs && (
          <span className="import-actions">
            <code className="command" title={t("nightly.command")}>
              {command}
            </code>
            <RunAgain day={day} />
          </span>
        )}
      </div>
      {runs && !day.runnable && <p className="quiet small">{t("nightly.not_runnable")}</p>}
      {day.running && (
        <Alert
          type="info"
          showIcon
          title={t("nightly.running", { date: day.business_date })}
          description={t("nightly.running_note")}
        />
      )}
      {problem && <Alert type="error" showIcon title={t("nightly.problem", { problem })} />}
      <Alarms date={day.business_date} alarms={day.alarms} />
      <section className="card" aria-labelledby="files-title">
        <div className="card-head">
          <h2 id="files-title">{t("nightly.files")}</h2>
          <p className="quiet">
            <Term name="manifest" /> · <Term name="control_total" />
            {last && day.files_attempt !== null && day.files_attempt !== last.attempt && (
              <> · {t("nightly.files_of", { attempt: day.files_attempt })}</>
            )}
          </p>
          {day.files.length > 0 && <ExportButton address={`/api/v1/nightly/${day.business_date}/files.xlsx`} count={null} />}
        </div>
        <FileTable files={day.files} />
      </section>
      <LedgerTable date={day.business_date} rows={day.ledger} />
      <Steps date={day.business_date} steps={day.steps} attempts={day.attempts} />
    </div>
  );
}

function RunAgain({ day }: { readonly day: Day }) {
  const { t } = useSpeech();
  const queries = useQueryClient();
  const [asking, setAsking] = useState(false);
  const [accepted, accept] = useState<readonly string[]>([]);
  const run = api.useMutation("post", "/api/v1/nightly/{business_date}/run", {
    onSuccess: () => {
      setAsking(false);
      void queries.invalidateQueries({ queryKey: ["get", "/api/v1/nightly/{business_date}"] });
      void queries.invalidateQueries({ queryKey: ["get", "/api/v1/nightly"] });
    },
  });
  const acceptable = day.alarms.filter((alarm) => alarm.acceptable && alarm.state !== "resolved");
  const begin = () =>
    run.mutate({
      params: { path: { business_date: day.business_date } },
      body: { again: day.loaded_at !== null, accepted: [...accepted] },
    });
  const first = day.state === "waiting";
  // A date in the books is never run with other files unasked.
  const unasked = first || (day.state === "failed" && day.loaded_at === null);
  const word = first ? "nightly.run" : day.state === "failed" ? "nightly.run_resume" : "nightly.run_again";
  return (
    <>
      <Button
        type={day.state === "complete" ? "default" : "primary"}
        disabled={!day.runnable || day.running}
        loading={run.isPending}
        onClick={() => (unasked ? begin() : setAsking(true))}
      >
        {t(word)}
      </Button>
      {run.error && !asking && <Failure error={run.error} />}
      <Modal
        open={asking}
        title={t("nightly.run_again")}
        okText={t("nightly.run_again")}
        cancelText={t("nightly.cancel")}
        okButtonProps={{ loading: run.isPending }}
        onCancel={() => setAsking(false)}
        onOk={begin}
      >
        <p>{t("nightly.run_sure", { date: day.business_date })}</p>
        {acceptable.length > 0 && (
          <fieldset className="accept">
            <legend>{t("nightly.accept")}</legend>
            <Accepting alarms={acceptable} accepted={accepted} accept={accept} />
          </fieldset>
        )}
        {run.error && <Failure error={run.error} />}
      </Modal>
    </>
  );
}

interface AcceptingProps {
  readonly alarms: readonly Schemas["NightlyAlarm"][];
  readonly accepted: readonly string[];
  readonly accept: (codes: readonly string[]) => void;
}

function Accepting({ alarms, accepted, accept }: AcceptingProps) {
  const { language } = useSpeech();
  const codes = [...new Map(alarms.map((alarm) => [alarm.code, alarm])).values()];
  return codes.map((alarm) => (
    <Checkbox
      key={alarm.code}
      checked={accepted.includes(alarm.code)}
      onChange={(event) =>
        accept(event.target.checked ? [...accepted, alarm.code] : accepted.filter((one) => one !== alarm.code))
      }
    >
      {language === "zh" ? alarm.words_chinese : alarm.words_english}
    </Checkbox>
  ));
}

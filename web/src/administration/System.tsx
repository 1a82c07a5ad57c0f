import { CheckCircleFilled, CloseCircleFilled, WarningFilled } from "@ant-design/icons";
import { Button, Table } from "antd";
import { type ReactNode, useId } from "react";
import { Link } from "react-router";
import { api, type Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { may, useMe } from "../identity/me";
import { baseName, sizeText } from "../imports/size";
import { ExportButton } from "../table/ExportButton";
import { Failure, Loading } from "../ui/states";
import { instantText } from "../ui/time";
import { said } from "../ui/wording";

const AGAIN_MS = 15_000;
type Job = Schemas["Job"];

/** Jobs, health and settings: what the system does, how it fares, how it is set. */
export function System() {
  const me = useMe();
  const runs = may(me, ["run_system"]);
  return (
    <div className="system-parts">
      <Jobs />
      {runs && <Examination />}
      {runs && <Settings />}
    </div>
  );
}

function Part({ title, note, children }: { readonly title: string; readonly note?: ReactNode; readonly children: ReactNode }) {
  const heading = useId();
  return (
    <section className="card admin-part" aria-labelledby={heading}>
      <div className="bench-card-head">
        <h2 id={heading}>{title}</h2>
        {note}
      </div>
      {children}
    </section>
  );
}

const PLACES: Readonly<Partial<Record<Job["name"], string>>> = { nightly: "/nightly", import: "/imports", backtest: "/rules" };

function Jobs() {
  const { t, name, language } = useSpeech();
  const { data, error, refetch } = api.useQuery("get", "/api/v1/system/jobs", {}, { refetchInterval: AGAIN_MS, refetchOnMount: "always" });
  if (error && !data) return <Failure error={error} retry={() => void refetch()} />;
  if (!data) return <Loading rows={7} />;
  return (
    <Part
      title={t("admin.jobs")}
      note={
        <>
          <span className="quiet small figures">
            {t("admin.versions", { software: data.software_version, tables: data.tables_version, size: sizeText(data.database_bytes) })}
          </span>
          <ExportButton address="/api/v1/system/jobs.xlsx" count={data.jobs.length} readers />
        </>
      }
    >
      <Table<Job>
        size="small"
        aria-label={t("admin.jobs")}
        rowKey="name"
        dataSource={[...data.jobs]}
        pagination={false}
        scroll={{ x: true }}
        columns={[
          {
            title: t("admin.job"),
            key: "job",
            render: (_, job) => {
              const place = PLACES[job.name];
              const label = name("job", job.name);
              return (
                <>
                  {place ? <Link to={place}>{label}</Link> : label}
                  {job.about && (
                    <div className="quiet small" title={job.about}>
                      {baseName(job.about)}
                    </div>
                  )}
                </>
              );
            },
          },
          {
            title: t("admin.state"),
            key: "state",
            render: (_, job) => (
              <>
                <span className={`list-state job-${job.state}`}>{name("job_state", job.state)}</span>
                {job.problem && <div className="danger small">{said(language, job.problem, job.problem_chinese)}</div>}
              </>
            ),
          },
          { title: t("admin.job_waiting"), key: "waiting", align: "right", className: "figures", render: (_, job) => job.waiting_count },
          {
            title: t("admin.job_failed"),
            key: "failed",
            align: "right",
            render: (_, job) => <span className={job.failed_count > 0 ? "danger figures" : "figures"}>{job.failed_count}</span>,
          },
          {
            title: t("admin.job_began"),
            key: "began",
            className: "figures nowrap",
            render: (_, job) => (job.began_at ? instantText(job.began_at) : "–"),
          },
          {
            title: t("admin.job_ended"),
            key: "ended",
            className: "figures nowrap",
            render: (_, job) => (job.ended_at ? instantText(job.ended_at) : "–"),
          },
        ]}
      />
    </Part>
  );
}

const MARKS: Readonly<Record<Schemas["ExaminationFinding"]["level"], ReactNode>> = {
  ok: <CheckCircleFilled aria-hidden />,
  warning: <WarningFilled aria-hidden />,
  problem: <CloseCircleFilled aria-hidden />,
};

/** What `loantrail doctor` finds. */
function Examination() {
  const { t, name, language } = useSpeech();
  const { data, error, refetch, isFetching } = api.useQuery("get", "/api/v1/system/examination", {}, { refetchOnMount: "always" });
  if (error && !data) return <Failure error={error} retry={() => void refetch()} />;
  if (!data) return <Loading rows={8} />;
  return (
    <Part
      title={t("admin.health")}
      note={
        <>
          <span className="quiet small figures">{instantText(data.at)}</span>
          <Button size="small" className="bench-more" loading={isFetching} onClick={() => void refetch()}>
            {t("admin.health_again")}
          </Button>
        </>
      }
    >
      <ul className="findings">
        {data.findings.map((one) => (
          <li key={one.check} className={`finding-${one.level}`}>
            <span className="finding-mark">
              {MARKS[one.level]} {name("finding_level", one.level)}
            </span>
            <span>
              <strong>{name("finding", one.check)}</strong> {said(language, one.message, one.message_chinese)}
              {one.remedy && <div className="small">{said(language, one.remedy, one.remedy_chinese)}</div>}
            </span>
          </li>
        ))}
      </ul>
    </Part>
  );
}

function Settings() {
  const { t, language } = useSpeech();
  const { data, error, refetch } = api.useQuery("get", "/api/v1/system/settings", {}, { staleTime: 60_000 });
  if (error && !data) return <Failure error={error} retry={() => void refetch()} />;
  if (!data) return <Loading rows={8} />;
  return (
    <Part
      title={t("admin.settings")}
      note={
        <>
          <span className="quiet small">{t("admin.settings_hint")}</span>
          <ExportButton address="/api/v1/system/settings.xlsx" count={data.length} readers />
        </>
      }
    >
      <Table<Schemas["SettingRow"]>
        size="small"
        aria-label={t("admin.settings")}
        rowKey="name"
        dataSource={[...data]}
        pagination={false}
        scroll={{ x: true }}
        columns={[
          {
            title: t("admin.setting"),
            key: "setting",
            render: (_, row) => (
              <>
                {row[language === "zh" ? "meaning_chinese" : "meaning"]}
                <div className="quiet small">
                  <code>{row.name}</code>
                </div>
              </>
            ),
          },
          { title: t("admin.setting_value"), key: "value", className: "setting-value", render: (_, row) => (row.value ? <code>{row.value}</code> : "–") },
          {
            title: t("admin.setting_source"),
            key: "source",
            className: "small",
            render: (_, row) => (
              <>
                {t(`admin.setting_${row.source}`)}
                {row.place && <div className="quiet">{row.place}</div>}
              </>
            ),
          },
        ]}
      />
    </Part>
  );
}

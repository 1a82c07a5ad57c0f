import { ArrowLeftOutlined } from "@ant-design/icons";
import { useQueryClient } from "@tanstack/react-query";
import { Alert, Button, Modal, Progress } from "antd";
import { useEffect, useState } from "react";
import { Link, useNavigate } from "react-router";
import { api, type Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { may, useMe } from "../identity/me";
import { ExportButton } from "../table/ExportButton";
import { Failure, Loading } from "../ui/states";
import { Term } from "../ui/Term";
import { instantText } from "../ui/time";
import { said } from "../ui/wording";
import { DropZone } from "./DropZone";
import { isBusy } from "./Files";
import { ReadingOptions } from "./ReadingOptions";
import { useSending } from "./sending";
import { countText } from "./size";
import { isReadable, Stage } from "./Stage";
import { UploadedFiles } from "./UploadedFiles";

type Import = Schemas["Import"];
const BUSY_MS = 700;
const CHANGED = ["/api/v1/imports", "/api/v1/import-runs", "/api/v1/refusals", "/api/v1/reconciliations"] as const;

/** One upload: what reading it showed, and how far its import has come. */
export function OneImport({ importId }: { readonly importId: string }) {
  const queries = useQueryClient();
  const { data, error, refetch } = api.useQuery(
    "get",
    "/api/v1/imports/{import_id}",
    { params: { path: { import_id: importId } } },
    {
      refetchInterval: (query) => (query.state.data && isBusy(query.state.data) ? BUSY_MS : false),
      refetchOnMount: "always",
    },
  );
  const overview = api.useQuery("get", "/api/v1/imports");
  const stage = data?.stage;
  useEffect(() => {
    // What it brought changes every other count of this page.
    if (stage !== "finished") return;
    for (const path of CHANGED) void queries.invalidateQueries({ queryKey: ["get", path] });
  }, [stage, queries]);
  if (error) return <Failure error={error} retry={() => void refetch()} />;
  if (!data || !overview.data) return <Loading />;
  return <Opened one={data} overview={overview.data} refetch={() => void refetch()} />;
}

interface OpenedProps {
  readonly one: Import;
  readonly overview: Schemas["ImportOverview"];
  readonly refetch: () => void;
}

function Opened({ one, overview, refetch }: OpenedProps) {
  const { t } = useSpeech();
  const open = useNavigate();
  const takes = may(useMe(), ["take_data"]);
  const sending = useSending(overview, one);
  const path = { params: { path: { import_id: one.import_id } } };
  const start = api.useMutation("post", "/api/v1/imports/{import_id}/start", { onSuccess: refetch });
  const check = api.useMutation("post", "/api/v1/imports/{import_id}/check", { onSuccess: refetch });
  const remove = api.useMutation("delete", "/api/v1/imports/{import_id}");
  const [removing, setRemoving] = useState(false);
  const busy = isBusy(one);
  const begun = one.stage === "importing" || one.stage === "finished" || one.interrupted_in === "importing";
  const readable = isReadable(one);
  const problem = start.error ?? check.error ?? remove.error;
  return (
    <div className="imports-stack">
      <div className="import-head">
        <Link to="/imports" className="import-back">
          <ArrowLeftOutlined aria-hidden /> {t("imports.back")}
        </Link>
        <Stage of={one} />
        <span className="quiet small figures">{t("imports.created", { time: instantText(one.created_at) })}</span>
        <span className="import-actions">
          {takes && !busy && !begun && (
            <>
              <DropZone overview={overview} {...sending} small />
              <Button
                disabled={one.files.length === 0}
                onClick={() => check.mutate({ ...path, body: one.options })}
                loading={check.isPending}
              >
                {one.stage === "checked" ? t("imports.check_again") : t("imports.check")}
              </Button>
              <span className="quiet small">
                <Term name="dry_run" />
              </span>
            </>
          )}
          {takes && !busy && one.stage !== "finished" && (
            <Button
              type="primary"
              disabled={!(readable || begun || one.stage === "failed")}
              onClick={() => start.mutate({ ...path, body: {} })}
              loading={start.isPending}
            >
              {one.interrupted_in === "importing"
                ? t("imports.resume")
                : one.stage === "failed"
                  ? t("imports.retry")
                  : t("imports.start")}
            </Button>
          )}
          {takes && !busy && (
            <Button danger type="text" onClick={() => setRemoving(true)}>
              {t("imports.remove")}
            </Button>
          )}
          {one.files.length > 0 && <ExportButton address={`/api/v1/imports/${one.import_id}/files.xlsx`} count={one.files.length} />}
        </span>
      </div>
      {problem && <Failure error={problem} />}
      <Situation one={one} />
      <section className="card">
        <UploadedFiles one={one} refetch={refetch} />
      </section>
      {one.totals && <Totals one={one} />}
      {takes && !busy && !begun && (
        <ReadingOptions
          overview={overview}
          options={one.options}
          submit={(options) => check.mutate({ ...path, body: options })}
        />
      )}
      <Modal
        open={removing}
        title={t("imports.remove")}
        okText={t("imports.remove_yes")}
        okButtonProps={{ danger: true, loading: remove.isPending }}
        cancelText={t("imports.cancel")}
        onCancel={() => setRemoving(false)}
        onOk={() => remove.mutate(path, { onSuccess: () => void open("/imports") })}
      >
        {t("imports.remove_sure")}
      </Modal>
    </div>
  );
}

function Situation({ one }: { readonly one: Import }) {
  const { t, language } = useSpeech();
  if (one.waiting) return <Alert type="info" showIcon title={t("imports.waiting_note")} />;
  if (one.stage === "checking" || one.stage === "importing") {
    const total = one.files.reduce((sum, file) => sum + file.size_bytes, 0);
    const done = one.files.reduce((sum, file) => sum + file.bytes_done, 0);
    const title = one.stage === "checking" ? t("imports.checking") : t("imports.running");
    return (
      <div className="card box" role="status">
        <div className="import-running">
          <strong>{title}</strong>
          <span className="quiet">{t("imports.background_note")}</span>
        </div>
        <Progress percent={total > 0 ? Math.floor((done / total) * 100) : 0} aria-label={title} />
      </div>
    );
  }
  if (one.stage === "interrupted")
    return (
      <Alert
        type="warning"
        showIcon
        title={one.interrupted_in === "importing" ? t("imports.interrupted_import") : t("imports.interrupted_check")}
      />
    );
  if (one.stage === "failed")
    return <Alert type="error" showIcon title={t("imports.failed", { problem: said(language, one.problem, one.problem_chinese) })} />;
  if (one.stage === "checked" && !isReadable(one)) return <Alert type="warning" showIcon title={t("imports.unreadable_hint")} />;
  if (one.stage === "checked") return <Alert type="info" showIcon title={t("imports.check_hint")} />;
  if (one.stage === "finished")
    return (
      <Alert type="success" showIcon title={t("imports.finished")} description={t("imports.finished_hint")} />
    );
  return null;
}

function Totals({ one }: { readonly one: Import }) {
  const { t } = useSpeech();
  const totals = one.totals;
  if (!totals) return null;
  const refused = one.files.reduce(
    (sum, file) => sum + Object.values(file.refused).reduce((all, count) => all + count, 0),
    0,
  );
  return (
    <section className="card box" aria-labelledby="totals-title">
      <h2 id="totals-title">
        <Term name="reconciliation">{t("imports.totals_accounts")}</Term>
      </h2>
      <ul className="import-totals">
        <li>{t("imports.accounts_reconciled", { count: countText(totals.accounts_reconciled) })}</li>
        {totals.differences > 0 && (
          <li>
            <Link to="/imports/balances">
              {t("imports.see_differences", { count: countText(totals.differences) })}
            </Link>
          </li>
        )}
        {totals.accounts_without_balances > 0 && (
          <li>{t("imports.accounts_silent", { count: countText(totals.accounts_without_balances) })}</li>
        )}
        {refused > 0 && (
          <li>
            <Link to={`/imports/refusals?search=${one.import_id}`}>
              {t("imports.see_refusals", { count: countText(refused) })}
            </Link>
          </li>
        )}
      </ul>
    </section>
  );
}

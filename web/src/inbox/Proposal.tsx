import { useQueryClient } from "@tanstack/react-query";
import { Alert, Button, Input, Modal } from "antd";
import { type ReactNode, useId, useState } from "react";
import { Link } from "react-router";
import { api, type Schemas } from "../api/client";
import { type Speech, useSpeech } from "../i18n";
import { Failure, Loading, Notice, problemCode } from "../ui/states";
import { instantText } from "../ui/time";
import { problemText } from "../ui/wording";
import { Difference } from "./Difference";
import { isParameter, ParameterDifference } from "./ParameterDifference";
import { Panel } from "./Panel";
import { WAITING } from "./Waiting";

const ONE = "/api/v1/approvals/{request_id}";
type Request = Schemas["ApprovalRequest"];

/** One proposal: what it changes, who wants it and why; decided with a reason. */
export function Proposal({ id, close }: { readonly id: string; readonly close: () => void }) {
  const { t } = useSpeech();
  const { data, error, refetch } = api.useQuery("get", ONE, { params: { path: { request_id: id } } }, { refetchOnMount: "always" });
  if (error && !data) {
    return problemCode(error) === "not_found" ? (
      <Notice tone="empty" title={t("inbox.missing")} action={<Link to="/inbox">{t("inbox.back")}</Link>} />
    ) : (
      <Failure error={error} retry={() => void refetch()} />
    );
  }
  if (!data) return <Loading rows={6} />;
  return <Shown request={data} close={close} />;
}

function Shown({ request, close }: { readonly request: Request; readonly close: () => void }) {
  const { t, name, language } = useSpeech();
  const zh = language === "zh";
  return (
    <Panel
      title={request[zh ? "title_chinese" : "title_english"]}
      kind={request[zh ? "kind_chinese" : "kind_english"]}
      maker={request.maker_name}
      madeAt={request.made_at}
      reason={request.reason}
      facts={[
        ...about(request, t),
        [
          t("inbox.state"),
          <span key="state">
            {name("approval_state", request.state)}
            {request.decided_at && (
              <>
                {" "}
                · {request.checker_name ?? request.maker_name} · <span className="figures">{instantText(request.decided_at)}</span>
                {request.decision_reason && ` · ${request.decision_reason}`}
              </>
            )}
          </span>,
        ],
      ]}
      close={close}
    >
      {isParameter(request.before, request.after) ? (
        <ParameterDifference before={request.before} after={request.after} />
      ) : (
        <Difference kind={request.kind} before={request.before} after={request.after} />
      )}
      {request.state === "waiting" && <Decision request={request} />}
    </Panel>
  );
}

/** What it is about, where that has a page of its own: who decides looks at it first. */
function about(request: Request, t: Speech["t"]): readonly (readonly [string, ReactNode])[] {
  const { kind, subject } = request;
  const id = encodeURIComponent(subject);
  if (kind === "unmasking") {
    return [[t("inbox.loan"), <Link key="about" to={`/loans/${id}/flow`}>{subject}</Link>]];
  }
  if (kind !== "class_correction") return [];
  return request.after?.["scope"] === "account"
    ? [[t("inbox.account"), <Link key="about" to={`/accounts/${id}`}>{subject}</Link>]]
    : [[t("inbox.payment"), <Link key="about" to={`/transactions/${id}`}>{t("inbox.open_payment")}</Link>]];
}

function Decision({ request }: { readonly request: Request }) {
  const { t, language } = useSpeech();
  const queries = useQueryClient();
  const [reason, setReason] = useState("");
  const [asked, setAsked] = useState(false);
  const [once, setOnce] = useState<Readonly<Record<string, string>>>({});
  const field = useId();
  const params = { path: { request_id: request.request_id } };
  const reread = () => {
    for (const path of [WAITING, ONE, "/api/v1/approvals/mine", "/api/v1/approvals/history", "/api/v1/persons", "/api/v1/parameters", "/api/v1/calendar"]) {
      void queries.invalidateQueries({ queryKey: ["get", path] });
    }
  };
  const decide = api.useMutation("post", "/api/v1/approvals/{request_id}/decision", {
    // A secret is shown before the page is read again: it stands nowhere else.
    onSuccess: (answer) => (Object.keys(answer.once).length > 0 ? setOnce(answer.once) : reread()),
    onError: reread,
  });
  const withdraw = api.useMutation("post", "/api/v1/approvals/{request_id}/withdrawal", { onSettled: reread });
  const missing = reason.trim() === "";
  const busy = decide.isPending || withdraw.isPending;
  const send = (act: "approve" | "refuse" | "withdraw") => {
    setAsked(true);
    if (missing || busy) return;
    if (act === "withdraw") withdraw.mutate({ params, body: { reason: reason.trim() } });
    else decide.mutate({ params, body: { approve: act === "approve", reason: reason.trim(), content_hash: request.content_hash } });
  };
  const failed = decide.error ?? withdraw.error;
  if (!request.may_decide && !request.is_own) return <p className="quiet small">{t("inbox.not_yours")}</p>;
  return (
    <div className="proposal-decision">
      {request.is_own && <p className="quiet small">{t("inbox.not_you")}</p>}
      <label className="field" htmlFor={field}>
        <span>{t(request.is_own ? "inbox.withdraw_reason" : "inbox.decision_reason")}</span>
        <Input.TextArea
          id={field}
          rows={2}
          maxLength={1000}
          required
          status={asked && missing ? "error" : ""}
          aria-invalid={asked && missing}
          value={reason}
          onChange={(event) => setReason(event.target.value)}
        />
      </label>
      {asked && missing && (
        <p className="danger small" role="alert">
          {t("inbox.reason_missing")}
        </p>
      )}
      {failed && (
        <Alert type="error" showIcon role="alert" title={t("inbox.not_done")} description={problemText(language, failed) || t("error.unreachable")} />
      )}
      <div className="proposal-buttons">
        {request.may_decide && (
          <>
            <Button type="primary" loading={decide.isPending && decide.variables?.body.approve} disabled={busy} onClick={() => send("approve")}>
              {t("inbox.approve")}
            </Button>
            <Button danger loading={decide.isPending && !decide.variables?.body.approve} disabled={busy} onClick={() => send("refuse")}>
              {t("inbox.refuse")}
            </Button>
          </>
        )}
        {request.is_own && (
          <Button loading={withdraw.isPending} onClick={() => send("withdraw")}>
            {t("inbox.withdraw")}
          </Button>
        )}
      </div>
      <Modal
        open={Object.keys(once).length > 0}
        title={t("inbox.once_title")}
        closable={false}
        okText={t("inbox.once_kept")}
        cancelButtonProps={{ hidden: true }}
        onOk={() => {
          setOnce({});
          reread();
        }}
      >
        <p>{t("inbox.once_hint")}</p>
        <dl className="facts">
          {Object.entries(once).map(([key, value]) => (
            <Once key={key} of={key} value={value} />
          ))}
        </dl>
      </Modal>
    </div>
  );
}

function Once({ of, value }: { readonly of: string; readonly value: string }) {
  const { name } = useSpeech();
  return (
    <div>
      <dt>{name("approval_once", of)}</dt>
      <dd>
        <code className="once">{value}</code>
      </dd>
    </div>
  );
}

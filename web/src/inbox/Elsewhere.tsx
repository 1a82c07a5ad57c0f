import { Button } from "antd";
import type { ReactNode } from "react";
import { Link, useNavigate } from "react-router";
import { api, type Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { may, useMe } from "../identity/me";
import { Failure, Loading, Notice, problemCode } from "../ui/states";
import { instantText } from "../ui/time";
import { LevelTag } from "../warnings/LevelTag";
import { useRuleName } from "../warnings/rules";
import { Difference } from "./Difference";
import { Panel } from "./Panel";
import { pageOf } from "./places";

type Waiting = Schemas["WaitingProposal"];
/** Where a proposal is decided -> what the way there is called for who may decide, and for others. */
const WAYS = {
  here: ["inbox.back", "inbox.back"],
  warning: ["inbox.decide_warning", "inbox.open_warning"],
  list: ["inbox.decide_list", "inbox.open_list"],
  rule: ["inbox.decide_rule", "inbox.open_rule"],
} as const;

/** A proposal that is decided on a page of its own: what it changes, and the way there. */
export function Elsewhere({ item, close }: { readonly item: string; readonly close: () => void }) {
  const asked = useWaiting(item);
  if (!asked) return <Missing />;
  const { data, error, refetch } = asked;
  if (error && !data) {
    return problemCode(error) === "not_found" ? (
      <Missing />
    ) : (
      <Failure error={error} retry={() => void refetch()} />
    );
  }
  if (!data) return <Loading rows={6} />;
  return <Shown waiting={data} close={close} />;
}

function Missing() {
  const { t } = useSpeech();
  return <Notice tone="empty" title={t("inbox.missing")} action={<Link to="/inbox">{t("inbox.back")}</Link>} />;
}

/** What waits under this name (kind and id), asked for where its kind says; undefined for a name of no kind. */
function useWaiting(item: string) {
  const [kind = "", key = ""] = item.split(".");
  const always = { refetchOnMount: "always" } as const;
  const warning = { params: { path: { thread_id: key } } };
  const found = {
    warning_lowering: api.useQuery("get", "/api/v1/approvals/warnings/{thread_id}/lowering", warning, {
      ...always,
      enabled: kind === "warning_lowering",
    }),
    warning_finding: api.useQuery("get", "/api/v1/approvals/warnings/{thread_id}/finding", warning, {
      ...always,
      enabled: kind === "warning_finding",
    }),
    list_entry: api.useQuery(
      "get",
      "/api/v1/approvals/list-entries/{entry_id}",
      { params: { path: { entry_id: key } } },
      { ...always, enabled: kind === "list_entry" },
    ),
    rule_version: api.useQuery(
      "get",
      "/api/v1/approvals/rule-versions/{rule_id}",
      { params: { path: { rule_id: key } } },
      { ...always, enabled: kind === "rule_version" },
    ),
    rule_retirement: api.useQuery(
      "get",
      "/api/v1/approvals/rule-versions/{rule_id}/retirement",
      { params: { path: { rule_id: key } } },
      { ...always, enabled: kind === "rule_retirement" },
    ),
  };
  return Object.hasOwn(found, kind) ? found[kind as keyof typeof found] : undefined;
}

function Shown({ waiting, close }: { readonly waiting: Waiting; readonly close: () => void }) {
  const { t, name, language } = useSpeech();
  const ruleName = useRuleName(waiting.rule_words);
  const opens = may(useMe(), [waiting.place === "warning" ? "read_warnings" : "read_rules"]);
  const navigate = useNavigate();
  const zh = language === "zh";
  const facts: (readonly [string, ReactNode])[] = [];
  if (waiting.loan_id) {
    const loan = `/loans/${encodeURIComponent(waiting.loan_id)}`;
    facts.push([t("inbox.loan"), <Link key="loan" className="figures" to={loan}>{waiting.loan_id}</Link>]);
  }
  if (waiting.thread_id && waiting.place === "list") {
    const warning = `/warnings/${waiting.thread_id}?state=all`;
    facts.push([t("inbox.from_warning"), <Link key="warning" to={warning}>{t("inbox.open_warning")}</Link>]);
  }
  return (
    <Panel
      title={waiting[zh ? "title_chinese" : "title_english"]}
      kind={name("approval_kind", waiting.kind)}
      maker={waiting.maker_name}
      madeAt={waiting.made_at}
      reason={waiting.reason}
      facts={facts}
      close={close}
    >
      <Difference kind={waiting.kind} before={waiting.before ?? null} after={waiting.after} ruleName={ruleName} />
      {waiting.hits.length > 0 && (
        <>
          <h3>{t("inbox.evidence")}</h3>
          <ul className="proposal-hits">
            {waiting.hits.map((hit) => (
              <li key={hit.hit_id}>
                <LevelTag level={hit.level} /> <strong>{ruleName(hit.rule_code)}</strong>
                <span className="quiet small figures">{instantText(hit.at)}</span>
                <p className="small">{zh ? hit.explanation_chinese : hit.explanation}</p>
              </li>
            ))}
          </ul>
        </>
      )}
      <div className="proposal-decision">
        {!waiting.may_decide && <p className="quiet small">{t(waiting.is_own ? "inbox.own_elsewhere" : "inbox.not_yours")}</p>}
        {opens && (
          <div className="proposal-buttons">
            <Button type={waiting.may_decide ? "primary" : "default"} onClick={() => void navigate(pageOf(waiting))}>
              {t(WAYS[waiting.place][waiting.may_decide ? 0 : 1])}
            </Button>
          </div>
        )}
      </div>
    </Panel>
  );
}

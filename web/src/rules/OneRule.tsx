import { useQueryClient } from "@tanstack/react-query";
import { Alert, Button, Tabs } from "antd";
import { useState } from "react";
import { Link, useNavigate } from "react-router";
import { newKey } from "../accounts/Correction";
import { api, type Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { Failure, Loading, Notice, problemCode } from "../ui/states";
import { instantText } from "../ui/time";
import { Acts } from "./Acts";
import { Backtests } from "./Backtests";
import { Cost } from "./Cost";
import { Difference } from "./Difference";
import { Hits } from "./Hits";
import { countText, contentOf, milliText, type Version } from "./milli";
import { RuleForm } from "./RuleForm";
import { RuleState } from "./RuleState";
import { Said } from "./Said";
import { useSearchParams } from "../ui/address";

type Detail = Schemas["RuleDetail"];

/** A rule: the version that the address names, else the newest that is not published, else the one in force. */
export function OneRule({ code }: { readonly code: string }) {
  const { t, language } = useSpeech();
  const [address, setAddress] = useSearchParams();
  const { data, error, refetch } = api.useQuery("get", "/api/v1/rules/{code}", { params: { path: { code } } });
  if (error) {
    return (
      <>
        <Crumbs />
        {problemCode(error) === "not_found" ? (
          <Notice tone="empty" title={t("rules.missing", { code })} action={<Link to="/rules">{t("rules.back")}</Link>} />
        ) : (
          <Failure error={error} retry={() => void refetch()} />
        )}
      </>
    );
  }
  if (!data) return <Loading />;
  const wanted = Number.parseInt(address.get("version") ?? "", 10);
  const version =
    data.versions.find((one) => one.version === wanted) ?? data.versions.find((one) => one.in_force) ?? data.versions[0];
  if (!version) return <Loading />;
  const show = (number: number) => setAddress(number === version.version ? {} : { version: String(number) });
  return (
    <>
      <Crumbs />
      <div className="page-head rule-head">
        <h1>{language === "zh" ? version.content.chinese : version.content.english}</h1>
        <RuleState state={version.state} />
        <span className="quiet">
          <code>{code}</code> · {t("rules.version", { version: version.version })}
        </span>
      </div>
      <Body key={version.rule_id} detail={data} version={version} show={show} />
    </>
  );
}

function Crumbs() {
  const { t } = useSpeech();
  return (
    <p className="crumbs">
      <Link to="/rules">{t("rules.back")}</Link>
    </p>
  );
}

/** Who acted, by name where it is known. */
function nameIn(detail: Detail) {
  return (person: string) => detail.names[person] ?? person;
}

interface BodyProps {
  readonly detail: Detail;
  readonly version: Version;
  readonly show: (version: number) => void;
}

function Body({ detail, version, show }: BodyProps) {
  const { t, name } = useSpeech();
  const called = nameIn(detail);
  const go = useNavigate();
  const queries = useQueryClient();
  const [writing, setWriting] = useState(false);
  const [key, setKey] = useState(newKey);
  const reread = () => {
    setKey(newKey());
    void queries.invalidateQueries({ queryKey: ["get", "/api/v1/rules"] });
    void queries.invalidateQueries({ queryKey: ["get", "/api/v1/rules/{code}"] });
    // What waits for a second person is counted at the head of every page.
    void queries.invalidateQueries({ queryKey: ["get", "/api/v1/approvals"] });
  };
  const draft = api.useMutation("post", "/api/v1/rules", {
    onSuccess: (answer) => {
      setWriting(false);
      reread();
      void go(`/rules/${detail.code}?version=${answer.version.version}`);
    },
  });
  const change = api.useMutation("put", "/api/v1/rule-versions/{rule_id}", {
    onSuccess: () => {
      setWriting(false);
      reread();
    },
    // Somebody else saved: the form takes over what is stored now.
    onError: (refused) => {
      if (problemCode(refused) === "changed_meanwhile") reread();
    },
  });
  const [tab, setTab] = useState("backtest");
  const isDraft = version.state === "draft";
  // Rules judge the days of the books: before it takes effect there is nothing for it to say.
  const dark = !!version.effective_from && !!detail.period_to && version.effective_from > detail.period_to;
  const untried = detail.events.find((one) => one.rule_id === version.rule_id && one.kind === "propose")?.reason;
  if (writing) {
    return (
      <RuleForm
        start={contentOf(version)}
        busy={draft.isPending || change.isPending}
        error={isDraft ? change.error : draft.error}
        save={(content) =>
          isDraft
            ? change.mutate({
                params: { path: { rule_id: version.rule_id } },
                body: { content, revision: version.revision, request_key: key },
              })
            : draft.mutate({ body: { content, based_on: version.version, request_key: key } })
        }
        cancel={() => setWriting(false)}
      />
    );
  }
  return (
    <>
      {version.refusal_reason && isDraft && (
        <Alert
          type="warning"
          showIcon
          className="alert"
          title={t("rules.sent_back")}
          description={version.refusal_reason}
        />
      )}
      {version.problems.length > 0 && (
        <Alert
          type="error"
          showIcon
          className="alert"
          title={t("rules.has_problems")}
          description={version.problems.map((one) => name("rule_field", one.split(".")[0] ?? one)).join(" · ")}
        />
      )}
      {version.state === "published" && dark && (
        <Alert
          type="info"
          showIcon
          className="alert"
          title={t("rules.dark_title", { day: version.effective_from ?? "", last: detail.period_to ?? "" })}
          description={t("rules.dark_hint", { day: version.effective_from ?? "" })}
          action={<Button onClick={() => setTab("backtest")}>{t("rules.backtest")}</Button>}
        />
      )}
      {version.state === "proposed" && untried && (
        <Alert type="warning" showIcon className="alert" title={t("rules.untried")} description={untried} />
      )}
      {version.state === "published" && version.retirement_proposed_by && (
        <Alert
          type="warning"
          showIcon
          className="alert"
          title={t("rules.retirement_asked", {
            person: called(version.retirement_proposed_by),
            at: instantText(version.retirement_proposed_at ?? ""),
            reason: version.retirement_reason ?? "",
          })}
          description={t("rules.retirement_hint")}
        />
      )}
      <div className="rule-columns">
        <Said version={version} />
        <aside className="card rule-side">
          <Acts version={version} called={called} done={reread} edit={() => setWriting(true)} />
          <dl className="rule-facts">
            <dt>{t("rules.column_cost", { budget: milliText(detail.budget_threads_milli) })}</dt>
            <dd>
              <Cost found={version.found} budget={detail.budget_threads_milli} />
            </dd>
            {version.found && (
              <>
                <dt>{t("rules.took")}</dt>
                <dd className="figures">{t("rules.milliseconds", { count: countText(version.found.milliseconds) })}</dd>
              </>
            )}
            <dt>{t("rules.maker")}</dt>
            <dd>
              {version.editors.map(called).join(t("app.comma"))} · {instantText(version.made_at)}
            </dd>
            {version.proposed_by && (
              <>
                <dt>{t("rules.proposed_by")}</dt>
                <dd>{called(version.proposed_by)}</dd>
              </>
            )}
            {version.checker && (
              <>
                <dt>{t("rules.checker")}</dt>
                <dd>{called(version.checker)}</dd>
              </>
            )}
            {version.effective_from && (
              <>
                <dt>{t("rules.effective")}</dt>
                <dd className="figures">{version.effective_from}</dd>
              </>
            )}
            {version.retired_on && version.retirement_proposed_by && (
              <>
                <dt>{t("rules.retirement_by")}</dt>
                <dd>
                  {called(version.retirement_proposed_by)} · {instantText(version.retirement_proposed_at ?? "")}
                  <p className="small">{version.retirement_reason}</p>
                </dd>
              </>
            )}
            {version.retired_on && (
              <>
                <dt>{t("rules.retired")}</dt>
                <dd className="figures">
                  {version.retired_on} · {called(version.retired_by ?? "")}
                </dd>
              </>
            )}
          </dl>
        </aside>
      </div>
      <Tabs
        className="rule-tabs"
        activeKey={tab}
        onChange={setTab}
        items={[
          {
            key: "backtest",
            label: t("rules.backtest"),
            children: <Backtests detail={detail} version={version} called={called} started={reread} />,
          },
          { key: "hits", label: t("rules.hits"), children: <Hits version={version} /> },
          {
            key: "versions",
            label: t("rules.versions", { count: detail.versions.length }),
            children: <Versions detail={detail} shown={version} show={show} />,
          },
        ]}
      />
    </>
  );
}

interface VersionsProps {
  readonly detail: Detail;
  readonly shown: Version;
  readonly show: (version: number) => void;
}

/** Every version with what it changed, and everything that was done. */
function Versions({ detail, shown, show }: VersionsProps) {
  const { t, name } = useSpeech();
  const called = nameIn(detail);
  return (
    <div className="rule-history">
      <ol className="card history">
        {detail.versions.map((one, place) => (
          <li key={one.rule_id}>
            <div className="history-line">
              <strong>{t("rules.version", { version: one.version })}</strong>
              <RuleState state={one.state} />
              {one.in_force && <span className="quiet small">{t("rules.in_force")}</span>}
              <Button size="small" type="link" disabled={one.rule_id === shown.rule_id} onClick={() => show(one.version)}>
                {t("rules.show")}
              </Button>
            </div>
            {one.differs.length > 0 && (
              <p className="small">
                {t("rules.differs", { fields: one.differs.map((field) => name("rule_field", field)).join(" · ") })}
              </p>
            )}
            {place < detail.versions.length - 1 && (
              <Difference before={detail.versions[place + 1]!.content} after={one.content} />
            )}
          </li>
        ))}
      </ol>
      <ol className="card history">
        {detail.events.map((one) => (
          <li key={`${one.at} ${one.kind}`}>
            <div className="history-line">
              <strong>{name("rule_event", one.kind)}</strong>
              <span className="quiet small">{t("rules.version", { version: one.version })}</span>
            </div>
            <p className="quiet small">
              {called(one.by)} · {instantText(one.at)}
            </p>
            {one.reason && <p className="small">{one.reason}</p>}
          </li>
        ))}
      </ol>
    </div>
  );
}

import { Alert, Button, Modal } from "antd";
import { useState } from "react";
import { newKey } from "../accounts/Correction";
import { ReasonDialog } from "../accounts/ReasonDialog";
import { api, type Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { may, useMe } from "../identity/me";
import { instantText } from "../ui/time";
import { problemText } from "../ui/wording";
import { DayField, dayFromNow } from "../warnings/forms";
import type { Version } from "./milli";

type Act = Schemas["RulePlainAct"] | Schemas["RuleProposeAct"] | Schemas["RuleApproveAct"] | Schemas["RuleReasonedAct"];
type Wanted = Act extends infer One ? (One extends Act ? Omit<One, "revision" | "request_key"> : never) : never;

/** Acts that ask for a reason -> the title of what asks. */
const TITLES = {
  propose: "rules.untried_title",
  refuse: "rules.refuse_title",
  propose_retire: "rules.propose_retire_title",
  keep: "rules.keep_title",
} as const;

interface Props {
  readonly version: Version;
  /** A person's name. */
  readonly called: (person: string) => string;
  readonly done: () => void;
  readonly edit: () => void;
}

/** What can be done with a version now. */
export function Acts({ version, called, done, edit }: Props) {
  const { t, language } = useSpeech();
  const me = useMe();
  const writes = may(me, ["write_rules"]);
  const approves = may(me, ["approve_rules"]);
  const [asking, setAsking] = useState<keyof typeof TITLES | null>(null);
  const [ending, setEnding] = useState(false);
  const [day, setDay] = useState(dayFromNow(0));
  const [key, setKey] = useState(newKey);
  const act = api.useMutation("post", "/api/v1/rule-versions/{rule_id}/acts", {
    onSuccess: () => {
      setAsking(null);
      setEnding(false);
      setKey(newKey());
      done();
    },
  });
  const send = (wanted: Wanted) =>
    act.mutate({
      params: { path: { rule_id: version.rule_id } },
      body: { ...wanted, revision: version.revision, request_key: key } as Act,
    });
  const { state } = version;
  const asked = asking ?? "refuse";
  const waits = state === "published" && version.retirement_proposed_by !== null;
  const own = version.retirement_proposed_by === me.acting;
  if (!writes && !approves) return null;
  return (
    <div className="rule-acts">
      {writes && state === "draft" && (
        <>
          <Button type="primary" onClick={edit}>
            {t("rules.edit")}
          </Button>
          <Button
            loading={act.isPending}
            disabled={version.problems.length > 0}
            onClick={() => send({ act: "to_shadow" })}
            title={t("rules.to_shadow_hint")}
          >
            {t("rules.to_shadow")}
          </Button>
        </>
      )}
      {writes && state === "shadow" && (
        <>
          <Button
            type="primary"
            loading={act.isPending}
            onClick={() => (version.tried ? send({ act: "propose", reason: "" }) : setAsking("propose"))}
          >
            {t("rules.propose")}
          </Button>
          <Button onClick={() => send({ act: "to_draft" })}>{t("rules.to_draft")}</Button>
        </>
      )}
      {approves && state === "proposed" && (
        <div className="approval">
          <p className="quiet small">{t("rules.approve_hint")}</p>
          <DayField label={t("rules.effective")} value={day} least={dayFromNow(0)} change={setDay} />
          <span className="rule-acts">
            <Button
              type="primary"
              loading={act.isPending}
              disabled={day === ""}
              onClick={() => send({ act: "approve", effective_from: day })}
            >
              {t("rules.approve")}
            </Button>
            <Button onClick={() => setAsking("refuse")}>{t("rules.refuse")}</Button>
          </span>
        </div>
      )}
      {state === "published" && !waits && (
        <Button onClick={() => setAsking("propose_retire")}>{t("rules.propose_retire")}</Button>
      )}
      {waits && (
        <>
          {approves && !own && (
            <Button type="primary" danger onClick={() => setEnding(true)}>
              {t("rules.retire")}
            </Button>
          )}
          {(approves || own) && <Button onClick={() => setAsking("keep")}>{t(own ? "rules.keep_own" : "rules.keep")}</Button>}
        </>
      )}
      {writes && state !== "draft" && <Button onClick={edit}>{t("rules.new_draft")}</Button>}
      {act.error && !asking && !ending && (
        <Alert
          type="error"
          showIcon
          title={t("rules.not_done")}
          description={problemText(language, act.error) || t("error.unreachable")}
        />
      )}
      <ReasonDialog
        open={asking !== null}
        title={t(TITLES[asked])}
        {...(asked === "propose" ? { hint: t("rules.untried_hint") } : {})}
        {...(asked === "propose_retire" ? { hint: t("rules.propose_retire_hint") } : {})}
        submit={t(asked === "keep" && own ? "rules.keep_own" : `rules.${asked}`)}
        busy={act.isPending}
        error={act.error}
        close={() => {
          act.reset();
          setAsking(null);
        }}
        act={(reason) => asking && send({ act: asking, reason })}
      />
      <Modal
        open={ending}
        title={t("rules.retire_title")}
        okText={t("rules.retire")}
        okButtonProps={{ danger: true }}
        cancelText={t("accounts.act_cancel")}
        confirmLoading={act.isPending}
        onCancel={() => {
          act.reset();
          setEnding(false);
        }}
        onOk={() => send({ act: "retire" })}
        width={560}
        destroyOnHidden
      >
        <div className="dialog">
          <p className="quiet">{t("rules.retire_hint")}</p>
          <p>
            {t("rules.retirement_asked", {
              person: called(version.retirement_proposed_by ?? ""),
              at: instantText(version.retirement_proposed_at ?? ""),
              reason: version.retirement_reason ?? "",
            })}
          </p>
          {act.error && (
            <Alert
              type="error"
              showIcon
              title={t("accounts.act_failed")}
              description={problemText(language, act.error) || t("error.unreachable")}
            />
          )}
        </div>
      </Modal>
    </div>
  );
}

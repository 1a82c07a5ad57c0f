import { Alert, Button } from "antd";
import { Suspense, useState } from "react";
import type { Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { HandoverForm } from "../parts";
import { Loading } from "../ui/states";
import type { Person } from "../ui/PersonSelect";
import { useUnitName } from "../ui/unit";
import { Card } from "./Card";

type Held = Schemas["WorkOfPerson"];
const GONE: readonly Held["presence"][] = ["left", "suspended", "no_role", "no_person"];

/** Who holds how much work in my reach, those first who can do none any more; and a way to give it to somebody else. */
export function HandoverCard({ work }: { readonly work: Schemas["WorkHeld"] }) {
  const { t } = useSpeech();
  // Whose form is open: a number of the staff list, empty for somebody who is chosen in the form.
  const [opened, open] = useState<string | null>(null);
  const [done, setDone] = useState<Schemas["HandoverAnswer"] | null>(null);
  const show = (whose: string) => {
    setDone(null);
    open(opened === whose ? null : whose);
  };
  const form = (from: Person | null) => (
    <Suspense fallback={<Loading rows={2} />}>
      <HandoverForm
        key={from?.staff_id ?? ""}
        from={from}
        close={() => open(null)}
        done={(answer) => {
          setDone(answer);
          open(null);
        }}
      />
    </Suspense>
  );
  return (
    <Card
      title={t("workbench.work_title")}
      note={work.gone_count > 0 && <span className="danger">{t("workbench.work_gone", { count: work.gone_count })}</span>}
    >
      {done && <Done answer={done} close={() => setDone(null)} />}
      <ul className="bench-list">
        {work.items.map((one) => (
          <li key={one.staff_id}>
            <Row one={one} opened={opened === one.staff_id} show={() => show(one.staff_id)} />
            {opened === one.staff_id && form(one)}
          </li>
        ))}
      </ul>
      {work.people_count > work.items.length && (
        <p className="quiet bench-rest">{t("workbench.work_rest", { count: work.people_count - work.items.length })}</p>
      )}
      <p className="bench-rest">
        <Button size="small" aria-expanded={opened === ""} onClick={() => show("")}>
          {t("workbench.hand_over_other")}
        </Button>
      </p>
      {opened === "" && form(null)}
    </Card>
  );
}

function Row({ one, opened, show }: { readonly one: Held; readonly opened: boolean; readonly show: () => void }) {
  const { t, name } = useSpeech();
  const unitName = useUnitName();
  const late = one.warning_overdue_count + one.check_overdue_count;
  return (
    <div className="bench-row bench-held">
      <span className="bench-name">
        <span>
          {one.name}
          {one.presence !== "here" && (
            <span className={GONE.includes(one.presence) ? "bench-presence danger" : "bench-presence"}>{name("presence", one.presence)}</span>
          )}
        </span>
        <span className="quiet small">
          {[
            one.unit_id && unitName(one.unit_id, one.unit_name ?? one.unit_id),
            one.stand_in_name && t("workbench.work_away", { who: one.stand_in_name }),
          ]
            .filter(Boolean)
            .join(" · ")}
        </span>
      </span>
      <span className="figures small">
        {t("workbench.work_warnings", { count: one.warning_count })} · {t("workbench.work_checks", { count: one.check_count })}
        {late > 0 && <span className="danger"> · {t("workbench.work_late", { count: late })}</span>}
      </span>
      <Button
        size="small"
        aria-expanded={opened}
        aria-label={`${t("workbench.hand_over")} ${one.name}`}
        onClick={show}
      >
        {t("workbench.hand_over")}
      </Button>
    </div>
  );
}

function Done({ answer, close }: { readonly answer: Schemas["HandoverAnswer"]; readonly close: () => void }) {
  const { t } = useSpeech();
  const refused = Object.keys(answer.refused).length;
  return (
    <Alert
      className="alert"
      type={refused > 0 ? "warning" : "success"}
      showIcon
      role="status"
      closable={{ onClose: close }}
      title={t("workbench.handed_over", { warnings: answer.warnings_moved.length, checks: answer.checks_moved.length })}
      description={refused > 0 ? t("workbench.not_handed_over", { count: refused }) : undefined}
    />
  );
}

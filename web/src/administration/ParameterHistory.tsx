import { Button } from "antd";
import { Link } from "react-router";
import type { Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { instantText } from "../ui/time";
import { useParameterText } from "./parameter_text";

type Row = Schemas["ParameterRow"];
type Period = Schemas["ParameterPeriod"];
type Decision = Schemas["ParameterDecision"];

/** All that was, is and will be of a parameter: values with who decided them, what waits, what was planned and does not come. */
export function ParameterHistory({
  row,
  withdraw,
}: {
  readonly row: Row;
  /** Asks to withdraw a planned value; null for who may not. */
  readonly withdraw: ((period: Period) => void) | null;
}) {
  const { t, language } = useSpeech();
  const told = useParameterText();
  const basis = (one: Period) => one[language === "zh" ? "legal_basis_chinese" : "legal_basis"];
  return (
    <div className="parameter-history">
      <table className="difference" aria-label={t("admin.parameter_history")}>
        <thead>
          <tr>
            <th scope="col">{t("admin.parameter_period")}</th>
            <th scope="col">{t("admin.parameter_value")}</th>
            <th scope="col">{t("admin.parameter_basis")}</th>
            <th scope="col">{t("admin.parameter_decided")}</th>
          </tr>
        </thead>
        <tbody>
          {row.waiting.map((one) => (
            <tr key={one.request_id}>
              <td className="figures nowrap">{t("admin.parameter_from", { from: one.value.effective_from })}</td>
              <td>
                {told.whole(row.unit, one.value)} <span className="verified verified-waiting">{t(`admin.parameter_waiting_${one.act}`)}</span>
              </td>
              <td>{one.basis}</td>
              <td>
                <Link to={`/inbox/waiting/${one.request_id}`}>{t("admin.parameter_proposed_by", { maker: one.maker_name })}</Link> · <span className="figures">{instantText(one.made_at)}</span>
              </td>
            </tr>
          ))}
          {[...row.periods].reverse().map((one) => (
            <tr key={one.effective_from}>
              <td className="figures nowrap">
                {one.effective_to === null
                  ? t("admin.parameter_from", { from: one.effective_from })
                  : t("admin.parameter_from_to", { from: one.effective_from, to: one.effective_to })}
              </td>
              <td>
                {told.whole(row.unit, one)} <Standing period={one} />
              </td>
              <td>{basis(one)}</td>
              <td>
                {one.decision ? <Who decision={one.decision} /> : <span className="quiet">{t("admin.parameter_shipped")}</span>}{" "}
                {withdraw && one.is_planned && one.decision && row.waiting.length === 0 && (
                  <Button size="small" danger onClick={() => withdraw(one)}>
                    {t("admin.parameter_withdraw")}
                  </Button>
                )}
              </td>
            </tr>
          ))}
          {row.withdrawn.map((one) => (
            <tr key={one.withdrawn.change_id} className="quiet">
              <td className="figures nowrap">{t("admin.parameter_from", { from: one.value.effective_from })}</td>
              <td>
                <s>{told.whole(row.unit, one.value)}</s> {t("admin.parameter_withdrawn")}
              </td>
              <td>{one.reason}</td>
              <td>
                <Who decision={one.withdrawn} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Who({ decision }: { readonly decision: Decision }) {
  const { t } = useSpeech();
  return (
    <>
      {t("admin.parameter_two", { maker: decision.maker_name, checker: decision.checker_name })} · <span className="figures">{instantText(decision.decided_at)}</span>
    </>
  );
}

/** Whether a period holds today or is planned. */
export function Standing({ period }: { readonly period: Period }) {
  const { t } = useSpeech();
  if (period.is_planned) return <span className="verified verified-planned">{t("admin.parameter_planned")}</span>;
  return period.in_force ? <span className="verified verified-V">{t("admin.parameter_in_force")}</span> : null;
}

import { Button } from "antd";
import { useSpeech } from "../i18n";
import { instantText } from "../ui/time";
import type { Told } from "./calendar_days";
import { Sign } from "./CalendarMonth";

interface Props {
  readonly days: readonly Told[];
  readonly today: string;
  /** Begins to take a day back; null for who may not. */
  readonly takeBack: ((day: string) => void) | null;
}

/** The bank's own days of a year: what each would be by law, why it is otherwise and who decided it. */
export function OwnDays({ days, today, takeBack }: Props) {
  const { t, name } = useSpeech();
  const own = days.filter((one) => one.decision !== null);
  return (
    <section className="card admin-part calendar-own">
      <h2>{t("calendar.own_days")}</h2>
      {own.length === 0 ? (
        <p className="quiet">{t("calendar.own_none")}</p>
      ) : (
        <table className="difference" aria-label={t("calendar.own_days")}>
          <thead>
            <tr>
              <th scope="col">{t("calendar.day")}</th>
              <th scope="col">{t("calendar.act")}</th>
              <th scope="col">{t("calendar.by_law")}</th>
              <th scope="col">{t("admin.reason")}</th>
              <th scope="col">{t("admin.parameter_decided")}</th>
            </tr>
          </thead>
          <tbody>
            {own.map((one) => (
              <tr key={one.day}>
                <td className="figures nowrap">{one.day}</td>
                <td className="nowrap">
                  <Sign kind={one.kind} /> {name("day_kind", one.kind)}
                </td>
                <td>
                  {t(one.is_worked_by_law ? "calendar.law_worked" : "calendar.law_off")}
                  {one.holiday && ` · ${name("holiday", one.holiday)}`}
                </td>
                <td>{one.decision?.reason}</td>
                <td>
                  {one.decision && (
                    <>
                      {t("admin.parameter_two", {
                        maker: one.decision.maker_name || one.decision.maker,
                        checker: one.decision.checker_name || one.decision.checker,
                      })}{" "}
                      · <span className="figures">{instantText(one.decision.decided_at)}</span>
                    </>
                  )}{" "}
                  {takeBack && one.day > today && (
                    <Button size="small" aria-label={t("calendar.take_back_day", { day: one.day })} onClick={() => takeBack(one.day)}>
                      {t("calendar.take_back")}
                    </Button>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

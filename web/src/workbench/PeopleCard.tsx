import { Link } from "react-router";
import type { Schemas } from "../api/client";
import { dayText } from "../identity/days";
import { useSpeech } from "../i18n";
import { instantText } from "../ui/time";
import { Card } from "./Card";

const PERSONS = "/administration/persons";

/** Who may sign in, what of it ends soon, and what was decided since the working day before. */
export function PeopleCard({ people }: { readonly people: Schemas["PeopleStanding"] }) {
  const { t, language } = useSpeech();
  const until = dayText(people.until);
  const counted: readonly (readonly [string, string | null, number])[] = [
    [t("workbench.people_waiting"), "/inbox", people.waiting_count],
    [t("workbench.people_suspended"), `${PERSONS}?state=suspended`, people.suspended_count],
    [t("workbench.people_away"), null, people.away_count],
    [t("workbench.people_roles_ending", { day: until }), PERSONS, people.roles_ending_count],
    [t("workbench.people_keys_ending", { day: until }), "/administration/keys", people.keys_ending_count],
  ];
  return (
    <Card title={t("workbench.people_title")} more={[PERSONS, t("workbench.all")]}>
      <dl className="facts bench-facts bench-counted">
        {counted.map(([label, to, count]) => (
          <div key={label}>
            <dt>{to ? <Link to={to}>{label}</Link> : label}</dt>
            <dd className="figures">{count.toLocaleString("en")}</dd>
          </div>
        ))}
      </dl>
      <section className="bench-part">
        <h3>{t("workbench.people_changed", { day: dayText(people.since) })}</h3>
        {people.changed.length === 0 ? (
          <p className="quiet bench-rest">{t("workbench.people_unchanged")}</p>
        ) : (
          <ul className="bench-list">
            {people.changed.map((one) => (
              <li key={one.request_id}>
                <div className="bench-row bench-approval">
                  <span className="bench-name">
                    {one[language === "zh" ? "title_chinese" : "title_english"]}
                    <span className="quiet small">
                      {t(one.approved ? "workbench.people_approved" : "workbench.people_refused", {
                        maker: one.maker_name,
                        checker: one.checker_name,
                      })}
                    </span>
                  </span>
                  <span className="quiet small figures">{instantText(one.decided_at)}</span>
                </div>
              </li>
            ))}
          </ul>
        )}
      </section>
    </Card>
  );
}

import { Link } from "react-router";
import type { Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { baseName } from "../imports/size";
import { instantText } from "../ui/time";
import { Card } from "./Card";
import { Term } from "../ui/Term";

/** How fresh and how whole the books are. */
export function DataCard({ standing }: { readonly standing: Schemas["DataStanding"] }) {
  const { t, name } = useSpeech();
  const last = standing.last_import;
  const count = (value: number) => <span className={value > 0 ? "danger figures" : "figures"}>{value}</span>;
  return (
    <Card title={t("workbench.data_title")} more={["/imports", t("workbench.all")]}>
      <dl className="facts bench-facts">
        <div>
          <dt>
            <Term name="trace">{t("workbench.traced_at")}</Term>
          </dt>
          <dd className="figures">{standing.traced_at ? instantText(standing.traced_at) : t("workbench.never")}</dd>
        </div>
        <div>
          <dt>
            <Link to="/nightly">{t("app.nightly")}</Link>
          </dt>
          <dd>
            {standing.complete_date ? (
              <span className="figures">{t("workbench.complete_note", { day: standing.complete_date })}</span>
            ) : (
              t("workbench.no_nights")
            )}{" "}
            · {t("workbench.alarms")} {count(standing.open_alarm_count)}
          </dd>
        </div>
        <div>
          <dt>{t("workbench.last_import")}</dt>
          <dd>
            {last ? (
              <>
                <span title={last.name}>{baseName(last.name)}</span> · {name("import_state", last.state)} ·{" "}
                <span className="figures">
                  {t("workbench.import_rows", { accepted: last.rows_accepted.toLocaleString("en"), refused: last.rows_refused.toLocaleString("en") })}
                </span>
              </>
            ) : (
              t("workbench.never")
            )}
          </dd>
        </div>
        <div>
          <dt>
            <Link to="/imports/refusals">{t("workbench.refusals")}</Link>
          </dt>
          <dd>{count(standing.open_refusal_count)}</dd>
        </div>
        <div>
          <dt>{t("workbench.failed_imports")}</dt>
          <dd>{count(standing.failed_import_count)}</dd>
        </div>
        <div>
          <dt>{t("workbench.unsent")}</dt>
          <dd>{count(standing.unsent_count)}</dd>
        </div>
      </dl>
    </Card>
  );
}

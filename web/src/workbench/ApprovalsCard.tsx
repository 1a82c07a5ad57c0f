import { Link } from "react-router";
import type { Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { placeOf } from "../inbox/places";
import { instantText } from "../ui/time";
import { Card, Nothing } from "./Card";

/** What somebody proposed and I may decide. */
export function ApprovalsCard({ work }: { readonly work: Schemas["ApprovalWork"] }) {
  const { t, name, language } = useSpeech();
  return (
    <Card title={t("workbench.approvals_title")} count={work.count} more={["/inbox", t("workbench.all")]}>
      {work.items.length === 0 ? (
        <Nothing>{t("inbox.none")}</Nothing>
      ) : (
        <ul className="bench-list">
          {work.items.map((one) => (
            <li key={`${one.place}-${one.kind}-${one.key}`}>
              <Link to={placeOf(one)} className="bench-row bench-approval">
                <span className="bench-name">
                  {one[language === "zh" ? "title_chinese" : "title_english"]}
                  <span className="quiet small">
                    {name("approval_kind", one.kind)} · {one.maker_name}
                  </span>
                </span>
                <span className="quiet small figures">{instantText(one.made_at)}</span>
              </Link>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}

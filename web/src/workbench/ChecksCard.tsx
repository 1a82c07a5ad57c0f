import { Link } from "react-router";
import type { Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { useDue } from "../inspections/due";
import { Amount } from "../ui/Amount";
import { Card, Nothing } from "./Card";

interface Props {
  readonly work: Schemas["CheckWork"];
  /** What waits for a second person, instead of what is still to be done. */
  readonly reviews?: boolean;
}

/** Loan checks to do, or to review; those due first. */
export function ChecksCard({ work, reviews = false }: Props) {
  const { t, name } = useSpeech();
  const due = useDue();
  const items = reviews ? work.reviews : work.items;
  const state = reviews ? "?state=review" : "";
  return (
    <Card
      title={t(reviews ? "workbench.checks_review" : "workbench.checks_title")}
      count={reviews ? work.review_count : work.items_count}
      more={[`/checks${state}`, t("workbench.all")]}
      note={!reviews && work.overdue_count > 0 && <span className="danger">{t("workbench.checks_late", { count: work.overdue_count })}</span>}
    >
      {items.length === 0 ? (
        <Nothing>{t("workbench.checks_none")}</Nothing>
      ) : (
        <ul className="bench-list">
          {items.map((one) => (
            <li key={one.check_id}>
              <Link to={`/checks/${one.check_id}${state}`} className="bench-row bench-check">
                <span className="bench-name">
                  {one.borrower_name}
                  <span className="quiet small">
                    {name("check_kind", one.kind)} · {name("product", one.product)} ·{" "}
                    {one.mine ? t("workbench.mine") : one.assignee_name || t("warnings.nobodys")}
                    {one.returned && ` · ${t("workbench.returned")}`}
                  </span>
                </span>
                <span className="bench-amount">
                  <Amount fen={one.loan_amount_fen} form="short" {...one} />
                </span>
                <span className={one.overdue ? "due due-late figures" : "due figures"}>{due(one)}</span>
              </Link>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}

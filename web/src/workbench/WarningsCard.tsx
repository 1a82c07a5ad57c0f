import { Link } from "react-router";
import type { Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { Amount } from "../ui/Amount";
import { LevelTag } from "../warnings/LevelTag";
import { useRuleName } from "../warnings/rules";
import { useLeft, useNow } from "../warnings/time";
import { Card, Nothing } from "./Card";
import type { Bench } from "./WorkbenchPage";

interface Props {
  readonly work: Schemas["WarningWork"];
  readonly words: Bench["rule_words"];
  /** What waits for a second person, instead of what is still to be worked on. */
  readonly reviews?: boolean;
}

/** Warnings to take up, or to decide as the second person; the most urgent first. */
export function WarningsCard({ work, words, reviews = false }: Props) {
  const { t, name } = useSpeech();
  const called = useRuleName(words);
  const left = useLeft();
  const now = useNow();
  const items = reviews ? work.reviews : work.items;
  const count = reviews ? work.review_count : work.items_count;
  return (
    <Card
      title={t(reviews ? "workbench.review_title" : "workbench.tasks_title")}
      count={count}
      more={[reviews ? "/warnings?state=review" : "/warnings", t("workbench.all")]}
      note={reviews ? undefined : <Levels work={work} />}
    >
      {items.length === 0 ? (
        <Nothing>{t("workbench.tasks_none")}</Nothing>
      ) : (
        <ul className="bench-list">
          {items.map((one) => (
            <li key={one.thread_id}>
              <Link to={`/warnings/${one.thread_id}${reviews ? "?state=review" : ""}`} className="bench-row bench-warning">
                <LevelTag level={one.level} />
                <span className="bench-name">
                  {one.borrower_name}
                  <span className="quiet small">
                    {one.rule_codes.map(called).join(t("app.comma"))} ·{" "}
                    {reviews ? (one.unit_name ?? "") : one.mine ? t("workbench.mine") : one.assignee_name || t("warnings.nobodys")}
                  </span>
                </span>
                <span className="bench-amount">
                  <Amount fen={one.amount_fen} form="short" {...one} />
                </span>
                <span className={Date.parse(one.due_at) < now ? "due due-late figures" : "due figures"}>{left(one.due_at, now)}</span>
              </Link>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );

  function Levels({ work: of }: { readonly work: Schemas["WarningWork"] }) {
    return (
      <span className="bench-levels">
        {of.levels
          .filter((one) => one.count > 0)
          .map((one) => (
            <Link key={one.value} to={`/warnings?level=${one.value}`} className="figures">
              {name("warning_level", one.value)} {one.count}
            </Link>
          ))}
      </span>
    );
  }
}

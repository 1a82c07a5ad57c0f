import { Link } from "react-router";
import { useSpeech } from "../i18n";
import { Notice, type ProblemLike, problemCode } from "../ui/states";

/** The accounts that stand for one that was merged away since the page was opened; none where that is not what is wrong. */
export function survivorsIn(error: unknown): readonly string[] {
  if (problemCode(error) !== "superseded") return [];
  return (error as ProblemLike & { successors?: string[] }).successors ?? [];
}

/** Says that an account is part of another now, and leads there. */
export function MergedAway({ account, survivors }: { readonly account: string; readonly survivors: readonly string[] }) {
  const { t } = useSpeech();
  return (
    <Notice tone="empty" title={t("accounts.merged_title", { account })}>
      <p>{t("accounts.merged_hint")}</p>
      {survivors.map((one) => (
        <p key={one}>
          <Link className="figures" to={`/accounts/${encodeURIComponent(one)}`}>
            {one}
          </Link>
        </p>
      ))}
    </Notice>
  );
}

import type { Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { Amount } from "../ui/Amount";
import { Figure } from "../ui/Figure";
import { shareText } from "../ui/money";

export function Totals({ totals }: { readonly totals: Schemas["Totals"] }) {
  const { t } = useSpeech();
  const disbursed = BigInt(totals.disbursed_fen);
  const share = (fen: string) => (disbursed > 0n ? t("loan.share_of_disbursed", { share: shareText(BigInt(fen), disbursed) }) : "");
  return (
    <dl className="figures-row card">
      <Figure label={t("loans.total.count")}>{totals.loan_count.toLocaleString("en")}</Figure>
      <Figure label={t("loans.total.disbursed")}>
        <Amount fen={totals.disbursed_fen} form="short" {...totals} />
      </Figure>
      <Figure label={t("loans.total.seen")} note={share(totals.seen_fen)}>
        <Amount fen={totals.seen_fen} form="short" {...totals} />
      </Figure>
      <Figure
        label={t("loans.total.suspected")}
        note={t("loans.total.suspected_count", { count: totals.suspected_count })}
        hint={t("loan.suspected_hint")}
        danger={totals.suspected_count > 0}
      >
        <Amount fen={totals.suspected_fen} form="short" {...totals} />
      </Figure>
    </dl>
  );
}

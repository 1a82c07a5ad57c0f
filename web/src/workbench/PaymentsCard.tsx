import { Link } from "react-router";
import type { Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { Amount, useMoney } from "../ui/Amount";
import { Card, Nothing } from "./Card";

type Due = Schemas["PaymentDue"];

/** Instalments of the coming days, with what their account holds. */
export function PaymentsCard({ payments }: { readonly payments: Schemas["PaymentsComing"] }) {
  const { t } = useSpeech();
  return (
    <Card title={t("workbench.payments_title")} count={payments.count} note={t("workbench.payments_until", { day: payments.until })}>
      {payments.items.length === 0 ? <Nothing>{t("workbench.payments_none")}</Nothing> : <Instalments items={payments.items} coming />}
      {payments.count > payments.items.length && (
        <p className="quiet small bench-rest">{t("workbench.rest", { count: payments.count - payments.items.length })}</p>
      )}
    </Card>
  );
}

/** Rows of instalments; `coming` says whether the account holds enough. */
export function Instalments({ items, coming = false }: { readonly items: readonly Due[]; readonly coming?: boolean }) {
  const { t, name } = useSpeech();
  return (
    <ul className="bench-list">
      {items.map((one) => (
        <li key={`${one.loan_id}-${one.instalment_no}`}>
          <Link to={`/loans/${encodeURIComponent(one.loan_id)}/repayments`} className="bench-row bench-payment">
            <span className="figures quiet">{one.due_on}</span>
            <span className="bench-name">
              {one.borrower_name}
              <span className="quiet small">
                {name("product", one.product)} · <span className="figures">{one.loan_id}</span>
              </span>
            </span>
            <span className="bench-amount">
              <Amount fen={one.open_fen} form="short" {...one} />
              {coming && <Held one={one} />}
              {!coming && one.overdue_before && <span className="danger small">{t("workbench.overdue_before")}</span>}
            </span>
          </Link>
        </li>
      ))}
    </ul>
  );
}

function Held({ one }: { readonly one: Due }) {
  const { t } = useSpeech();
  const money = useMoney(one);
  if (one.overdue_before) return <span className="danger small">{t("workbench.overdue_before")}</span>;
  if (one.account_balance_fen === null) return <span className="quiet small">{t("workbench.balance_unknown")}</span>;
  const short = BigInt(one.account_balance_fen) < BigInt(one.open_fen);
  return (
    <span className={short ? "danger small" : "quiet small"} title={money.hover(one.account_balance_fen)}>
      {t(short ? "workbench.balance_short" : "workbench.balance_enough", { amount: money.short(one.account_balance_fen) })}
    </span>
  );
}

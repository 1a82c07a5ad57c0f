import { Link } from "react-router";
import type { Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { useMoney } from "../ui/Amount";
import { Figure } from "../ui/Figure";
import { instantText } from "../ui/time";
import type { Level } from "../warnings/asked";
import { LevelTag } from "../warnings/LevelTag";
import { customerAddress } from "./address";

type Page = Schemas["CustomerPage"];

/** Who it is and what it owes, over every part of the page. */
export function Head({ page }: { readonly page: Page }) {
  const { t, name } = useSpeech();
  const { facts } = page;
  return (
    <>
      <header className="customer-head">
        <h1>{facts.name}</h1>
        <span className="figures customer-number">{facts.party_id}</span>
        <span className="customer-mark">{name("party_kind", facts.kind)}</span>
        {!facts.is_customer && <span className="customer-mark">{t("customers.not_customer")}</span>}
        {page.worst_class && page.worst_class !== "normal" && (
          <span className="customer-mark attention">{name("five_class", page.worst_class)}</span>
        )}
        {page.level && <LevelTag level={page.level as Level} />}
      </header>
      <dl className="card figures-row customer-figures">
        {page.figures.map((sums) => (
          <Sums key={sums.currency} sums={sums} page={page} />
        ))}
        <Figure
          label={t("customers.last_contact")}
          note={page.next_step ? t(page.next_on ? "customers.next_step_on" : "customers.next_step_is", { step: page.next_step, day: page.next_on ?? "" }) : ""}
        >
          {page.last_contact_at ? (
            <Link className="figure-link" to={customerAddress(facts.party_id, "contacts")}>
              {instantText(page.last_contact_at).slice(0, 10)}
            </Link>
          ) : (
            <Link className="figure-link quiet" to={customerAddress(facts.party_id, "contacts")}>
              {t("customers.no_contact")}
            </Link>
          )}
        </Figure>
      </dl>
    </>
  );
}

function Sums({ sums, page }: { readonly sums: Schemas["CustomerFigures"]; readonly page: Page }) {
  const { t } = useSpeech();
  const money = useMoney(sums);
  const label = (text: string) => (sums.currency === "CNY" ? text : `${text} (${sums.currency})`);
  const late = sums.overdue_fen !== null && sums.overdue_fen !== "0";
  return (
    <>
      <Figure
        label={label(t("customers.balance"))}
        note={t("customers.figure.limit", { amount: money.short(sums.limit_fen) })}
        hint={`${money.hover(sums.balance_fen)} · ${t("customers.limit_hint")}`}
      >
        {money.short(sums.balance_fen)}
      </Figure>
      <Figure
        label={label(t("customers.figure.overdue"))}
        note={
          sums.overdue_balance_fen === "0"
            ? page.data_date
              ? t("customers.figure.as_of", { day: page.data_date })
              : ""
            : t("customers.figure.overdue_balance", { amount: money.short(sums.overdue_balance_fen) })
        }
        hint={sums.overdue_fen === null ? t("customers.figure.overdue_unknown") : money.hover(sums.overdue_fen)}
        danger={late || sums.overdue_balance_fen !== "0"}
      >
        {sums.overdue_fen === null ? <span className="quiet">{t("customers.unknown")}</span> : money.short(sums.overdue_fen)}
      </Figure>
      <Figure
        label={label(t("customers.figure.deposit"))}
        note={t("customers.figure.deposit_note")}
        hint={money.hover(sums.deposit_fen)}
      >
        {money.short(sums.deposit_fen)}
      </Figure>
      <Figure
        label={label(t("customers.figure.guaranteed"))}
        note={t("customers.figure.guaranteed_note")}
        hint={money.hover(sums.guaranteed_fen)}
      >
        {money.short(sums.guaranteed_fen)}
      </Figure>
    </>
  );
}

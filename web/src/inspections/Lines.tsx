import { CheckCircleFilled } from "@ant-design/icons";
import { Button } from "antd";
import type { Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { Amount, type Currency, useMoney } from "../ui/Amount";
import { shareText } from "../ui/money";
import { ShareBar } from "../ui/ShareBar";
import { instantText } from "../ui/time";
import { TransactionLink } from "../ui/TransactionLink";
import { shownAccount } from "../ui/masked_account";
import type { Acting, Bringing, Judgement } from "./acting";
import type { Check, Line } from "./address";
import { Judging } from "./Judging";
import { MissingPapers } from "./Papers";
import { Term } from "../ui/Term";

/** The line whose reason is being written. */
export interface Asked {
  readonly use: string;
  readonly judgement: Judgement;
}

interface Props {
  readonly check: Check;
  readonly acting: Acting;
  readonly bringing: Bringing;
  readonly asked: Asked | null;
  readonly ask: (asked: Asked | null) => void;
  /** The line that the keys 1, 2, 3 judge. */
  readonly current: string | null;
}

/** The statement line by line, each to be judged. */
export function Lines({ check, acting, bringing, asked, ask, current }: Props) {
  const { t } = useSpeech();
  const wanted = check.lines.filter((line) => line.wants_judgement);
  const open = new Set(check.proposed.open_uses.filter((use) => !acting.said.has(use)));
  const working = check.may.work && check.row.state === "open";
  const whole = check.lines.reduce((sum, line) => sum + BigInt(line.amount_fen), 0n);
  return (
    <section className="card check-part" aria-labelledby="lines-title">
      <div className="check-part-head">
        <h3 id="lines-title">{t("checks.lines")}</h3>
        <span className="quiet small">
          <Term name="judged_genuine" /> · <Term name="judged_not_genuine" /> · <Term name="more_papers" />
        </span>
        <span className="quiet figures" role="status">
          {t("checks.lines_progress", { done: wanted.length - open.size, count: wanted.length })}
        </span>
        {working && check.plain_count > 0 && (
          <Button
            type="primary"
            ghost
            size="small"
            className="judge-plain"
            loading={acting.busy}
            onClick={() => acting.send({ act: "judge_plain" })}
          >
            {check.plain_count === 1 ? t("checks.plain_one") : t("checks.plain", { count: check.plain_count })} <kbd>a</kbd>
          </Button>
        )}
      </div>
      {check.lines.length === 0 ? (
        <p className="quiet">{t("checks.not_traced")}</p>
      ) : (
        <ol className="check-lines">
          {check.lines.map((line) => (
            <Item
              key={line.use}
              line={line}
              check={check}
              whole={whole}
              acting={acting}
              bringing={bringing}
              working={working}
              asked={asked?.use === line.use ? asked.judgement : null}
              ask={(judgement) => ask(judgement && { use: line.use, judgement })}
              current={working && line.use === current}
              open={open.has(line.use)}
            />
          ))}
        </ol>
      )}
    </section>
  );
}

interface ItemProps extends Pick<Props, "check" | "acting" | "bringing"> {
  readonly line: Line;
  readonly whole: bigint;
  readonly working: boolean;
  readonly asked: Judgement | null;
  readonly ask: (judgement: Judgement | null) => void;
  readonly current: boolean;
  readonly open: boolean;
}

const TONES: Readonly<Record<string, string>> = { prohibited: "restricted" };

function Item({ line, check, whole, acting, bringing, working, asked, ask, current, open }: ItemProps) {
  const { t, name } = useSpeech();
  const tone = line.suspected ? "suspected" : (TONES[line.line_group] ?? line.line_group);
  return (
    <li className={`check-line${current ? " current" : ""}${open ? "" : " settled"}`} data-use={line.use}>
      <span className="check-use">
        <span className="check-use-name">
          <span className={`dot tone-${tone}`} aria-hidden="true" />
          <strong>{name("use", line.use)}</strong>
        </span>
        {line.suspected && <span className="mark mark-suspected">{t("checks.suspected")}</span>}
        {line.restricted && (
          <span className="mark mark-restricted" title={t("checks.restricted_hint")}>
            <Term name="restricted">{t("checks.restricted")}</Term>
          </span>
        )}
      </span>
      <span className="check-line-amount">
        <Amount fen={line.amount_fen} form="short" {...check} />
        <ShareBar part={BigInt(line.amount_fen)} whole={whole} tone={tone} />
        <span className="figures quiet small">{shareText(BigInt(line.amount_fen), whole)}</span>
      </span>
      {line.wants_judgement ? (
        <Judging line={line} acting={acting} asked={asked} ask={ask} disabled={!working} keys={current} />
      ) : (
        <span className="quiet small check-unused">{t("checks.unused")}</span>
      )}
      {line.wants_judgement && <Payees line={line} currency={check} bringing={bringing} working={working} />}
      {line.judged && (
        <p className="judged-by small">
          <span className={`judged judged-${line.judged.judgement}`}>{name("judgement", line.judged.judgement)}</span>
          {line.judged.reason && <span>{line.judged.reason}</span>}
          <span className="quiet figures">
            {t("checks.judged_by", { by: line.judged.by_name, at: instantText(line.judged.at) })}
          </span>
          {line.stale && <span className="danger">{t("checks.stale")}</span>}
        </p>
      )}
    </li>
  );
}

interface PayeesProps {
  readonly line: Line;
  readonly currency: Currency;
  readonly bringing: Bringing;
  readonly working: boolean;
}

const PAYEES_SHOWN = 3;

function Payees({ line, currency, bringing, working }: PayeesProps) {
  const { t } = useSpeech();
  // What lacks something is never folded away.
  const shown = line.payees.filter((payee, place) => place < PAYEES_SHOWN || payee.missing.length > 0);
  const more = line.payee_count - shown.length;
  return (
    <ul className="check-payees small">
      {shown.map((payee) => (
        <Payee
          key={payee.payee_id}
          payee={payee}
          line={line}
          currency={currency}
          bringing={bringing}
          working={working}
        />
      ))}
      {more > 0 && <li className="quiet">{t("checks.more_payees", { count: more })}</li>}
    </ul>
  );
}

function Payee({ payee, line, currency, bringing, working }: PayeesProps & { readonly payee: Schemas["LinePayee"] }) {
  const { t } = useSpeech();
  const money = useMoney(currency);
  const who =
    payee.account.name ??
    (payee.account.account && shownAccount(payee.account.account)) ??
    (line.use === "cash" ? t("checks.cash_payee") : t("checks.unknown_payee"));
  const has = [
    payee.contracts.length > 0 && t("checks.has_contract", { numbers: payee.contracts.join(" ") }),
    payee.orders.length > 0 && payee.contracts.length === 0 && t("checks.has_order", { numbers: payee.orders.join(" ") }),
    payee.invoice_count === 1 && t("checks.has_invoice", { amount: money.short(payee.invoiced_fen) }),
    payee.invoice_count > 1 &&
      t("checks.has_invoices", { count: payee.invoice_count, amount: money.short(payee.invoiced_fen) }),
  ].filter(Boolean);
  return (
    <li>
      <TransactionLink id={payee.transfer_id} sides={[payee.account.account]}>
        {who}
      </TransactionLink>
      <Amount fen={payee.amount_fen} form="short" {...currency} />
      {has.length > 0 && (
        <span className="has-papers">
          <CheckCircleFilled aria-hidden /> {has.join(" · ")}
        </span>
      )}
      <MissingPapers
        missing={payee.missing}
        use={line.use}
        payee={payee.payee_id}
        bringing={bringing}
        currency={currency}
        disabled={!working}
      />
    </li>
  );
}

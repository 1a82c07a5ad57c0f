import { Link } from "react-router";
import { useSpeech } from "../i18n";
import { useClue } from "../loans/clues";
import { Amount } from "../ui/Amount";
import { Term } from "../ui/Term";
import { instantText } from "../ui/time";
import { useUnitName } from "../ui/unit";
import { TransactionLink } from "../ui/TransactionLink";
import type { Thread } from "./asked";
import { Duty } from "./Duty";
import { Fact } from "./Fact";
import { FlowFocus } from "./FlowFocus";
import { LevelTag } from "./LevelTag";
import { useRuleDoubt, useRuleName } from "./rules";
import { Timeline } from "./Timeline";
import { useLeft, useNow } from "./time";
import { shownAccount } from "../ui/masked_account";

/** What one needs to decide: the story, what it rests on, why it may be false, what was said before. */
export function Case({ thread }: { readonly thread: Thread }) {
  const { t, name, language } = useSpeech();
  const { row } = thread;
  const now = useNow();
  const left = useLeft();
  const late = row.state === "open" && Date.parse(row.due_at) < now;
  return (
    <article className="case" aria-labelledby="case-title">
      <header className="card case-head">
        <div className="case-line">
          <LevelTag level={row.level} />
          <strong id="case-title" className="case-title" tabIndex={-1}>
            {row.borrower_name}
          </strong>
          <Link to={`/loans/${encodeURIComponent(row.loan_id)}`} className="figures">
            {row.loan_id}
          </Link>
          <span className="quiet">{name("product", row.product)}</span>
          {row.due_is_provisional && row.state !== "closed" && (
            <span className="due-provisional" title={t("warnings.due_provisional_hint")}>
              {t("warnings.due_provisional")}
              <span className="visually-hidden">{t("warnings.due_provisional_hint")}</span>
            </span>
          )}
          <span className={late ? "due due-late figures" : "due figures"} title={instantText(row.due_at)}>
            {row.state === "open" || row.state === "snoozed"
              ? `${t("warnings.due")} ${left(row.due_at, now)}`
              : name("warning_state", row.state)}
          </span>
        </div>
        <p className="story">{language === "zh" ? thread.story_chinese : thread.story_english}</p>
        <Standing thread={thread} />
      </header>
      <Evidence thread={thread} />
      <FlowFocus key={row.thread_id} thread={thread} />
      <Doubts thread={thread} />
      <Hits thread={thread} />
      <EarlierOnes thread={thread} />
      <Timeline thread={thread} />
    </article>
  );
}

function Standing({ thread }: { readonly thread: Thread }) {
  const { t } = useSpeech();
  const unitName = useUnitName();
  const { row } = thread;
  return (
    <dl className="case-facts">
      <Fact label={t("warnings.amount")}>
        <Amount fen={row.amount_fen} form="short" {...row} />
      </Fact>
      <Fact label={<Term name="proven">{t("warnings.proven")}</Term>}>
        {row.proven_fen === "0" ? (
          <span className="quiet">{t("warnings.not_proven")}</span>
        ) : (
          <Amount fen={row.proven_fen} form="short" {...row} />
        )}
      </Fact>
      <Fact label={t("warnings.loan_amount")}>
        <Amount fen={row.loan_amount_fen} form="short" {...row} />
      </Fact>
      <Fact label={<Term name="loan_purpose">{t("warnings.purpose")}</Term>}>{thread.purpose_text || "–"}</Fact>
      <Fact label={t("warnings.managers")}>{thread.managers.join(t("warnings.comma")) || "–"}</Fact>
      <Fact label={t("warnings.unit")}>{unitName(row.unit_id, row.unit_name) ?? "–"}</Fact>
      <Duty thread={thread} />
      {row.escalated && (
        <Fact label={t("warnings.escalated")}>
          <span className="danger">{t("warnings.escalated_note")}</span>
        </Fact>
      )}
      {row.superseded && (
        <Fact label={t("warnings.superseded")}>
          <span className="danger">{t("warnings.superseded_note")}</span>
        </Fact>
      )}
    </dl>
  );
}

function Evidence({ thread }: { readonly thread: Thread }) {
  const { t, name } = useSpeech();
  const clue = useClue();
  const { row, evidence } = thread;
  if (evidence.length === 0) return null;
  return (
    <section className="card case-part" aria-labelledby="evidence-title">
      <h3 id="evidence-title">
        <Term name="evidence">{t("warnings.evidence")}</Term>
      </h3>
      <ol className="evidence-lines">
        {evidence.map((line) => (
          <li key={line.transfer_id}>
            <span className="figures quiet small">{instantText(line.booked_at)}</span>
            <span className="evidence-way">
              {line.from_account.name ?? (line.from_account.account && shownAccount(line.from_account.account)) ?? t("warnings.outside")} →{" "}
              <strong>{line.to_account.name ?? (line.to_account.account && shownAccount(line.to_account.account)) ?? t("warnings.outside")}</strong>
            </span>
            <span className="evidence-amount figures">
              <Amount fen={line.loan_fen === "0" ? line.transfer_fen : line.loan_fen} form="full" {...row} />
            </span>
            <span className="quiet small evidence-why">
              {[
                !line.of_hit && name("evidence_place", line.place),
                line.payer_relations.length > 0 &&
                  t("warnings.payer_is", { what: line.payer_relations.map((one) => name("relation", one)).join(t("warnings.comma")) }),
                line.payee_relations.length > 0 &&
                  t("warnings.payee_is", { what: line.payee_relations.map((one) => name("relation", one)).join(t("warnings.comma")) }),
                line.purpose_text,
                ...(line.named_payees.length > 0
                  ? [t("warnings.named_payees", { names: line.named_payees.join(t("warnings.comma")) })]
                  : [
                      line.of_hit && line.destination_class && name("use", line.destination_class),
                      line.of_hit && grounds(line.basis && name("basis", line.basis), line.evidence && (clue(line.evidence)?.text ?? line.evidence)),
                    ]),
              ]
                .filter(Boolean)
                .join(" · ")}
            </span>
            <TransactionLink id={line.transfer_id} sides={[line.from_account.account, line.to_account.account]} className="small">
              {t("warnings.open_transaction")}
            </TransactionLink>
          </li>
        ))}
      </ol>
    </section>
  );
}

/** What a class rests on, and what was seen; the first alone says nothing where the second begins with it. */
function grounds(basis: string | null, seen: string | null): string {
  return [basis && seen?.toLowerCase().startsWith(basis.toLowerCase()) ? null : basis, seen].filter(Boolean).join(" · ");
}

function Doubts({ thread }: { readonly thread: Thread }) {
  const { t } = useSpeech();
  const doubt = useRuleDoubt(thread.rule_words);
  const { row, doubts } = thread;
  if (doubts.length === 0) return null;
  return (
    <section className="card case-part" aria-labelledby="doubts-title">
      <h3 id="doubts-title">{t("warnings.doubts")}</h3>
      <ul className="doubts">
        {doubts.map((one) => doubt(one.code) && (
          <li key={one.code}>
            {doubt(one.code)}
            {one.amount_fen !== null && one.amount_fen !== undefined && (
              <>
                {" "}
                <Amount fen={one.amount_fen} form="short" {...row} />
              </>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Hits({ thread }: { readonly thread: Thread }) {
  const { t, language } = useSpeech();
  const called = useRuleName(thread.rule_words);
  const { row, hits } = thread;
  return (
    <section className="card case-part" aria-labelledby="hits-title">
      <h3 id="hits-title">
        <Term name="hit">{t("warnings.hits", { count: hits.length })}</Term>
      </h3>
      <ul className="hits">
        {hits.map((hit) => (
          <li key={hit.hit_id} className={hit.standing && !hit.suppressed_by ? "" : "gone"}>
            <LevelTag level={hit.level} />
            <strong>{called(hit.rule_code)}</strong>
            <span>{language === "en" ? hit.explanation : hit.explanation_chinese || hit.explanation}</span>
            <span className="quiet small figures">
              <Amount fen={hit.amount_fen} form="short" {...row} /> · {instantText(hit.at)} ·{" "}
              {t("warnings.rule_version", { version: hit.rule_version })}
              {!hit.standing && ` · ${t("warnings.hit_gone")}`}
              {hit.suppressed_by && ` · ${t("warnings.hit_suppressed")}`}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function EarlierOnes({ thread }: { readonly thread: Thread }) {
  const { t, name } = useSpeech();
  return (
    <section className="card case-part" aria-labelledby="earlier-title">
      <h3 id="earlier-title">{t("warnings.earlier")}</h3>
      {thread.earlier.length === 0 ? (
        <p className="quiet small">{t("warnings.earlier_none")}</p>
      ) : (
        <ul className="earlier-ones">
          {thread.earlier.map((one) => (
            <li key={one.thread_id}>
              <LevelTag level={one.level} />
              <strong>{name("disposition", one.disposition)}</strong>
              {one.disposition_reason && <span>{name("false_alarm", one.disposition_reason)}</span>}
              <Link to={`/warnings/${one.thread_id}?state=all`}>{one.borrower_name}</Link>
              <span className="quiet small">
                {one.shared.map((what) => name("warning_shared", what)).join(t("warnings.comma"))} · {one.by_name} ·{" "}
                <span className="figures">{instantText(one.at)}</span>
              </span>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

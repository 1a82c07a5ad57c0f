import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { Button } from "antd";
import { lazy, Suspense, useId, useState } from "react";
import type { Schemas } from "../api/client";
import { fetchEvidence } from "../api/client";
import { useSpeech } from "../i18n";
import { Amount, useMoney } from "../ui/Amount";
import { Failure, Loading, Notice, problemCode } from "../ui/states";
import { instantText } from "../ui/time";
import { TransactionLink } from "../ui/TransactionLink";
import { useClue } from "./clues";
import { PathSteps } from "./PathSteps";
import { AccountLink } from "../ui/AccountLink";

const DisputeButton = lazy(() => import("../disputes/DisputeButton"));

type Line = Schemas["StatementLine"];
type LoanFacts = Schemas["LoanFacts"];
type Arrival = Schemas["Arrival"];

interface Props {
  readonly loanId: string;
  /** A new trace gives new evidence. */
  readonly runId: string;
  readonly line: Line;
  readonly facts: LoanFacts;
}

/** What a line rests on: the transactions, largest first, each with the way its money came. */
export function EvidencePanel({ loanId, runId, line, facts }: Props) {
  const { t } = useSpeech();
  const money = useMoney(facts);
  const queries = useQueryClient();
  const { data, error, refetch, fetchNextPage, hasNextPage, isFetchingNextPage } = useInfiniteQuery({
    queryKey: ["evidence", runId, loanId, line.use],
    queryFn: ({ pageParam }) => fetchEvidence(loanId, line.use, pageParam),
    initialPageParam: 0,
    getNextPageParam: (last) => {
      const next = last.offset + last.arrivals.length;
      return next < last.total_count ? next : undefined;
    },
  });
  if (error && !data && problemCode(error) === "not_found") {
    return (
      <Notice
        tone="empty"
        title={t("evidence.changed")}
        action={
          <Button
            type="primary"
            onClick={() => void queries.invalidateQueries({ queryKey: ["get", "/api/v1/loans/{loan_id}"] })}
          >
            {t("loan.reload")}
          </Button>
        }
      />
    );
  }
  if (error && !data) return <Failure error={error} retry={() => void refetch()} />;
  const first = data?.pages[0];
  // As high as one transaction with its way, which is what most lines rest on.
  if (!data || !first) return <Loading rows={6} />;
  const arrivals = data.pages.flatMap((page) => page.arrivals);
  const gap = BigInt(first.amount_fen) - BigInt(first.explained_fen);
  if (arrivals.length === 0) {
    return (
      <p className="evidence quiet">
        {t("evidence.none")}。{t("evidence.none_hint")}
      </p>
    );
  }
  const count = first.total_count;
  return (
    <div className="evidence">
      <div className="evidence-head">
        <h3>{count === 1 ? t("evidence.title_one") : t("evidence.title", { count })}</h3>
        <span className="figures quiet">{t("evidence.explained", { amount: money.full(first.explained_fen) })}</span>
        {gap > 0n && (
          <span className="figures quiet">{t("evidence.gap", { amount: money.full(gap.toString()) })}</span>
        )}
        <span className="evidence-actions">
          <Suspense fallback={null}>
            <DisputeButton loanId={loanId} use={line.use} />
          </Suspense>
        </span>
      </div>
      <ol className="arrivals">
        {arrivals.map((arrival, position) => (
          <ArrivalItem
            key={arrival.transfer_id}
            arrival={arrival}
            use={line.use}
            facts={facts}
            openFirst={position === 0}
          />
        ))}
      </ol>
      {hasNextPage && (
        <Button size="small" loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>
          {t("evidence.more", { count: Math.min(first.limit, count - arrivals.length) })}
        </Button>
      )}
    </div>
  );
}

interface ItemProps {
  readonly arrival: Arrival;
  readonly use: string;
  readonly facts: LoanFacts;
  readonly openFirst: boolean;
}

function ArrivalItem({ arrival, use, facts, openFirst }: ItemProps) {
  const { t } = useSpeech();
  const money = useMoney(facts);
  const [open, setOpen] = useState(openFirst);
  const region = useId();
  return (
    <li className="arrival">
      <div className="arrival-line">
        <TransactionLink
          className="figures arrival-when"
          id={arrival.transfer_id}
          sides={[arrival.from_account.account, arrival.to_account.account]}
          title={t("evidence.open_transaction", { id: arrival.transfer_id })}
        >
          <time dateTime={arrival.booked_at}>{instantText(arrival.booked_at)}</time>
        </TransactionLink>
        <div className="arrival-parties">
          <Party account={arrival.from_account} />
          <span className="arrow" aria-hidden="true">
            →
          </span>
          <Party account={arrival.to_account} />
          <Why arrival={arrival} use={use} />
        </div>
        <div className="arrival-amount">
          <Amount fen={arrival.counted_fen} form="exact" {...facts} />
          {arrival.transfer_fen !== null && arrival.transfer_fen !== arrival.counted_fen && (
            <span className="quiet figures" title={money.hover(arrival.transfer_fen)}>
              {t("evidence.of_transfer", { amount: money.exact(arrival.transfer_fen) })}
            </span>
          )}
        </div>
        <Button
          size="small"
          className="path-button"
          aria-expanded={open}
          aria-controls={region}
          onClick={() => setOpen(!open)}
        >
          {t(open ? "evidence.hide_path" : "evidence.show_path")}
        </Button>
      </div>
      {open && (
        <div id={region} className="paths">
          {arrival.paths.map((path, position) => (
            <PathSteps key={position} path={path} use={use} facts={facts} alone={arrival.paths.length === 1} />
          ))}
          {arrival.path_count > arrival.paths.length && (
            <p className="quiet">
              {t("evidence.paths_shown", { count: arrival.path_count, shown: arrival.paths.length })}
            </p>
          )}
        </div>
      )}
    </li>
  );
}

export function Party({ account }: { readonly account: Schemas["Account"] }) {
  const { t } = useSpeech();
  const label = account.name ?? (account.account ? t("evidence.unnamed") : t("evidence.outside"));
  return (
    <span className="party">
      <span className={account.name ? "party-name" : "party-name quiet"}>{label}</span>
      {account.account && (
        <AccountLink className="party-account figures" account={account.account} />
      )}
    </span>
  );
}

/** Why the payee was taken for what it was: class, basis, what was seen, how sure. */
function Why({ arrival, use }: { readonly arrival: Arrival; readonly use: string }) {
  const { t, name } = useSpeech();
  const clue = useClue();
  const parts: string[] = [];
  if (arrival.destination_class && arrival.destination_class !== use) {
    parts.push(t("evidence.judged", { use: name("use", arrival.destination_class) }));
  }
  const seen = arrival.evidence ? clue(arrival.evidence) : null;
  if (seen) parts.push(seen.text);
  else if (arrival.basis && arrival.basis !== "none") {
    parts.push(arrival.evidence ? `${name("basis", arrival.basis)} “${arrival.evidence}”` : name("basis", arrival.basis));
  }
  if (arrival.confidence_permille) {
    parts.push(t("evidence.confidence", { share: `${Math.round(arrival.confidence_permille / 10)}%` }));
  }
  if (arrival.purpose_text && arrival.purpose_text !== seen?.term) parts.push(arrival.purpose_text);
  if (arrival.document_no) parts.push(t("evidence.document", { document: arrival.document_no }));
  return parts.length > 0 ? <span className="why">{parts.join(" · ")}</span> : null;
}

import { Button, message, Radio, Table, Tag } from "antd";
import { useState } from "react";
import { Link } from "react-router";
import { api, type Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { may, useMe } from "../identity/me";
import { instantText } from "../ui/time";
import { useReread } from "./evaluation";
import { PairingTag } from "./PairingTag";
import { ReasonDialog } from "./ReasonDialog";
import { Term } from "../ui/Term";

type Transaction = Schemas["TransactionPage"];
type Candidate = Schemas["Candidate"];

interface Props {
  readonly transaction: Transaction;
  /** Called with the transaction that took this one's place. */
  readonly moved: (transferId: string) => void;
}

/** How the two lines came together, what else would fit, and the means to mend it. */
export function Pairing({ transaction, moved }: Props) {
  const { t, name } = useSpeech();
  const corrects = may(useMe(), ["correct_books"]);
  const [told, toldHere] = message.useMessage();
  const reread = useReread();
  const [separating, setSeparating] = useState(false);
  const [releasing, setReleasing] = useState(false);
  const [side, setSide] = useState<"debit" | "credit">("debit");
  const [partner, setPartner] = useState<Candidate | null>(null);
  const { debit, credit, pairing, current } = transaction;
  const both = debit !== null && credit !== null;
  const alone = debit ?? credit;
  const after = (answer: Schemas["Mended"]) => {
    void told.info(t(answer.new ? "accounts.act_done_pairing" : "accounts.act_same"));
    setSeparating(false);
    setReleasing(false);
    setPartner(null);
    reread();
    if (answer.transfer_id !== transaction.transfer_id) moved(answer.transfer_id);
  };
  const pair = api.useMutation("post", "/api/v1/transactions/{transfer_id}/pairing", { onSuccess: after });
  const separate = api.useMutation("post", "/api/v1/transactions/{transfer_id}/separation", { onSuccess: after });
  const release = api.useMutation("post", "/api/v1/transactions/{transfer_id}/release", { onSuccess: after });
  const path = { path: { transfer_id: transaction.transfer_id } };
  const chosenLine = both ? (side === "debit" ? debit : credit) : alone;
  return (
    <section className="card box pairing" aria-labelledby="pairing-title">
      {toldHere}
      <div className="account-box-head">
        <h2 id="pairing-title">
          <Term name="pairing">{t("accounts.pairing_title")}</Term>
        </h2>
        {corrects && current && (pairing === "manual" || pairing === "apart") && (
          <Button
            size="small"
            onClick={() => {
              release.reset();
              setReleasing(true);
            }}
          >
            {t("accounts.pairing_release")}
          </Button>
        )}
        {corrects && current && pairing !== "apart" && pairing !== "outside" && (
          <Button
            size="small"
            onClick={() => {
              separate.reset();
              setSeparating(true);
            }}
          >
            {t(both ? "accounts.pairing_split" : "accounts.pairing_apart")}
          </Button>
        )}
      </div>
      <p>
        <PairingTag state={pairing} /> {name("pairing_meaning", pairing)}
      </p>
      {transaction.pairing_basis && pairing === "paired" && (
        <p className="quiet small">
          {t("accounts.pairing_basis", { basis: name("pairing_basis", transaction.pairing_basis) })}
        </p>
      )}
      {!both && current && (
        <Candidates
          candidates={transaction.candidates}
          choose={
            corrects
              ? (candidate) => {
                  pair.reset();
                  setPartner(candidate);
                }
              : null
          }
        />
      )}
      {transaction.history.length > 0 && <History transaction={transaction} />}
      <ReasonDialog
        open={separating}
        title={t(both ? "accounts.pairing_split_title" : "accounts.pairing_apart_title")}
        hint={t(both ? "accounts.pairing_split_hint" : "accounts.pairing_apart_hint")}
        submit={t(both ? "accounts.pairing_split" : "accounts.pairing_apart")}
        busy={separate.isPending}
        error={separate.error}
        close={() => setSeparating(false)}
        act={(reason) => {
          if (chosenLine) separate.mutate({ params: path, body: { line: chosenLine.line_id, reason } });
        }}
      >
        {both && (
          <Radio.Group
            className="stacked"
            value={side}
            onChange={(event) => setSide(event.target.value as "debit" | "credit")}
            options={[
              { value: "debit", label: t("accounts.pairing_split_debit", { account: debit.account }) },
              { value: "credit", label: t("accounts.pairing_split_credit", { account: credit.account }) },
            ]}
          />
        )}
      </ReasonDialog>
      <ReasonDialog
        open={releasing}
        title={t("accounts.pairing_release_title")}
        hint={t("accounts.pairing_release_hint")}
        submit={t("accounts.pairing_release")}
        busy={release.isPending}
        error={release.error}
        close={() => setReleasing(false)}
        act={(reason) => release.mutate({ params: path, body: { reason } })}
      />
      <ReasonDialog
        open={partner !== null}
        title={t("accounts.pairing_pair_title")}
        hint={t("accounts.pairing_pair_hint")}
        submit={t("accounts.pairing_pair")}
        busy={pair.isPending}
        error={pair.error}
        close={() => setPartner(null)}
        act={(reason) => {
          if (!partner || !alone) return;
          const [debitLine, creditLine] =
            alone.direction === "debit" ? [alone.line_id, partner.line.line_id] : [partner.line.line_id, alone.line_id];
          pair.mutate({ params: path, body: { debit_line: debitLine, credit_line: creditLine, reason } });
        }}
      >
        {partner && (
          <div className="chosen">
            <LineInShort line={partner.line} />
            {isTaken(partner) && <p className="danger small">{t("accounts.pairing_superseded_note")}</p>}
          </div>
        )}
      </ReasonDialog>
    </section>
  );
}

function isTaken(candidate: Candidate): boolean {
  return candidate.pairing === "paired" || candidate.pairing === "manual";
}

function LineInShort({ line }: { readonly line: Schemas["StatementLineFacts"] }) {
  return (
    <span className="party">
      <span className="party-name">{line.account_name ?? line.account}</span>
      <span className="party-account figures">
        {line.account} · {instantText(line.booked_at)}
      </span>
    </span>
  );
}

interface CandidatesProps {
  readonly candidates: readonly Candidate[];
  /** Null for who does not correct the books. */
  readonly choose: ((candidate: Candidate) => void) | null;
}

function Candidates({ candidates, choose }: CandidatesProps) {
  const { t, name } = useSpeech();
  if (candidates.length === 0) return <p className="quiet">{t("accounts.pairing_candidates_none")}</p>;
  return (
    <>
      <h3>{t("accounts.pairing_candidates")}</h3>
      <Table<Candidate>
        size="small"
        className="candidates"
        rowKey={(row) => row.line.line_id}
        dataSource={[...candidates]}
        pagination={false}
        scroll={{ x: "max-content" }}
        columns={[
          {
            title: t("accounts.lines_counterparty"),
            render: (_, row) => (
              <Link className="plain" to={`/transactions/${row.transfer_id}`}>
                <LineInShort line={row.line} />
              </Link>
            ),
          },
          {
            title: t("accounts.lines_text"),
            className: "cell-text",
            render: (_, row) => row.line.purpose_text ?? <span className="quiet">–</span>,
          },
          {
            title: t("accounts.class_basis"),
            render: (_, row) => (
              <span className="pair-reasons">
                {row.reasons.map((reason) => (
                  <Tag key={reason}>{name("candidate_reason", reason)}</Tag>
                ))}
                {row.days_apart > 0 && (
                  <span className="quiet small">
                    {row.days_apart === 1
                      ? t("accounts.pairing_days_one")
                      : t("accounts.pairing_days", { count: row.days_apart })}
                  </span>
                )}
                {isTaken(row) && <span className="danger small">{t("accounts.pairing_taken")}</span>}
              </span>
            ),
          },
          {
            title: <span className="hidden-label">{t("accounts.pairing_pair")}</span>,
            align: "right",
            hidden: choose === null,
            render: (_, row) => (
              <Button
                size="small"
                type={isTaken(row) ? "default" : "primary"}
                aria-label={t("accounts.pairing_pair_label", { account: row.line.account })}
                onClick={() => choose?.(row)}
              >
                {t("accounts.pairing_pair")}
              </Button>
            ),
          },
        ]}
      />
    </>
  );
}

/** Why a pairing ended: what the rules note has words of its own, a person's reason stands as it was written. */
function endedBecause(reason: string, t: ReturnType<typeof useSpeech>["t"]): string {
  if (reason === "other lines came") return t("accounts.pairing_ended_other_lines");
  if (reason === "accounts were merged") return t("accounts.pairing_ended_merge");
  if (reason === "a merge of accounts was undone") return t("accounts.pairing_ended_unmerge");
  return reason;
}

/** Every pairing that one of the lines is or was in. */
function History({ transaction }: { readonly transaction: Transaction }) {
  const { t, name } = useSpeech();
  return (
    <>
      <h3>{t("accounts.pairing_history")}</h3>
      <ol className="correction-history">
        {transaction.history.map((row) => (
          <li key={`${row.transfer_id}-${row.version}`} className={row.state === "superseded" ? "ended" : ""}>
            <div className="history-line">
              <strong>
                {row.debit_line && row.credit_line ? name("pairing_basis", row.basis) : t("accounts.pairing_single")}
              </strong>
              <Tag>{name("pairing_state_of", row.state)}</Tag>
              <span className="quiet small">{t("accounts.pairing_version", { version: row.version })}</span>
              {row.transfer_id !== transaction.transfer_id && (
                <Link className="small" to={`/transactions/${row.transfer_id}`}>
                  {t("accounts.lines_open")}
                </Link>
              )}
            </div>
            {row.reason && <p className="small">{t("accounts.pairing_reason", { reason: row.reason })}</p>}
            <p className="quiet small">
              {row.changed_by
                ? t("accounts.pairing_by", { who: row.changed_by, time: instantText(row.created_at) })
                : instantText(row.created_at)}
            </p>
            {row.superseded_at && (
              <p className="quiet small">
                {t("accounts.pairing_ended", {
                  time: instantText(row.superseded_at),
                  reason: endedBecause(row.superseded_reason ?? "", t),
                })}
                {row.superseded_by && t("accounts.pairing_ended_by", { who: name("account_act_by", row.superseded_by) })}
              </p>
            )}
          </li>
        ))}
      </ol>
    </>
  );
}

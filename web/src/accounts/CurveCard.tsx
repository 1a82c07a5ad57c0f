import { Switch } from "antd";
import { Suspense, useCallback, useMemo, useState } from "react";
import { Link } from "react-router";
import { api } from "../api/client";
import { useSpeech } from "../i18n";
import { CurveChart } from "../parts";
import { useMoney } from "../ui/Amount";
import { Failure, Loading } from "../ui/states";
import { instantText } from "../ui/time";
import { MergedAway, survivorsIn } from "./MergedAway";

// Told apart also by those who see few colours: neighbours differ in lightness.
const COLOURS = ["#c5492f", "#e3a32b", "#2c8272", "#7b6fae", "#4f83bd", "#a8577e", "#7c9a3a", "#c98b6b"];
const OTHERS = "#b3bcba";
const BALANCE = "#2b3a3c";
const LABELLED = "#667274";

interface Props {
  readonly account: string;
  readonly ours: boolean;
}

/** The balance over time, and whose loan money lay in it. */
export function CurveCard({ account, ours }: Props) {
  const { t } = useSpeech();
  const { data, error, refetch } = api.useQuery("get", "/api/v1/accounts/{account}/curve", {
    params: { path: { account } },
  });
  return (
    <section className="card box curve" aria-labelledby="curve-title">
      <div className="account-box-head">
        <h2 id="curve-title">{t(ours ? "accounts.curve_title" : "accounts.curve_title_outside")}</h2>
      </div>
      {survivorsIn(error).length > 0 ? (
        <MergedAway account={account} survivors={survivorsIn(error)} />
      ) : error ? (
        <Failure error={error} retry={() => void refetch()} />
      ) : !data ? (
        <Loading rows={7} />
      ) : data.times.length === 0 ? (
        <p className="quiet">{t("accounts.curve_empty")}</p>
      ) : (
        <Drawn account={account} ours={ours} curve={data} />
      )}
    </section>
  );
}

type Curve = NonNullable<ReturnType<typeof useCurve>>;

function useCurve(account: string) {
  return api.useQuery("get", "/api/v1/accounts/{account}/curve", { params: { path: { account } } }).data;
}

function Drawn({ account, ours, curve }: { readonly account: string; readonly ours: boolean; readonly curve: Curve }) {
  const { t, language } = useSpeech();
  const money = useMoney(curve);
  const [alone, setAlone] = useState(false);
  const colours = useMemo(
    () => curve.loans.map((loan, index) => (loan.loan_id === null ? OTHERS : (COLOURS[index] ?? OTHERS))),
    [curve],
  );
  const shown = curve.loans.filter((loan) => loan.loan_id !== null).length;
  const nameOf = useCallback(
    (loan: Curve["loans"][number]) =>
      loan.loan_id === null
        ? t("accounts.curve_others", { count: curve.loan_count - shown })
        : loan.borrower_name
          ? `${loan.borrower_name} ${loan.loan_id}`
          : loan.loan_id,
    [t, curve.loan_count, shown],
  );
  const when = (at: number) => {
    const text = instantText(curve.times[at] ?? curve.times[0] ?? "");
    return curve.daily ? text.slice(0, 10) : text;
  };
  const told = (at: number) => {
    const rows: (readonly [string, string, string])[] = [];
    const balance = curve.balance_fen[at];
    if (balance !== null && balance !== undefined) rows.push([BALANCE, t("accounts.curve_balance"), money.full(balance)]);
    const labelled = curve.labelled_fen[at] ?? "0";
    rows.push([LABELLED, t("accounts.curve_labelled"), money.full(labelled)]);
    if (balance !== null && balance !== undefined)
      rows.push(["#8fa3a0", t("accounts.curve_own"), money.full((BigInt(balance) - BigInt(labelled)).toString())]);
    curve.loans.forEach((loan, index) => {
      const fen = loan.amounts_fen[at] ?? "0";
      if (fen !== "0") rows.push([colours[index] ?? OTHERS, nameOf(loan), money.full(fen)]);
    });
    return [when(at), rows] as const;
  };
  const last = curve.times.length - 1;
  const drawn = useMemo(
    () => (alone ? { ...curve, balance_fen: curve.balance_fen.map(() => null) } : curve),
    [alone, curve],
  );
  const lastBalance = curve.balance_fen[last];
  const note = !ours
    ? t("accounts.curve_note_outside")
    : t(curve.daily ? "accounts.curve_note_days" : "accounts.curve_note_lines");
  const doubt =
    curve.balance_state === "assumed"
      ? t("accounts.curve_assumed")
      : curve.balance_state === "computed"
        ? t("accounts.curve_computed")
        : "";
  return (
    <>
      {ours && curve.loans.length > 0 && (
        <label className="switch loan-money-only">
          <Switch
            size="small"
            checked={alone}
            onChange={setAlone}
            aria-label={t("accounts.curve_only")}
          />
          <span>{t("accounts.curve_only")}</span>
        </label>
      )}
      <p className="quiet small">{[note, doubt].filter(Boolean).join(language === "zh" ? "。" : ". ")}</p>
      <Suspense fallback={<Loading rows={7} />}>
        <CurveChart
          curve={drawn}
          colours={colours}
          language={language}
          unit={t(curve.currency === "CNY" ? "unit.list" : "unit.list_other")}
          label={t("accounts.curve_described", {
            account,
            from: when(0),
            to: when(last),
            count: curve.times.length,
            balance: lastBalance == null ? t("accounts.curve_no_balance") : money.full(lastBalance),
            labelled: money.full(curve.labelled_fen[last] ?? "0"),
          })}
          told={told}
        />
      </Suspense>
      {curve.loans.length > 0 && (
        <ul className="curve-legend" aria-label={t("accounts.curve_legend")}>
          {curve.loans.map((loan, index) => (
            <li key={loan.loan_id ?? "others"}>
              <span className="curve-mark" style={{ background: colours[index] }} aria-hidden="true" />
              {loan.loan_id ? (
                <Link to={`/loans/${encodeURIComponent(loan.loan_id)}`}>{nameOf(loan)}</Link>
              ) : (
                <span>{nameOf(loan)}</span>
              )}
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

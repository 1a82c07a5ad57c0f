import { Button, message, Select } from "antd";
import { useEffect, useId, useState } from "react";
import { useNavigate } from "react-router";
import { api, type Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { may, useMe } from "../identity/me";
import { Failure, Loading, type ProblemLike } from "../ui/states";
import { instantText } from "../ui/time";
import { newKey } from "./Correction";
import { useReread, useRereadElsewhere } from "./evaluation";
import { ReasonDialog } from "./ReasonDialog";

type Account = Schemas["AccountPage"];
type MergedKey = Schemas["MergedKey"];

const TYPING_MS = 250;
const FOUND = 20;

/** What was merged into an account, and the means to merge it into another or to undo a merge. */
export function Merging({ page }: { readonly page: Account }) {
  const { t, name } = useSpeech();
  const corrects = may(useMe(), ["correct_books"]);
  const [ending, setEnding] = useState<MergedKey | null>(null);
  const [told, toldHere] = message.useMessage();
  const reread = useReread();
  const undo = api.useMutation("post", "/api/v1/account-merges/{merge_id}/withdrawal", {
    onSuccess: (answer) => {
      void told.info(t(answer.new ? "accounts.act_done_pairing" : "accounts.act_same"));
      setEnding(null);
      reread();
    },
  });
  return (
    <section className="card box" aria-labelledby="merging-title">
      {toldHere}
      <div className="account-box-head">
        <h2 id="merging-title">{t("accounts.merge_title")}</h2>
        {corrects && <MergeInto page={page} />}
      </div>
      {page.merged.length === 0 ? (
        <p className="quiet">{t("accounts.merge_none")}</p>
      ) : (
        <ul className="correction-history merged-keys">
          {page.merged.map((row) => (
            <li key={row.merge_id}>
              <div className="history-line">
                <strong className="figures">{row.from_account}</strong>
                {row.into_account !== page.account && (
                  <span className="quiet small">{t("accounts.merge_via", { account: row.into_account })}</span>
                )}
                {corrects && (
                  <Button
                    size="small"
                    type="link"
                    onClick={() => {
                      undo.reset();
                      setEnding(row);
                    }}
                  >
                    {t("accounts.merge_undo")}
                  </Button>
                )}
              </div>
              <p className="small">{row.reason}</p>
              <p className="quiet small">
                {t("accounts.pairing_by", { who: name("account_act_by", row.made_by), time: instantText(row.made_at) })}
              </p>
            </li>
          ))}
        </ul>
      )}
      <ReasonDialog
        open={ending !== null}
        title={t("accounts.merge_undo_title", { account: ending?.from_account ?? "" })}
        hint={t("accounts.merge_undo_hint")}
        submit={t("accounts.merge_undo")}
        busy={undo.isPending}
        error={undo.error}
        close={() => setEnding(null)}
        act={(reason) => {
          if (ending) undo.mutate({ params: { path: { merge_id: ending.merge_id } }, body: { reason } });
        }}
      />
    </section>
  );
}

/** The button that merges an account into another, and its dialog. */
function MergeInto({ page }: { readonly page: Account }) {
  const { t, name } = useSpeech();
  const open = useNavigate();
  const reread = useRereadElsewhere();
  const [shown, setShown] = useState(false);
  const [key, setKey] = useState(newKey);
  const [typed, setTyped] = useState("");
  const [search, setSearch] = useState("");
  const [into, setInto] = useState<string | null>(null);
  const field = useId();
  useEffect(() => {
    const timer = window.setTimeout(() => setSearch(typed.trim()), TYPING_MS);
    return () => window.clearTimeout(timer);
  }, [typed]);
  const found = api.useQuery(
    "get",
    "/api/v1/accounts",
    { params: { query: { search, limit: FOUND, sort: "account", direction: "ascending" } } },
    { enabled: shown && search !== "" },
  );
  const merge = api.useMutation("post", "/api/v1/accounts/{account}/merge", {
    onSuccess: (answer) => {
      setShown(false);
      reread();
      void open(`/accounts/${encodeURIComponent(answer.merge.into_account)}`);
    },
  });
  const options = (search === "" ? [] : (found.data?.items ?? []))
    .filter((one) => one.account !== page.account)
    .map((one) => ({ value: one.account, label: one.account, holder: one.name ?? t("accounts.unnamed") }));
  return (
    <>
      <Button
        size="small"
        onClick={() => {
          setKey(newKey());
          setTyped("");
          setSearch("");
          setInto(null);
          merge.reset();
          setShown(true);
        }}
      >
        {t("accounts.merge_start")}
      </Button>
      <ReasonDialog
        open={shown}
        title={t("accounts.merge_dialog", { account: page.account })}
        hint={t("accounts.merge_hint", { account: page.account })}
        submit={t("accounts.merge_submit")}
        busy={merge.isPending}
        error={merge.error}
        ready={into !== null}
        told={(problem) => refusal(problem, name)}
        close={() => setShown(false)}
        act={(reason) => {
          if (into)
            merge.mutate({
              params: { path: { account: page.account } },
              body: { into_account: into, reason, request_key: key },
            });
        }}
      >
        <label className="field" htmlFor={field}>
          <span>{t("accounts.merge_into")}</span>
          <Select<string>
            id={field}
            className="wide"
            value={into}
            placeholder={t("accounts.merge_search")}
            loading={found.isFetching}
            showSearch={{ filterOption: false, onSearch: setTyped }}
            notFoundContent={
              typed.trim() === "" || typed.trim() !== search || found.isFetching ? null : t("accounts.merge_not_found")
            }
            options={options}
            optionRender={(option) => (
              <span className="class-option">
                <span className="figures">{option.label}</span>
                <span className="quiet small">{String(option.data["holder"])}</span>
              </span>
            )}
            onChange={(value) => {
              merge.reset();
              setInto(value);
            }}
          />
        </label>
        {into && <SideBySide page={page} into={into} />}
      </ReasonDialog>
    </>
  );
}

/** Why the server refused, in the reader's language where there are words for it. */
function refusal(problem: ProblemLike, name: (list: string, value: string) => string): string | null {
  const said = problem.code ? name("merge_refusal", problem.code) : "";
  return said && said !== problem.code ? said : null;
}

/** Both accounts, fact by fact, before they are merged. */
function SideBySide({ page, into }: { readonly page: Account; readonly into: string }) {
  const { t, name } = useSpeech();
  const { data, error, refetch } = api.useQuery("get", "/api/v1/accounts/{account}", {
    params: { path: { account: into } },
  });
  if (error) return <Failure error={error} retry={() => void refetch()} />;
  if (!data) return <Loading rows={4} />;
  const period = (one: Account) =>
    one.first_booked_at && one.last_booked_at
      ? `${instantText(one.first_booked_at).slice(0, 10)} – ${instantText(one.last_booked_at).slice(0, 10)}`
      : "–";
  const facts: readonly (readonly [string, (one: Account) => string])[] = [
    [t("accounts.column.account"), (one) => one.account],
    [t("accounts.column.name"), (one) => one.name ?? t("accounts.unnamed")],
    [t("accounts.side"), (one) => t(one.ours ? "accounts.ours" : "accounts.outside")],
    [t("accounts.column.kind"), (one) => name("account_kind", one.kind)],
    [t("accounts.column.institution"), (one) => one.institution || "–"],
    [t("accounts.account_currency"), (one) => one.currency],
    [t("accounts.account_period"), period],
    [t("accounts.column.lines"), (one) => one.reconciliation?.line_count.toLocaleString("en") ?? "–"],
  ];
  return (
    <table className="side-by-side" aria-label={t("accounts.merge_compare")}>
      <thead>
        <tr>
          <td />
          <th scope="col">{t("accounts.merge_this")}</th>
          <th scope="col">{t("accounts.merge_other")}</th>
        </tr>
      </thead>
      <tbody>
        {facts.map(([label, of]) => (
          <tr key={label} className={of(page) === of(data) ? "" : "differs"}>
            <th scope="row">{label}</th>
            <td>{of(page)}</td>
            <td>{of(data)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

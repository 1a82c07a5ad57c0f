import { Tag } from "antd";
import { useState } from "react";
import { api } from "../api/client";
import { useSpeech } from "../i18n";
import { Failure, Loading, Notice } from "../ui/states";
import { CheckWork } from "./CheckWork";
import { Coded } from "../ui/Coded";

/** The checks of one loan: the newest laid out, the others to choose. */
export default function LoanCheck({ loanId }: { readonly loanId: string }) {
  const { t, name } = useSpeech();
  const [chosen, choose] = useState("");
  const { data, error, refetch } = api.useQuery("get", "/api/v1/loans/{loan_id}/checks", {
    params: { path: { loan_id: loanId } },
  });
  const current = chosen || (data?.items[0]?.check_id ?? "");
  const one = api.useQuery(
    "get",
    "/api/v1/checks/{check_id}",
    { params: { path: { check_id: current } } },
    { enabled: current !== "" },
  );
  if (error && !data) return <Failure error={error} retry={() => void refetch()} />;
  if (!data) return <Loading rows={10} />;
  if (data.items.length === 0) {
    return (
      <Notice tone="empty" title={t("checks.none_of_loan")}>
        <p>{t("checks.none_of_loan_hint")}</p>
      </Notice>
    );
  }
  return (
    <>
      {data.items.length > 1 && (
        <nav className="loan-checks" aria-label={t("checks.of_loan")}>
          {data.items.map((row) => (
            <button
              key={row.check_id}
              type="button"
              className={row.check_id === current ? "loan-check pressed" : "loan-check"}
              aria-pressed={row.check_id === current}
              onClick={() => choose(row.check_id)}
            >
              {name("check_kind", row.kind)} <span className="figures">{row.paid_out_on}</span>{" "}
              <Tag>
                <Coded list="check_state" code={row.state} />
              </Tag>
            </button>
          ))}
        </nav>
      )}
      {one.error && !one.data ? (
        <Failure error={one.error} retry={() => void one.refetch()} />
      ) : !one.data ? (
        <Loading rows={10} />
      ) : (
        <div className="check-columns of-loan">
          <CheckWork key={current} check={one.data} ofLoan />
        </div>
      )}
    </>
  );
}

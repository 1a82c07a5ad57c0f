import { useQueryClient } from "@tanstack/react-query";
import { Button, Drawer, Input, Radio } from "antd";
import { type FormEvent, useId, useState } from "react";
import { Link, useNavigate } from "react-router";
import { api } from "../api/client";
import { useSpeech } from "../i18n";
import { Amount } from "../ui/Amount";
import { Failure } from "../ui/states";
import { instantText } from "../ui/time";
import { fenOf } from "./amounts";

interface Props {
  readonly loanId: string;
  readonly use: string;
  readonly transferId: string | null;
  readonly title: string;
  readonly close: () => void;
}

const PERSON = "loantrail.person";

/** What to make a sheet of: all of the amount or a part, and by whom; and the sheets of this loan made before. */
export function DisputeDrawer({ loanId, use, transferId, title, close }: Props) {
  const { t } = useSpeech();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const loan = api.useQuery("get", "/api/v1/loans/{loan_id}", { params: { path: { loan_id: loanId } } });
  const [part, setPart] = useState(false);
  const [text, setText] = useState("");
  const [person, setPerson] = useState(() => window.localStorage.getItem(PERSON) ?? "");
  const [wrong, setWrong] = useState(false);
  const amountField = useId();
  const personField = useId();
  const problem = useId();
  const { mutate, isPending, error } = api.useMutation("post", "/api/v1/loans/{loan_id}/disputes", {
    onSuccess: async (sheet) => {
      await queries.invalidateQueries({ queryKey: ["get", "/api/v1/loans/{loan_id}/dispute-sheets"] });
      void navigate(`/disputes/${sheet.sheet_id}`);
    },
  });
  const currency = loan.data?.facts.currency ?? "CNY";
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const fen = part ? fenOf(text, loan.data?.facts.minor_digits ?? 2) : null;
    setWrong(part && fen === null);
    if (part && fen === null) return;
    window.localStorage.setItem(PERSON, person);
    mutate({
      params: { path: { loan_id: loanId } },
      body: { use, transfer_id: transferId, amount_fen: fen, made_by: person.trim() },
    });
  };
  return (
    <Drawer open title={title} onClose={close} size={460} destroyOnHidden>
      <p className="quiet">{t("disputes.make_hint")}</p>
      <form className="dispute-form" onSubmit={submit}>
        <Radio.Group
          value={part}
          onChange={(event) => setPart(event.target.value === true)}
          aria-label={t("disputes.amount")}
          options={[
            { value: false, label: t("disputes.whole") },
            { value: true, label: t("disputes.part", { currency }) },
          ]}
        />
        {part && (
          <div>
            <label htmlFor={amountField} className="dispute-label">
              {t("disputes.part", { currency })}
            </label>
            <Input
              id={amountField}
              className="figures"
              inputMode="decimal"
              value={text}
              {...(wrong && { status: "error" as const, "aria-invalid": true, "aria-describedby": problem })}
              onChange={(event) => setText(event.target.value)}
            />
            {wrong && (
              <p id={problem} className="danger small" role="alert">
                {t("disputes.part_invalid")}
              </p>
            )}
          </div>
        )}
        <div>
          <label htmlFor={personField} className="dispute-label">
            {t("disputes.made_by")}
          </label>
          <Input
            id={personField}
            value={person}
            maxLength={100}
            autoComplete="name"
            onChange={(event) => setPerson(event.target.value)}
          />
        </div>
        {error && <Failure error={error} />}
        <div className="dispute-actions">
          <Button type="primary" htmlType="submit" loading={isPending}>
            {t(isPending ? "disputes.making" : "disputes.make")}
          </Button>
          <Button onClick={close}>{t("disputes.cancel")}</Button>
        </div>
      </form>
      <Existing loanId={loanId} />
    </Drawer>
  );
}

function Existing({ loanId }: { readonly loanId: string }) {
  const { t, name } = useSpeech();
  const loan = api.useQuery("get", "/api/v1/loans/{loan_id}", { params: { path: { loan_id: loanId } } });
  const { data } = api.useQuery("get", "/api/v1/loans/{loan_id}/dispute-sheets", {
    params: { path: { loan_id: loanId } },
  });
  if (!data || !loan.data || data.items.length === 0) return null;
  const { facts } = loan.data;
  return (
    <section aria-labelledby="dispute-existing" className="dispute-existing">
      <h3 id="dispute-existing">{t("disputes.existing")}</h3>
      <ul>
        {data.items.map((sheet) => (
          <li key={sheet.sheet_id}>
            <Link to={`/disputes/${sheet.sheet_id}`} className="figures">
              {sheet.number}
            </Link>
            <span>{name("use", sheet.use)}</span>
            <Amount fen={sheet.amount_fen} form="full" {...facts} />
            <span className="quiet small figures">
              {instantText(sheet.made_at)} · {sheet.made_by}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

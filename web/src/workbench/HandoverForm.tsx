import { useQueryClient } from "@tanstack/react-query";
import { Button } from "antd";
import { type FormEvent, useState } from "react";
import { newKey } from "../accounts/Correction";
import { Refused } from "../administration/Refused";
import { api, type Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { type Person, PersonSelect } from "../ui/PersonSelect";

interface Props {
  readonly from: Person | null;
  readonly close: () => void;
  readonly done: (answer: Schemas["HandoverAnswer"]) => void;
}

/** Gives the open work of one person to another. Without `from` it asks whose. */
export default function HandoverForm({ from, close, done }: Props) {
  const { t } = useSpeech();
  const queries = useQueryClient();
  const [giver, setGiver] = useState(from);
  const [to, setTo] = useState<Person | null>(null);
  const [key] = useState(newKey);
  const hand = api.useMutation("post", "/api/v1/handovers", {
    onSuccess: (answer) => {
      void queries.invalidateQueries({ queryKey: ["get", "/api/v1/workbench"] });
      done(answer);
    },
  });
  const send = (event: FormEvent) => {
    event.preventDefault();
    if (giver && to && !hand.isPending) {
      hand.mutate({ body: { from_staff_id: giver.staff_id, to_staff_id: to.staff_id, request_key: key } });
    }
  };
  return (
    <form className="bench-handover" aria-label={t("workbench.hand_over_title")} onSubmit={send}>
      {from === null && (
        <PersonSelect label={t("workbench.hand_over_from")} value={giver} choose={setGiver} />
      )}
      <PersonSelect label={t("workbench.hand_over_to")} value={to} choose={setTo} />
      <Button type="primary" htmlType="submit" disabled={!giver || !to} loading={hand.isPending}>
        {t("workbench.hand_over")}
      </Button>
      <Button onClick={close}>{t("me.cancel")}</Button>
      <p className="quiet small">{t("workbench.hand_over_hint")}</p>
      {hand.error && <Refused error={hand.error} />}
    </form>
  );
}

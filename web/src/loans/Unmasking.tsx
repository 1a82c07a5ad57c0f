import { EyeInvisibleOutlined } from "@ant-design/icons";
import { Button, message } from "antd";
import { useState } from "react";
import { newKey } from "../accounts/Correction";
import { ReasonDialog } from "../accounts/ReasonDialog";
import { api } from "../api/client";
import { useSpeech } from "../i18n";
import { may, useMe } from "../identity/me";
import { Term } from "../ui/Term";

/** Asks to see who stands along the trace of a loan, for whoever sees them masked. */
export function Unmasking({ loanId }: { readonly loanId: string }) {
  const { t } = useSpeech();
  const me = useMe();
  const [told, toldHere] = message.useMessage();
  const [open, setOpen] = useState(false);
  const [key, setKey] = useState(newKey);
  const ask = api.useMutation("post", "/api/v1/loans/{loan_id}/unmasking", {
    onSuccess: () => {
      void told.info(t("unmasking.asked"));
      setOpen(false);
    },
  });
  if (may(me, ["see_third_parties"]) || !may(me, ["request_unmasking"])) return null;
  return (
    <>
      {toldHere}
      <Button
        size="small"
        icon={<EyeInvisibleOutlined />}
        onClick={() => {
          setKey(newKey());
          ask.reset();
          setOpen(true);
        }}
      >
        {t("unmasking.ask")}
      </Button>
      <ReasonDialog
        open={open}
        title={<Term name="third_party">{t("unmasking.title")}</Term>}
        hint={t("unmasking.hint")}
        submit={t("unmasking.submit")}
        busy={ask.isPending}
        error={ask.error}
        close={() => setOpen(false)}
        act={(reason) => ask.mutate({ params: { path: { loan_id: loanId } }, body: { reason, request_key: key } })}
      />
    </>
  );
}

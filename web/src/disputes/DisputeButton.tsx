import { FileProtectOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { useState } from "react";
import { useSpeech } from "../i18n";
import { may, useMe } from "../identity/me";
import { DisputeDrawer } from "./DisputeDrawer";

interface Props {
  readonly loanId: string;
  readonly use: string;
  readonly transferId?: string;
}

/** Opens the form that makes a dispute sheet of a statement line, or of one transaction of it. */
export default function DisputeButton({ loanId, use, transferId }: Props) {
  const { t, name } = useSpeech();
  const me = useMe();
  const [open, setOpen] = useState(false);
  if (!may(me, ["make_disputes"])) return null;
  const label = transferId
    ? t("disputes.make_of_transfer")
    : t("disputes.make_of_line", { use: name("use", use) });
  return (
    <>
      <Button size="small" icon={<FileProtectOutlined aria-hidden />} aria-label={label} onClick={() => setOpen(true)}>
        {t("disputes.make")}
      </Button>
      {open && (
        <DisputeDrawer
          loanId={loanId}
          use={use}
          transferId={transferId ?? null}
          title={label}
          close={() => setOpen(false)}
        />
      )}
    </>
  );
}

import { UploadOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { useRef } from "react";
import type { Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { type Currency, useMoney } from "../ui/Amount";
import type { Bringing } from "./acting";

export const ACCEPTED = ".pdf,.jpg,.jpeg,.png,.xlsx";

interface Props {
  readonly missing: readonly Schemas["MissingPaper"][];
  readonly use: string;
  readonly payee?: string;
  readonly bringing: Bringing;
  readonly currency: Currency;
  readonly disabled?: boolean;
}

/** What is missing, each with a way to bring it. */
export function MissingPapers({ missing, use, payee = "", bringing, currency, disabled = false }: Props) {
  return (
    <span className="missing-papers">
      {missing.map((one) => (
        <Missing key={one.paper} one={one} use={use} payee={payee} bringing={bringing} currency={currency} disabled={disabled} />
      ))}
    </span>
  );
}

interface MissingProps extends Omit<Props, "missing" | "payee"> {
  readonly one: Schemas["MissingPaper"];
  readonly payee: string;
}

function Missing({ one, use, payee, bringing, currency, disabled }: MissingProps) {
  const { t, name } = useSpeech();
  const money = useMoney(currency);
  const input = useRef<HTMLInputElement>(null);
  const paper = name("paper", one.paper);
  const text = t("checks.lacks", { paper, amount: money.short(one.amount_fen) });
  if (disabled) {
    return (
      <span className="missing-paper" title={money.hover(one.amount_fen)}>
        {text}
      </span>
    );
  }
  return (
    <span className="missing-paper" title={money.hover(one.amount_fen)}>
      {text}
      <input
        ref={input}
        type="file"
        multiple
        hidden
        accept={ACCEPTED}
        data-testid={`bring-${use}-${one.paper}`}
        onChange={(event) => {
          void bringing.bring([...(event.target.files ?? [])], one.paper, [use], payee);
          event.target.value = "";
        }}
      />
      <Button
        size="small"
        type="link"
        icon={<UploadOutlined aria-hidden />}
        disabled={bringing.sending !== null}
        aria-label={t("checks.upload", { paper })}
        title={t("checks.upload", { paper })}
        onClick={() => input.current?.click()}
      />
    </span>
  );
}

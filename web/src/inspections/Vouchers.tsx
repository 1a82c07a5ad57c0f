import { InboxOutlined } from "@ant-design/icons";
import { Alert, Button, Input, Select } from "antd";
import { type FormEvent, useRef, useState } from "react";
import type { Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { sizeText } from "../imports/size";
import { instantText } from "../ui/time";
import { problemText } from "../ui/wording";
import { type Bringing, type Paper, useVoucherActs } from "./acting";
import type { Check } from "./address";
import { ACCEPTED } from "./Papers";

type Voucher = Schemas["VoucherRow"];

interface Props {
  readonly check: Check;
  readonly bringing: Bringing;
}

/** The vouchers of the loan, and where more are dropped. */
export function Vouchers({ check, bringing }: Props) {
  const { t, language } = useSpeech();
  const acts = useVoucherActs(check.row.check_id);
  const working = check.may.work && check.row.state === "open";
  return (
    <section className="card check-part" aria-labelledby="vouchers-title">
      <h3 id="vouchers-title">{t("checks.vouchers")}</h3>
      {working && <DropZone check={check} bringing={bringing} />}
      {bringing.problems.map((problem) => (
        <Alert key={problem} type="warning" showIcon title={problem} className="alert" />
      ))}
      {acts.error && <Alert type="error" showIcon title={problemText(language, acts.error) || t("checks.not_done")} />}
      {check.vouchers.length === 0 ? (
        <p className="quiet small">{t("checks.vouchers_none")}</p>
      ) : (
        <ul className="vouchers">
          {check.vouchers.map((voucher) => (
            <VoucherItem key={voucher.voucher_id} voucher={voucher} check={check} acts={acts} working={working} />
          ))}
        </ul>
      )}
    </section>
  );
}

function DropZone({ check, bringing }: Props) {
  const { t, name } = useSpeech();
  const input = useRef<HTMLInputElement>(null);
  const [over, setOver] = useState(false);
  const [paper, setPaper] = useState<Paper>("contract");
  const [use, setUse] = useState("");
  const bring = (files: FileList | null) => void bringing.bring([...(files ?? [])], paper, use ? [use] : []);
  return (
    <div
      className={over ? "voucher-drop over" : "voucher-drop"}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        if (bringing.sending === null) bring(event.dataTransfer.files);
      }}
    >
      <InboxOutlined className="drop-mark" aria-hidden />
      <div className="voucher-drop-text">
        {bringing.sending === null ? (
          <Button type="link" onClick={() => input.current?.click()}>
            {t("checks.drop")}
          </Button>
        ) : (
          <span role="status">{t("checks.uploading", { name: bringing.sending })}</span>
        )}
        <span className="quiet small">{t("checks.drop_hint", { size: sizeText(check.file_bytes_max) })}</span>
      </div>
      <Select<Paper>
        size="small"
        aria-label={t("checks.paper")}
        value={paper}
        onChange={setPaper}
        options={check.papers.map((one) => ({ value: one, label: name("paper", one) }))}
        popupMatchSelectWidth={false}
      />
      <Select
        size="small"
        aria-label={t("checks.for_line")}
        value={use}
        onChange={setUse}
        options={[
          { value: "", label: t("checks.for_any") },
          ...check.lines.filter((line) => line.wants_judgement).map((line) => ({ value: line.use, label: name("use", line.use) })),
        ]}
        popupMatchSelectWidth={false}
      />
      <input
        ref={input}
        type="file"
        multiple
        hidden
        accept={ACCEPTED}
        data-testid="vouchers"
        onChange={(event) => {
          bring(event.target.files);
          event.target.value = "";
        }}
      />
    </div>
  );
}

interface ItemProps {
  readonly voucher: Voucher;
  readonly check: Check;
  readonly acts: ReturnType<typeof useVoucherActs>;
  readonly working: boolean;
}

function VoucherItem({ voucher, check, acts, working }: ItemProps) {
  const { t, name } = useSpeech();
  const [withdrawing, setWithdrawing] = useState(false);
  const gone = voucher.withdrawn_at !== null;
  const spoken = new Set(voucher.lines.map((line) => line.use));
  const others = check.lines.filter((line) => line.wants_judgement && !spoken.has(line.use));
  const withdraw = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const reason = String(new FormData(event.currentTarget).get("reason") ?? "").trim();
    if (reason === "") return;
    acts.withdraw(voucher.voucher_id, reason);
    setWithdrawing(false);
  };
  return (
    <li className={gone ? "gone" : ""}>
      <span className="voucher-kind">{name("paper", voucher.paper)}</span>
      <a href={`/api/v1/vouchers/${voucher.voucher_id}/content`} download title={t("checks.save", { name: voucher.name })}>
        {voucher.name}
      </a>
      <span className="quiet small figures">
        {t("checks.voucher_by", {
          by: voucher.uploaded_by_name,
          at: instantText(voucher.uploaded_at),
          size: sizeText(voucher.size_bytes),
        })}
      </span>
      {spoken.size > 0 && !gone && (
        <span className="small">
          {t("checks.voucher_lines", { uses: [...spoken].map((use) => name("use", use)).join(t("app.comma")) })}
        </span>
      )}
      {gone && (
        <span className="small danger">
          {t("checks.voucher_withdrawn", {
            by: voucher.withdrawn_by_name ?? "",
            at: instantText(voucher.withdrawn_at ?? ""),
            reason: voucher.withdrawn_reason ?? "",
          })}
        </span>
      )}
      {working && !gone && (
        <span className="voucher-acts">
          {others.length > 0 && (
            <Select
              size="small"
              variant="borderless"
              aria-label={`${t("checks.voucher_link")} ${voucher.name}`}
              placeholder={t("checks.voucher_link")}
              value={null}
              disabled={acts.busy}
              onChange={(use: string | null) => use && acts.link(voucher.voucher_id, use)}
              options={others.map((line) => ({ value: line.use, label: name("use", line.use) }))}
              popupMatchSelectWidth={false}
            />
          )}
          <Button size="small" type="text" aria-expanded={withdrawing} onClick={() => setWithdrawing(!withdrawing)}>
            {t("checks.voucher_withdraw")}
          </Button>
        </span>
      )}
      {withdrawing && (
        <form className="reason-line" onSubmit={withdraw} onKeyDown={(event) => event.key === "Escape" && setWithdrawing(false)}>
          <Input
            name="reason"
            size="small"
            maxLength={1000}
            autoFocus
            required
            aria-label={t("checks.withdraw_why")}
            placeholder={t("checks.withdraw_why")}
          />
          <Button size="small" danger htmlType="submit">
            {t("checks.voucher_withdraw")}
          </Button>
        </form>
      )}
    </li>
  );
}

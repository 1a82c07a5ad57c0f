import { Button, Input, type InputRef, Tooltip } from "antd";
import { type FormEvent, useEffect, useRef } from "react";
import { useSpeech } from "../i18n";
import { may, useMe } from "../identity/me";
import type { Acting, Judgement } from "./acting";
import type { Line } from "./address";

export const JUDGEMENTS = ["genuine", "not_genuine", "more_papers"] as const satisfies readonly Judgement[];

/** Whether a judgement of this line wants words. */
function wantsReason(line: Line, judgement: Judgement): boolean {
  return judgement !== "genuine" || (line.restricted && line.voucher_ids.length === 0);
}

interface Props {
  readonly line: Line;
  readonly acting: Acting;
  /** The judgement whose reason is being written, and how to begin or leave it. */
  readonly asked: Judgement | null;
  readonly ask: (judgement: Judgement | null) => void;
  readonly disabled?: boolean;
  /** With the keys that do the same. */
  readonly keys?: boolean;
}

/** 属实, 不属实, 补材料 for one line. */
export function Judging({ line, acting, asked, ask, disabled = false, keys = false }: Props) {
  const { t, name } = useSpeech();
  const judges = may(useMe(), ["act_on_checks"]);
  const said = acting.said.get(line.use) ?? line.judged?.judgement ?? null;
  if (!judges) return <span className="quiet small">{said ? name("judgement", said) : t("checks.not_judged")}</span>;
  const judge = (judgement: Judgement) => {
    if (wantsReason(line, judgement)) ask(asked === judgement ? null : judgement);
    else {
      ask(null);
      acting.send({ act: "judge", use: line.use, judgement, reason: "" });
    }
  };
  return (
    <div className="judging">
      <div className="judging-buttons" role="group" aria-label={t("checks.judge", { use: name("use", line.use) })}>
        {JUDGEMENTS.map((judgement, place) => (
          <Tooltip key={judgement} title={name("judgement_meaning", judgement)} mouseEnterDelay={0.6} placement="bottom">
            <Button
              size="small"
              className={`judge-${judgement}`}
              type={said === judgement ? "primary" : "default"}
              aria-pressed={said === judgement}
              aria-expanded={wantsReason(line, judgement) ? asked === judgement : undefined}
              disabled={disabled}
              onClick={() => judge(judgement)}
            >
              {name("judgement", judgement)}
              {keys && <kbd>{place + 1}</kbd>}
            </Button>
          </Tooltip>
        ))}
      </div>
      {asked && <ReasonLine line={line} judgement={asked} acting={acting} leave={() => ask(null)} />}
    </div>
  );
}

interface ReasonProps {
  readonly line: Line;
  readonly judgement: Judgement;
  readonly acting: Acting;
  readonly leave: () => void;
}

/** Why, in one line; Enter sends it, Escape leaves it. */
function ReasonLine({ line, judgement, acting, leave }: ReasonProps) {
  const { t, name } = useSpeech();
  const box = useRef<InputRef>(null);
  useEffect(() => box.current?.focus(), [judgement]);
  const label = t("checks.judge_why", { judgement: name("judgement", judgement) });
  const sent = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const reason = String(new FormData(event.currentTarget).get("reason") ?? "").trim();
    if (reason === "") return;
    acting.send({ act: "judge", use: line.use, judgement, reason });
    leave();
  };
  return (
    <form className="reason-line" onSubmit={sent} onKeyDown={(event) => event.key === "Escape" && leave()}>
      <Input
        ref={box}
        name="reason"
        size="small"
        maxLength={1000}
        aria-label={label}
        placeholder={label}
        required
        defaultValue={line.judged && line.judged.judgement === judgement ? line.judged.reason : ""}
      />
      <Button size="small" type="primary" htmlType="submit">
        {t("checks.judge_confirm", { judgement: name("judgement", judgement) })}
      </Button>
    </form>
  );
}

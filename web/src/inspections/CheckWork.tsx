import { useEffect, useState } from "react";
import { useKeys } from "../ui/keys";
import { type Act, useBringing, useCheckAct } from "./acting";
import type { Check } from "./address";
import { CheckHead } from "./CheckHead";
import { CheckTimeline } from "./CheckTimeline";
import { Conclusion } from "./Conclusion";
import { JUDGEMENTS } from "./Judging";
import { type Asked, Lines } from "./Lines";
import { Vouchers } from "./Vouchers";

interface Props {
  readonly check: Check;
  /** On the page of the loan itself. */
  readonly ofLoan?: boolean;
  readonly goesOn?: boolean;
  readonly done?: (act: Act) => void;
  /** What stands above the conclusion. */
  readonly children?: React.ReactNode;
}

/** One check, laid out to be done: what to know, line by line, vouchers; beside it the conclusion. */
export function CheckWork({ check, ofLoan = false, goesOn = false, done, children }: Props) {
  const { row } = check;
  const acting = useCheckAct(row, (act) => done?.(act));
  const bringing = useBringing(row.check_id, check.file_bytes_max);
  const [asked, ask] = useState<Asked | null>(null);
  useEffect(() => ask(null), [row.check_id]);
  const working = check.may.work && row.state === "open";
  const current = check.proposed.open_uses.find((use) => !acting.said.has(use)) ?? null;
  const line = check.lines.find((one) => one.use === current);
  const judge = (place: number) => {
    const judgement = JUDGEMENTS[place];
    if (!working || !line || !judgement) return;
    if (judgement === "genuine" && !(line.restricted && line.voucher_ids.length === 0)) {
      acting.send({ act: "judge", use: line.use, judgement, reason: "" });
    } else ask({ use: line.use, judgement });
  };
  useKeys({
    "1": () => judge(0),
    "2": () => judge(1),
    "3": () => judge(2),
    a: () => {
      if (working && check.plain_count > 0 && !acting.busy) acting.send({ act: "judge_plain" });
    },
    s: () => document.querySelector<HTMLElement>(".conclusion-form textarea, .review button")?.focus(),
  });
  return (
    <>
      <article className="check-case">
        <CheckHead check={check} short={ofLoan} />
        <Lines check={check} acting={acting} bringing={bringing} asked={asked} ask={ask} current={current} />
        <Vouchers check={check} bringing={bringing} />
        <CheckTimeline check={check} />
      </article>
      <aside className="check-side card">
        {children}
        <Conclusion check={check} acting={acting} goesOn={goesOn} />
      </aside>
    </>
  );
}

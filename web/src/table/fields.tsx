import { Input, InputNumber, Select, TreeSelect } from "antd";
import { type ReactNode, useEffect, useId, useState } from "react";
import { useSpeech } from "../i18n";
import { DayPicker } from "../ui/DayPicker";
import { amountFen, amountText } from "./amounts";

/** A value that a filter offers; `name` is what it is called. */
export interface Option {
  readonly value: string;
  readonly name: string;
  readonly count: number;
}

export interface UnitOption extends Option {
  readonly parent: string | null;
}

export function Field({ label, children }: { readonly label: string; readonly children: (label: string) => ReactNode }) {
  return (
    <div className="filter-field">
      <span className="filter-label">{label}</span>
      {children(label)}
    </div>
  );
}

interface RangeProps {
  readonly label: string;
  readonly wide?: boolean;
  readonly children: ReactNode;
}

export function Range({ label, wide = false, children }: RangeProps) {
  const id = useId();
  return (
    <div className={wide ? "filter-field filter-wide" : "filter-field"} role="group" aria-labelledby={id}>
      <span className="filter-label" id={id}>
        {label}
      </span>
      <span className="filter-range">{children}</span>
    </div>
  );
}

interface ManyProps {
  readonly label: string;
  readonly options: readonly Option[];
  readonly value: readonly string[];
  readonly change: (values: string[]) => void;
  readonly busy: boolean;
}

function counted({ name, count }: Option): string {
  return `${name}（${count.toLocaleString("en")}）`;
}

/** Any number of values. */
export function ManySelect({ label, options, value, change, busy }: ManyProps) {
  const { t } = useSpeech();
  return (
    <Field label={label}>
      {(named) => (
        <Select
          aria-label={named}
          mode="multiple"
          allowClear
          loading={busy}
          maxTagCount="responsive"
          placeholder={t("table.filter.any")}
          showSearch={{ optionFilterProp: "name" }}
          optionLabelProp="name"
          popupMatchSelectWidth={false}
          value={[...value]}
          onChange={change}
          options={options.map((one) => ({ value: one.value, name: one.name, label: counted(one) }))}
        />
      )}
    </Field>
  );
}

/** Any number of units, each with those below it. */
export function UnitSelect({ label, options, value, change, busy }: ManyProps & { readonly options: readonly UnitOption[] }) {
  const { t } = useSpeech();
  return (
    <Field label={label}>
      {(named) => (
        <TreeSelect
          aria-label={named}
          multiple
          allowClear
          showSearch={{ treeNodeFilterProp: "name" }}
          treeDefaultExpandAll
          loading={busy}
          maxTagCount="responsive"
          placeholder={t("table.filter.any")}
          value={[...value]}
          onChange={change}
          treeNodeLabelProp="name"
          treeData={unitTree(options)}
          popupMatchSelectWidth={360}
        />
      )}
    </Field>
  );
}

interface UnitNode {
  readonly value: string;
  readonly name: string;
  readonly title: string;
  readonly children: UnitNode[];
}

/** Units below the units that they belong to; one whose parent is not there stands at the top. */
function unitTree(units: readonly UnitOption[]): UnitNode[] {
  const nodes = new Map<string, UnitNode>(
    units.map((unit) => [unit.value, { value: unit.value, name: unit.name, title: counted(unit), children: [] }]),
  );
  const top: UnitNode[] = [];
  for (const unit of units) {
    const node = nodes.get(unit.value);
    if (node) (nodes.get(unit.parent ?? "")?.children ?? top).push(node);
  }
  return top;
}

interface OneProps {
  readonly label: string;
  /** As it stands in the address; empty for none. */
  readonly value: string;
  readonly change: (value: string) => void;
}

/** An amount, typed in the unit of lists; in the address it is fen. */
export function AmountInput({ label, value, change }: OneProps) {
  const { t, language } = useSpeech();
  const shown = value === "" ? "" : amountText(BigInt(value), language);
  const [text, setText] = useState(shown);
  useEffect(() => setText(shown), [shown]);
  const parsed = text.trim() === "" ? "" : amountFen(text, language);
  return (
    <Input
      aria-label={label}
      placeholder={label}
      inputMode="decimal"
      value={text}
      status={parsed === null ? "error" : ""}
      title={parsed === null ? t("table.filter.amount_wrong") : ""}
      onChange={(event) => setText(event.target.value)}
      onBlur={() => parsed !== null && parsed !== value && change(parsed)}
      onPressEnter={() => parsed !== null && change(parsed)}
    />
  );
}

export function DayInput({ label, value, change }: OneProps) {
  return <DayPicker label={label} placeholder={label} value={value} change={change} />;
}

interface NumberProps extends OneProps {
  readonly most?: number;
  readonly suffix?: string;
  /** What stands in the address for one of what is typed: 10,000 millionths for a percent. */
  readonly times?: number;
}

/** A whole number, or a percentage with one digit behind the point. */
export function NumberInput({ label, value, change, most, suffix, times = 1 }: NumberProps) {
  return (
    <InputNumber
      aria-label={label}
      placeholder={label}
      min={0}
      {...(most === undefined ? {} : { max: most })}
      precision={times === 1 ? 0 : 1}
      {...(suffix === undefined ? {} : { suffix })}
      value={value === "" ? null : Number(value) / times}
      onChange={(chosen) => change(chosen === null ? "" : String(Math.round(chosen * times)))}
      changeOnWheel={false}
    />
  );
}

import { AutoComplete, Button, Input, type InputRef, Select } from "antd";
import { type RefObject, useEffect, useState } from "react";
import { api } from "../api/client";
import { useSpeech } from "../i18n";
import { DayPicker } from "../ui/DayPicker";
import { TypedSearch } from "../ui/TypedSearch";
import { type Conditions, OUTCOMES, useActionName } from "./entries";

interface Props {
  readonly conditions: Conditions;
  readonly change: (values: Partial<Conditions>) => void;
  readonly search: RefObject<InputRef | null>;
}

/** Which entries are looked for. */
export function Filters({ conditions, change, search }: Props) {
  const { t, name } = useSpeech();
  const actionName = useActionName();
  const { data } = api.useQuery("get", "/api/v1/audit/choices", {}, { refetchOnMount: "always" });
  const any = { value: "", label: t("audit.any") };
  return (
    <div className="audit-filters" role="search" aria-label={t("audit.filters")}>
      <TypedSearch
        box={search}
        label={t("audit.search")}
        value={conditions.text}
        change={(text) => change({ text })}
        className="audit-text"
      />
      <Typed
        label={t("audit.person")}
        value={conditions.person}
        change={(person) => change({ person })}
        options={(data?.persons ?? []).map((one) => ({
          value: one.person,
          label: one.name === one.person ? one.name : `${one.name} · ${one.person}`,
        }))}
      />
      <Select
        className="audit-action-filter"
        aria-label={t("audit.action")}
        showSearch={{ optionFilterProp: "label" }}
        value={conditions.action}
        onChange={(action) => change({ action })}
        options={[
          { ...any, label: t("audit.any_action") },
          ...(data?.actions ?? []).map((one) => ({ value: one, label: actionName(one) })),
        ]}
      />
      <Select
        className="audit-kind-filter"
        aria-label={t("audit.object_kind")}
        value={conditions.object_kind}
        onChange={(kind) => change({ object_kind: kind })}
        options={[
          { ...any, label: t("audit.any_object") },
          ...(data?.object_kinds ?? []).map((one) => ({ value: one, label: name("audit_object", one) })),
        ]}
      />
      <Typed label={t("audit.object_id")} value={conditions.object_id} change={(id) => change({ object_id: id })} />
      <Select
        className="audit-outcome-filter"
        aria-label={t("audit.outcome")}
        value={conditions.outcome}
        onChange={(outcome) => change({ outcome })}
        options={[
          { ...any, label: t("audit.any_outcome") },
          ...OUTCOMES.map((one) => ({ value: one, label: name("audit_outcome", one) })),
        ]}
      />
      <span className="audit-days">
        <DayPicker
          label={t("audit.from")}
          placeholder={t("audit.from")}
          value={conditions.from_date}
          most={conditions.to_date || undefined}
          change={(day) => change({ from_date: day })}
        />
        <span aria-hidden="true">–</span>
        <DayPicker
          label={t("audit.to")}
          placeholder={t("audit.to")}
          value={conditions.to_date}
          least={conditions.from_date || undefined}
          change={(day) => change({ to_date: day })}
        />
      </span>
      {conditions.request_id && (
        <Button size="small" onClick={() => change({ request_id: "" })} title={conditions.request_id}>
          {t("audit.one_request")} ×
        </Button>
      )}
    </div>
  );
}

interface TypedProps {
  readonly label: string;
  readonly value: string;
  readonly change: (text: string) => void;
  readonly options?: readonly { readonly value: string; readonly label: string }[];
}

/** A value that is typed or chosen; it counts once one leaves it, presses Enter or chooses. */
function Typed({ label, value, change, options = [] }: TypedProps) {
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  const settle = (typed: string) => {
    if (typed.trim() !== value) change(typed.trim());
  };
  return (
    <AutoComplete
      className="audit-typed"
      value={text}
      options={[...options]}
      showSearch={{
        filterOption: (typed, option) => `${option?.label} ${option?.value}`.toLowerCase().includes(typed.toLowerCase()),
      }}
      popupMatchSelectWidth={280}
      onChange={(typed: string | undefined) => setText(typed ?? "")}
      onSelect={(chosen: string | undefined) => settle(chosen ?? "")}
      onBlur={() => settle(text)}
    >
      <Input
        aria-label={label}
        placeholder={label}
        maxLength={256}
        allowClear={{ clearIcon: <span aria-hidden="true">×</span> }}
        onClear={() => settle("")}
        onPressEnter={() => settle(text)}
      />
    </AutoComplete>
  );
}

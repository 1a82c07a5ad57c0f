import { Select } from "antd";
import { useId } from "react";
import { api, type Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { endOfDay, startOfDay } from "../identity/days";
import { useRoleName } from "../identity/roles";
import { DayPicker } from "../ui/DayPicker";
import { Field } from "../ui/Field";
import { useUnits } from "./units";

type Role = Schemas["Role"];

export interface Grant {
  readonly role: Role | null;
  /** Empty: the whole bank. */
  readonly unit: string;
  /** Empty: from the approval on. */
  readonly from: string;
  /** Empty: without an end. */
  readonly until: string;
}

export const NO_GRANT: Grant = { role: null, unit: "", from: "", until: "" };

/** A grant as the interface takes it; null while no role is chosen. */
export function asGrant(grant: Grant): Schemas["Grant"] | null {
  return grant.role === null
    ? null
    : {
        role: grant.role,
        unit_id: grant.unit || null,
        valid_from: grant.from ? startOfDay(grant.from) : null,
        valid_to: grant.until ? endOfDay(grant.until) : null,
      };
}

interface Props {
  readonly value: Grant;
  readonly change: (grant: Grant) => void;
}

/** A role, where, and from when until when. */
export function GrantFields({ value, change }: Props) {
  const { t } = useSpeech();
  const called = useRoleName();
  const units = useUnits();
  const { data: roles } = api.useQuery("get", "/api/v1/roles", {}, { staleTime: Number.POSITIVE_INFINITY });
  const [roleId, unitId, fromId, untilId] = [useId(), useId(), useId(), useId()];
  return (
    <div className="grant-fields">
      <Field id={roleId} label={t("admin.role")}>
        <Select<Role>
          id={roleId}
          value={value.role}
          showSearch={{ optionFilterProp: "label" }}
          onChange={(role) => change({ ...value, role })}
          options={(roles ?? []).map((one) => ({ value: one.role, label: called(one) }))}
        />
      </Field>
      <Field id={unitId} label={t("admin.role_unit")}>
        <Select<string>
          id={unitId}
          value={value.unit}
          showSearch={{ optionFilterProp: "label" }}
          onChange={(unit) => change({ ...value, unit })}
          options={[
            { value: "", label: t("admin.whole_bank") },
            ...(units.data ?? []).map((one) => ({ value: one.unit_id, label: `${units.name(one.unit_id)}（${one.unit_id}）` })),
          ]}
        />
      </Field>
      <Field id={fromId} label={t("admin.role_from")}>
        <DayPicker id={fromId} value={value.from} least={undefined} most={undefined} change={(from) => change({ ...value, from })} />
      </Field>
      <Field id={untilId} label={t("admin.role_until")}>
        <DayPicker id={untilId} value={value.until} least={value.from || undefined} most={undefined} change={(until) => change({ ...value, until })} />
      </Field>
    </div>
  );
}

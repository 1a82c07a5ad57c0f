import { DatePicker } from "antd";
import dayjs from "dayjs";
import "./calendar";

interface Props {
  readonly id?: string;
  readonly label?: string;
  readonly placeholder?: string;
  /** As 2025-03-01; empty for none. */
  readonly value: string;
  readonly least?: string | undefined;
  readonly most?: string | undefined;
  readonly required?: boolean;
  readonly change: (day: string) => void;
}

const FORM = "YYYY-MM-DD";

/** A day, written year first in either language; it may be typed. */
export function DayPicker({ id, label, placeholder, value, least, most, required = false, change }: Props) {
  return (
    <DatePicker
      {...(id && { id })}
      {...(label && { "aria-label": label, title: label })}
      {...(placeholder && { placeholder })}
      format={FORM}
      value={value ? dayjs(value, FORM) : null}
      {...(least && { minDate: dayjs(least, FORM) })}
      {...(most && { maxDate: dayjs(most, FORM) })}
      allowClear={!required}
      aria-required={required}
      onChange={(day) => change(day?.format(FORM) ?? "")}
    />
  );
}

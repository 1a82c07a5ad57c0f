import { ArrowDownOutlined, ArrowUpOutlined, SettingOutlined } from "@ant-design/icons";
import { Button, Checkbox, Popover, Segmented } from "antd";
import { type Key, useSpeech } from "../i18n";
import type { Density } from "./kept";

const DENSITIES: readonly Density[] = ["small", "middle", "large"];

interface Props<Column extends string> {
  /** Every column; the first one names the row and stays. */
  readonly all: readonly Column[];
  readonly columns: readonly Column[];
  readonly title: (column: Column) => string;
  readonly setColumns: (columns: readonly Column[] | null) => void;
  readonly density: Density;
  readonly setDensity: (density: Density | null) => void;
}

/** Which columns, in which order, how dense; kept in this browser. */
export function ColumnChooser<Column extends string>({ all, columns, title, setColumns, density, setDensity }: Props<Column>) {
  const { t } = useSpeech();
  const first = all[0];
  const move = (column: Column, step: number) => {
    const from = columns.indexOf(column);
    const to = from + step;
    // What names the row stays first: it is what opens it.
    if (to < 1 || to >= columns.length) return;
    const moved = columns.filter((one) => one !== column);
    moved.splice(to, 0, column);
    setColumns(moved);
  };
  const offered = [...columns, ...all.filter((column) => !columns.includes(column))];
  const content = (
    <div className="column-chooser">
      <div className="column-density">
        <span>{t("table.density")}</span>
        <Segmented<Density>
          size="small"
          aria-label={t("table.density")}
          value={density}
          onChange={setDensity}
          options={DENSITIES.map((one) => ({ value: one, label: t(`table.density.${one}` as Key) }))}
        />
      </div>
      <ul aria-label={t("table.columns")}>
        {offered.map((column) => {
          const at = columns.indexOf(column);
          return (
            <li key={column}>
              <Checkbox
                checked={at >= 0}
                disabled={column === first}
                onChange={(event) =>
                  setColumns(event.target.checked ? [...columns, column] : columns.filter((one) => one !== column))
                }
              >
                {title(column)}
              </Checkbox>
              {at > 0 && (
                <span className="column-moves">
                  <Button
                    type="text"
                    size="small"
                    icon={<ArrowUpOutlined aria-hidden />}
                    disabled={at <= 1}
                    aria-label={t("table.columns.up", { column: title(column) })}
                    onClick={() => move(column, -1)}
                  />
                  <Button
                    type="text"
                    size="small"
                    icon={<ArrowDownOutlined aria-hidden />}
                    disabled={at === columns.length - 1}
                    aria-label={t("table.columns.down", { column: title(column) })}
                    onClick={() => move(column, 1)}
                  />
                </span>
              )}
            </li>
          );
        })}
      </ul>
      <Button
        size="small"
        onClick={() => {
          setColumns(null);
          setDensity(null);
        }}
      >
        {t("table.columns.reset")}
      </Button>
    </div>
  );
  return (
    <Popover trigger="click" placement="bottomRight" content={content} destroyOnHidden>
      <Button icon={<SettingOutlined aria-hidden />}>{t("table.columns")}</Button>
    </Popover>
  );
}

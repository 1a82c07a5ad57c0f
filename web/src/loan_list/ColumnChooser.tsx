import { ArrowDownOutlined, ArrowUpOutlined, SettingOutlined } from "@ant-design/icons";
import { Button, Checkbox, Popover, Segmented } from "antd";
import { type Key, useSpeech } from "../i18n";
import { COLUMNS, type Column, type Density } from "./preferences";

const DENSITIES: readonly Density[] = ["small", "middle", "large"];

interface Props {
  readonly columns: readonly Column[];
  readonly setColumns: (columns: readonly Column[] | null) => void;
  readonly density: Density;
  readonly setDensity: (density: Density | null) => void;
}

/** Which columns, in which order, how dense; kept in this browser. */
export function ColumnChooser({ columns, setColumns, density, setDensity }: Props) {
  const { t } = useSpeech();
  const title = (column: Column) => t(`loans.column.${column}` as Key);
  const move = (column: Column, step: number) => {
    const from = columns.indexOf(column);
    const to = from + step;
    // The loan's number stays first: it is what opens the loan.
    if (to < 1 || to >= columns.length) return;
    const moved = columns.filter((one) => one !== column);
    moved.splice(to, 0, column);
    setColumns(moved);
  };
  const offered = [...columns, ...COLUMNS.filter((column) => !columns.includes(column))];
  const content = (
    <div className="column-chooser">
      <div className="column-density">
        <span>{t("loans.density")}</span>
        <Segmented<Density>
          size="small"
          aria-label={t("loans.density")}
          value={density}
          onChange={setDensity}
          options={DENSITIES.map((one) => ({ value: one, label: t(`loans.density.${one}` as Key) }))}
        />
      </div>
      <ul aria-label={t("loans.columns")}>
        {offered.map((column) => {
          const at = columns.indexOf(column);
          return (
            <li key={column}>
              <Checkbox
                checked={at >= 0}
                disabled={column === "loan"}
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
                    aria-label={t("loans.columns.up", { column: title(column) })}
                    onClick={() => move(column, -1)}
                  />
                  <Button
                    type="text"
                    size="small"
                    icon={<ArrowDownOutlined aria-hidden />}
                    disabled={at === columns.length - 1}
                    aria-label={t("loans.columns.down", { column: title(column) })}
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
        {t("loans.columns.reset")}
      </Button>
    </div>
  );
  return (
    <Popover trigger="click" placement="bottomRight" content={content} destroyOnHidden>
      <Button icon={<SettingOutlined aria-hidden />}>{t("loans.columns")}</Button>
    </Popover>
  );
}

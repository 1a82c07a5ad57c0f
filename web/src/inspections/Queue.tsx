import { Button, Checkbox, type InputRef, Select } from "antd";
import type { RefObject } from "react";
import { Link } from "react-router";
import type { Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { may, useMe } from "../identity/me";
import { Amount } from "../ui/Amount";
import { TypedSearch } from "../ui/TypedSearch";
import { useUnitName } from "../ui/unit";
import { LevelTag } from "../warnings/LevelTag";
import { type Filters, type Row, STATES } from "./address";
import { useDue } from "./due";

interface Props {
  readonly list: Schemas["CheckList"];
  readonly filters: Filters;
  readonly change: (values: Readonly<Record<string, string>>) => void;
  readonly current: string;
  readonly to: (id: string) => string;
  readonly search: RefObject<InputRef | null>;
  readonly more: () => void;
}

/** What waits, the most urgent first. */
export function Queue({ list, filters, change, current, to, search, more }: Props) {
  const { t } = useSpeech();
  const judges = may(useMe(), ["act_on_checks"]);
  return (
    <section className="queue card" aria-labelledby="queue-title">
      <div className="queue-head">
        <h2 id="queue-title">{t("checks.queue", { count: list.total_count })}</h2>
      </div>
      <TypedSearch box={search} label={t("checks.search")} value={filters.search} change={(text) => change({ search: text })} />
      <QueueFilters list={list} filters={filters} change={change} />
      {list.items.length === 0 ? (
        <p className="queue-empty quiet">{t(filters.state === "open" ? "checks.none_open" : "checks.none_here")}</p>
      ) : (
        <ol className="queue-list" aria-label={t("checks.list")}>
          {list.items.map((row) => (
            <Item key={row.check_id} row={row} current={row.check_id === current} address={to(row.check_id)} />
          ))}
        </ol>
      )}
      {list.items.length < list.total_count && (
        <Button block type="text" onClick={more}>
          {t("checks.more", { count: list.total_count - list.items.length })}
        </Button>
      )}
      <p className="quiet small queue-keys">
        <kbd>j</kbd> <kbd>k</kbd> {t("checks.key_move")} ·{" "}
        {judges && (
          <>
            <kbd>1</kbd> <kbd>2</kbd> <kbd>3</kbd> {t("checks.key_judge")} · <kbd>a</kbd> {t("checks.key_plain")} ·{" "}
          </>
        )}
        <kbd>n</kbd> {t("checks.key_next")} · <kbd>/</kbd> {t("checks.key_search")}
      </p>
    </section>
  );
}

function QueueFilters({ list, filters, change }: Pick<Props, "list" | "filters" | "change">) {
  const { t, name } = useSpeech();
  const unitName = useUnitName();
  const count = (value: string) => list.states.find((one) => one.value === value)?.count ?? 0;
  const total = list.states.reduce((sum, one) => sum + one.count, 0);
  const units = new Map(list.units.map((one) => [one.value, one.count]));
  if (filters.unit && !units.has(filters.unit)) units.set(filters.unit, 0);
  return (
    <div className="queue-filters">
      <Select
        aria-label={t("checks.state")}
        value={filters.state}
        onChange={(state) => change({ state: state === "open" ? "" : state })}
        options={[
          ...STATES.map((state) => ({ value: state as string, label: `${name("check_state", state)} ${count(state)}` })),
          { value: "all", label: `${t("checks.all_states")} ${total}` },
        ]}
        popupMatchSelectWidth={false}
      />
      <Select
        aria-label={t("checks.unit")}
        allowClear
        placeholder={t("checks.unit")}
        value={filters.unit || null}
        onChange={(unit) => change({ unit: unit ?? "" })}
        options={[...units].map(([unit, many]) => ({
          value: unit,
          label: `${unitName(unit, list.unit_names[unit] ?? unit)} ${many}`,
        }))}
        popupMatchSelectWidth={false}
      />
      <Checkbox checked={filters.mine} onChange={(event) => change({ mine: event.target.checked ? "true" : "" })}>
        {t("checks.mine")} <span className="figures">{list.mine_count}</span>
      </Checkbox>
      <Checkbox checked={filters.overdue} onChange={(event) => change({ overdue: event.target.checked ? "true" : "" })}>
        {t("checks.only_overdue")} <span className="figures">{list.overdue_count}</span>
      </Checkbox>
    </div>
  );
}

interface ItemProps {
  readonly row: Row;
  readonly current: boolean;
  readonly address: string;
}

function Item({ row, current, address }: ItemProps) {
  const { t, name } = useSpeech();
  const due = useDue();
  return (
    <li className={`queue-item${row.overdue ? " edge-red" : ""}${current ? " current" : ""}`}>
      <Link to={address} preventScrollReset {...(current && { "aria-current": "true" as const })}>
        <span className="queue-line">
          <span className="queue-borrower">{row.borrower_name}</span>
          <span className={row.overdue ? "due due-late figures small" : "due figures small"}>
            {row.state === "open" || row.state === "submitted" ? due(row) : name("check_state", row.state)}
          </span>
        </span>
        <span className="queue-line small quiet">
          <span>{name("product", row.product)}</span>
          <span className="figures">
            <Amount fen={row.loan_amount_fen} form="short" {...row} />
          </span>
        </span>
        <span className="queue-line small">
          <span className="queue-marks">
            {row.warning_level && <LevelTag level={row.warning_level} />}
            {row.returned && <span className="mark mark-suspected">{t("checks.returned")}</span>}
            {row.figures_changed === "revised" && <span className="mark mark-restricted">{name("check_state", "changed")}</span>}
            {row.conclusion && row.state !== "open" && <span className="mark">{name("check_conclusion", row.conclusion)}</span>}
          </span>
          <span className="quiet">
            {(row.state === "submitted" ? row.reviewer_name : row.assignee_name) || t("checks.nobodys")}
          </span>
        </span>
      </Link>
    </li>
  );
}

import { Button, Checkbox, type InputRef, Select } from "antd";
import { type RefObject, useEffect, useRef, useState } from "react";
import { Link } from "react-router";
import type { Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { may, useMe } from "../identity/me";
import { Amount } from "../ui/Amount";
import { useClearing } from "../ui/clearing";
import { type Person, PersonSelect } from "../ui/PersonSelect";
import { TypedSearch } from "../ui/TypedSearch";
import { useUnitName } from "../ui/unit";
import { type Filters, isNarrowed, LEVELS, NO_FILTERS, type Row, STATES } from "./asked";
import { LevelTag } from "./LevelTag";
import { useRuleName } from "./rules";
import { useLeft, useNow } from "./time";

interface Props {
  readonly list: Schemas["WarningList"];
  /** The rows that are shown of it. */
  readonly items: readonly Row[];
  readonly filters: Filters;
  readonly change: (values: Readonly<Record<string, string | readonly string[]>>) => void;
  readonly current: string;
  readonly to: (id: string) => string;
  readonly live: boolean;
  readonly fresh: ReadonlySet<string>;
  readonly search: RefObject<InputRef | null>;
  readonly assign: (ids: readonly string[], to: Person, done: () => void) => void;
  readonly assigning: boolean;
  /** How many more come when one asks for more, and of how many. */
  readonly step: number;
  readonly left: number;
  readonly waiting: boolean;
  readonly more: () => void;
}

/** What waits, the most urgent first. */
export function Queue(props: Props) {
  const { list, items, filters, change, current, to, live, fresh, search } = props;
  const { t, name } = useSpeech();
  const me = useMe();
  const assigns = may(me, ["assign_warnings"]);
  const [chosen, choose] = useState<ReadonlySet<string>>(new Set());
  const called = useRuleName(list.rule_words);
  const shown = new Set(items.map((row) => row.thread_id));
  const marked = [...chosen].filter((id) => shown.has(id));
  const rows = useRef<HTMLOListElement>(null);
  const listed = shown.has(current);
  useEffect(() => {
    const row = listed ? rows.current?.querySelector(".queue-item.current") : null;
    row?.scrollIntoView({ block: "nearest" });
    // Who is in the list goes along with it.
    if (rows.current?.contains(document.activeElement)) row?.querySelector("a")?.focus({ preventScroll: true });
  }, [current, listed]);
  return (
    <section className="queue card" aria-labelledby="queue-title">
      <div className="queue-head">
        <h2 id="queue-title" tabIndex={-1}>{t("warnings.queue", { count: list.total_count })}</h2>
        <span className={live ? "live live-on" : "live"} role="status">
          {t(live ? "warnings.live" : "warnings.not_live")}
        </span>
      </div>
      <TypedSearch
        box={search}
        label={t("warnings.search")}
        value={filters.search}
        change={(text) => change({ search: text })}
      />
      <QueueFilters list={list} filters={filters} change={change} />
      {marked.length > 0 && (
        <div className="queue-bulk" role="group" aria-label={t("warnings.bulk")}>
          <span className="figures">{t("warnings.chosen", { count: marked.length })}</span>
          <PersonSelect
            label={t("warnings.assign_to")}
            hint={t("warnings.assign_to")}
            value={null}
            choose={(person) => {
              if (person && !props.assigning) props.assign(marked, person, () => choose(new Set()));
            }}
          />
          <Button size="small" type="text" onClick={() => choose(new Set())}>
            {t("warnings.cancel")}
          </Button>
        </div>
      )}
      {items.length === 0 ? (
        <div className="queue-empty">
          <p className="quiet">{t(isNarrowed(filters) ? "warnings.none_here" : "warnings.nothing")}</p>
          {/* Without a warning beside it the page itself offers that. */}
          {isNarrowed(filters) && current !== "" && (
            <Button size="small" onClick={() => change(NO_FILTERS)}>
              {t("warnings.clear")}
            </Button>
          )}
        </div>
      ) : (
        <ol ref={rows} className="queue-list" aria-label={t("warnings.list")}>
          {items.map((row) => (
            <Item
              key={row.thread_id}
              row={row}
              called={called}
              current={row.thread_id === current}
              fresh={fresh.has(row.thread_id)}
              address={to(row.thread_id)}
              chosen={chosen.has(row.thread_id)}
              choose={
                assigns
                  ? (on) => {
                      const next = new Set(chosen);
                      if (on) next.add(row.thread_id);
                      else next.delete(row.thread_id);
                      choose(next);
                    }
                  : null
              }
            />
          ))}
        </ol>
      )}
      {props.left > 0 && items.length > 0 && (
        <Button block type="text" loading={props.waiting} onClick={props.more}>
          {t("warnings.more", { count: props.step, left: props.left })}
        </Button>
      )}
      <p className="quiet small queue-keys">
        <kbd>j</kbd> <kbd>k</kbd> {t("warnings.key_move")} ·{" "}
        {may(me, ["act_on_warnings"]) && (
          <>
            <kbd>1</kbd> <kbd>2</kbd> <kbd>3</kbd> {t("warnings.key_dispose")} ·{" "}
          </>
        )}
        <kbd>n</kbd> {t("warnings.key_next")} · <kbd>/</kbd> {t("warnings.key_search")}
      </p>
      <span className="visually-hidden" aria-live="polite">
        {fresh.size > 0 && t("warnings.fresh", { count: fresh.size, level: name("warning_level", "red") })}
      </span>
    </section>
  );
}

function QueueFilters({ list, filters, change }: Pick<Props, "list" | "filters" | "change">) {
  const { t, name } = useSpeech();
  const clearing = useClearing();
  const called = useRuleName(list.rule_words);
  const unitName = useUnitName();
  const acts = may(useMe(), ["act_on_warnings"]);
  const count = (counts: readonly Schemas["WarningCount"][], value: string) =>
    counts.find((one) => one.value === value)?.count ?? 0;
  const total = list.states.reduce((sum, one) => sum + one.count, 0);
  const units = new Map(list.units.map((one) => [one.value, one.count]));
  if (filters.unit && !units.has(filters.unit)) units.set(filters.unit, 0);
  const rules = new Map(list.rules.map((one) => [one.value, one.count]));
  if (filters.rule && !rules.has(filters.rule)) rules.set(filters.rule, 0);
  return (
    <div className="queue-filters">
      <div className="level-filter" role="group" aria-label={t("warnings.level")}>
        {LEVELS.map((level) => (
          <button
            key={level}
            type="button"
            aria-pressed={filters.level.includes(level)}
            className={filters.level.includes(level) ? `level-button level-${level} pressed` : `level-button level-${level}`}
            onClick={() =>
              change({
                level: filters.level.includes(level)
                  ? filters.level.filter((one) => one !== level)
                  : [...filters.level, level],
              })
            }
          >
            {name("warning_level", level)} <span className="figures">{count(list.levels, level)}</span>
          </button>
        ))}
      </div>
      <Select
        aria-label={t("warnings.state")}
        value={filters.state}
        onChange={(state) => change({ state: state === "open" ? "" : state })}
        options={[
          ...STATES.map((state) => ({
            value: state as string,
            label: `${name("warning_state", state)} ${count(list.states, state)}`,
          })),
          { value: "all", label: `${t("warnings.all_states")} ${total}` },
        ]}
        popupMatchSelectWidth={false}
      />
      <Select
        aria-label={t("warnings.rule")}
        allowClear={clearing}
        placeholder={t("warnings.rule")}
        value={filters.rule || null}
        onChange={(rule) => change({ rule: rule ?? "" })}
        options={[...rules].map(([rule, many]) => ({ value: rule, label: `${called(rule)} ${many}` }))}
        popupMatchSelectWidth={false}
      />
      <Select
        aria-label={t("warnings.unit")}
        allowClear={clearing}
        placeholder={t("warnings.unit")}
        value={filters.unit || null}
        onChange={(unit) => change({ unit: unit ?? "" })}
        options={[...units].map(([unit, many]) => ({
          value: unit,
          label: `${unitName(unit, list.unit_names[unit] ?? unit)} ${many}`,
        }))}
        popupMatchSelectWidth={false}
      />
      <Checkbox checked={filters.overdue} onChange={(event) => change({ overdue: event.target.checked ? "true" : "" })}>
        {t("warnings.only_overdue")} <span className="figures">{list.overdue_count}</span>
      </Checkbox>
      {acts && (
        <Checkbox className="ours-filter" checked={filters.ours} onChange={(event) => change({ ours: event.target.checked ? "true" : "" })}>
          {t("warnings.ours")}
        </Checkbox>
      )}
      <Owner filters={filters} change={change} names={list.owner_names} />
    </div>
  );
}

function Owner({
  filters,
  change,
  names,
}: Pick<Props, "filters" | "change"> & { readonly names: Readonly<Record<string, string>> }) {
  const { t } = useSpeech();
  if (filters.owner === "none") {
    return (
      <Button size="small" className="owner-none" onClick={() => change({ owner: "" })}>
        {t("warnings.nobodys")} ×
      </Button>
    );
  }
  return (
    <span className="owner-filter">
      <PersonSelect
        label={t("warnings.owner")}
        hint={t("warnings.owner")}
        value={filters.owner ? { staff_id: filters.owner, name: names[filters.owner] ?? filters.owner } : null}
        choose={(person) => change({ owner: person?.staff_id ?? "" })}
      />
      {!filters.owner && (
        <Button size="small" type="text" onClick={() => change({ owner: "none" })}>
          {t("warnings.nobodys")}
        </Button>
      )}
    </span>
  );
}

interface ItemProps {
  readonly row: Row;
  readonly called: (rule: string) => string;
  readonly current: boolean;
  readonly fresh: boolean;
  readonly address: string;
  readonly chosen: boolean;
  /** Null for who gives no warnings to others. */
  readonly choose: ((on: boolean) => void) | null;
}

function Item({ row, called, current, fresh, address, chosen, choose }: ItemProps) {
  const { t, name } = useSpeech();
  const now = useNow();
  const left = useLeft();
  const late = row.state === "open" && Date.parse(row.due_at) < now;
  return (
    <li className={`queue-item edge-${row.level}${current ? " current" : ""}${fresh ? " fresh" : ""}`}>
      {choose && (
        <Checkbox
          checked={chosen}
          onChange={(event) => choose(event.target.checked)}
          aria-label={t("warnings.choose", { borrower: row.borrower_name })}
        />
      )}
      <Link to={address} preventScrollReset {...(current && { "aria-current": "true" as const })}>
        <span className="queue-line">
          <LevelTag level={row.level} />
          <span className={late ? "due due-late figures" : "due figures"}>
            {row.state === "open" ? left(row.due_at, now) : name("warning_state", row.state)}
          </span>
        </span>
        <span className="queue-borrower">{row.borrower_name}</span>
        <span className="queue-line small quiet">
          <span>{row.rule_codes.map(called).join(t("warnings.comma"))}</span>
        </span>
        <span className="queue-line small">
          <span className="figures">
            {row.proven_fen === "0" ? (
              <span className="quiet">
                {t("warnings.counted")} <Amount fen={row.amount_fen} form="short" {...row} />
              </span>
            ) : (
              <>
                {t("warnings.proven")} <Amount fen={row.proven_fen} form="short" {...row} />
              </>
            )}
          </span>
          <span className="quiet">
            {row.disposition ? name("disposition", row.disposition) : row.assignee_name || t("warnings.nobodys")}
          </span>
        </span>
      </Link>
    </li>
  );
}

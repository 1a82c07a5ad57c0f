import { Button, Table } from "antd";
import { Link } from "react-router";
import { useSpeech } from "../i18n";
import { type Me, may, useMe } from "../identity/me";
import { instantText } from "../ui/time";
import { type Entries, type Entry, PAGE, type Scope, useRuleNames } from "./entries";

const PAGES: Readonly<Partial<Record<Scope, string>>> = { loan: "/loans", account: "/accounts" };

const DAY_LENGTH = "2026-01-01".length;

interface Props {
  readonly entries: Entries;
  readonly page: number;
  readonly turn: (page: number) => void;
  readonly approving: string;
  readonly approve: (entry: Entry) => void;
  readonly end: (entry: Entry) => void;
  readonly busy: boolean;
}

/** Whether the person may put it in force: it waits, and somebody else proposed it. */
export function mayApprove(entry: Entry, me: Me): boolean {
  return may(me, ["approve_lists"]) && entry.state === "waiting" && entry.maker !== me.acting;
}

export function mayEnd(entry: Entry, me: Me): boolean {
  return may(me, ["edit_lists", "approve_lists"]) && (entry.state === "waiting" || entry.state === "in_force");
}

/** The entries, a row each; a row can be reached by the keyboard. */
export function EntryTable({ entries, page, turn, approving, approve, end, busy }: Props) {
  const { t, name } = useSpeech();
  const called = useRuleNames(entries.allow_rules);
  const me = useMe();
  const acts = may(me, ["edit_lists", "approve_lists"]);
  return (
    <Table<Entry>
      className="card list-table"
      aria-label={t("lists.table")}
      rowKey="entry_id"
      dataSource={[...entries.items]}
      loading={{ spinning: busy, delay: 300 }}
      onRow={() => ({ tabIndex: 0 })}
      pagination={{
        current: page,
        pageSize: PAGE,
        total: entries.total_count,
        hideOnSinglePage: true,
        showSizeChanger: false,
        onChange: turn,
        showTotal: (count) => t("lists.total", { count }),
      }}
      scroll={{ x: true }}
      columns={[
        { title: t("lists.column_list"), key: "list", className: "nowrap", render: (_, row) => name("list_name", row.list) },
        {
          title: t("lists.column_subject"),
          key: "subject",
          render: (_, row) => {
            const place = PAGES[row.scope];
            return (
              <>
                {place ? <Link to={`${place}/${encodeURIComponent(row.subject)}`}>{row.subject}</Link> : row.subject}
                <div className="quiet small">
                  {name("list_scope", row.scope)}
                  {row.name && ` · ${row.name}`}
                </div>
              </>
            );
          },
        },
        {
          title: t("lists.column_rule"),
          key: "rule",
          render: (_, row) =>
            row.rule_code ? (
              <>
                {called(row.rule_code)}
                {row.thread_id && (
                  <div className="small">
                    <Link to={`/warnings/${row.thread_id}?state=all`}>{t("lists.warning")}</Link>
                  </div>
                )}
              </>
            ) : (
              "–"
            ),
        },
        { title: t("lists.column_reason"), key: "reason", className: "list-reason", render: (_, row) => row.reason },
        { title: t("lists.column_expires"), key: "expires", className: "figures nowrap", render: (_, row) => row.expires_on },
        {
          title: t("lists.column_people"),
          key: "people",
          className: "list-people",
          render: (_, row) => <People row={row} />,
        },
        {
          title: t("lists.column_state"),
          key: "state",
          render: (_, row) => <span className={`list-state list-${row.state}`}>{name("list_state", row.state)}</span>,
        },
        {
          title: t("lists.column_acts"),
          key: "acts",
          hidden: !acts,
          render: (_, row) => (
            <span className="list-buttons">
              {mayApprove(row, me) && (
                <Button size="small" loading={approving === row.entry_id} onClick={() => approve(row)}>
                  {t("lists.approve")}
                </Button>
              )}
              {mayEnd(row, me) && (
                <Button size="small" onClick={() => end(row)}>
                  {t(row.state === "waiting" ? "lists.refuse" : "lists.end")}
                </Button>
              )}
              {row.state === "waiting" && row.maker === me.acting && <span className="quiet small">{t("lists.not_you")}</span>}
            </span>
          ),
        },
      ]}
    />
  );
}

function People({ row }: { readonly row: Entry }) {
  const { t } = useSpeech();
  const ended = { by: row.ended_by_name ?? "", reason: row.ended_reason ?? "" };
  return (
    <span className="small">
      {t("lists.made", { by: row.maker_name })} <On at={row.made_at} />
      {row.checked_at && (
        <div>
          {t("lists.checked", { by: row.checker_name ?? "" })} <On at={row.checked_at} />
        </div>
      )}
      {row.ended_at && <div>{t(row.checked_at ? "lists.ended" : "lists.refused", ended)}</div>}
    </span>
  );
}

/** The day; the instant when one points at it. */
function On({ at }: { readonly at: string }) {
  const text = instantText(at);
  return (
    <time className="quiet figures nowrap" dateTime={at} title={text}>
      {text.slice(0, DAY_LENGTH)}
    </time>
  );
}

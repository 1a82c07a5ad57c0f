import { Button, type InputRef, Select, Table } from "antd";
import { useMemo, useRef, useState } from "react";
import { Link } from "react-router";
import { api, type Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { may, useMe } from "../identity/me";
import { ExportButton } from "../table/ExportButton";
import { useKeys } from "../ui/keys";
import { Failure, Loading, Notice } from "../ui/states";
import { TypedSearch } from "../ui/TypedSearch";
import { Proposed } from "./CreatePerson";
import { ParameterHistory, Standing } from "./ParameterHistory";
import { ProposeParameter, WithdrawParameter } from "./ProposeParameter";
import { useParameterText } from "./parameter_text";
import { useSearchParams } from "../ui/address";

type Row = Schemas["ParameterRow"];
type Period = Schemas["ParameterPeriod"];

const SOURCES = {
  V: ["admin.verified_v", "admin.verified_v_short"],
  K: ["admin.verified_k", "admin.verified_k_short"],
  B: ["admin.verified_b", "admin.verified_b_short"],
} as const;

/** The numbers of law and practice, with the days on which they hold and what they rest on. */
export function Parameters({ item }: { readonly item: string }) {
  const { t, name, language } = useSpeech();
  const [address, setAddress] = useSearchParams();
  const editor = may(useMe(), ["edit_parameters"]);
  const [opened, setOpened] = useState<{ readonly name: string; readonly withdraws?: Period } | null>(null);
  const [made, setMade] = useState<Schemas["ApprovalRequest"] | null>(null);
  const search = useRef<InputRef | null>(null);
  const { data, error, refetch } = api.useQuery("get", "/api/v1/parameters", {}, { staleTime: 60_000 });
  const text = (address.get("search") ?? "").toLowerCase();
  const group = address.get("group") ?? "";
  const meaning = (row: Row) => row[language === "zh" ? "meaning_chinese" : "meaning"];
  const groups = useMemo(() => [...new Set((data?.items ?? []).map((row) => row.group))], [data]);
  useKeys({ "/": () => search.current?.focus({ cursor: "all" }) });
  const change = (values: Readonly<Record<string, string>>) => {
    const after = new URLSearchParams(address);
    for (const [key, value] of Object.entries(values)) {
      if (value) after.set(key, value);
      else after.delete(key);
    }
    setAddress(after, { replace: true });
  };
  if (error && !data) return <Failure error={error} retry={() => void refetch()} />;
  if (!data) return <Loading />;
  const shown = data.items.filter(
    (row) =>
      (group === "" || row.group === group) &&
      (item === "" || row.name === item) &&
      (text === "" ||
        [row.name, row.meaning, row.meaning_chinese, ...row.periods.map((one) => one.legal_basis)].some((one) =>
          one.toLowerCase().includes(text),
        )),
  );
  const chosen = opened && data.items.find((row) => row.name === opened.name);
  const shut = () => setOpened(null);
  const proposed = (request: Schemas["ApprovalRequest"]) => {
    setMade(request);
    shut();
  };
  return (
    <>
      {made && <Proposed request={made} title={t("admin.parameter_is_proposed")} close={() => setMade(null)} />}
      {chosen &&
        (opened.withdraws ? (
          <WithdrawParameter key={chosen.name} row={chosen} change={opened.withdraws} close={shut} proposed={proposed} />
        ) : (
          <ProposeParameter key={chosen.name} row={chosen} today={data.today} close={shut} proposed={proposed} />
        ))}
      <div className="admin-filters">
        <TypedSearch box={search} label={t("admin.parameter_search")} value={address.get("search") ?? ""} change={(value) => change({ search: value })} className="admin-search" />
        <Select<string>
          aria-label={t("admin.parameter_group")}
          className="admin-select"
          value={group}
          onChange={(value) => change({ group: value })}
          options={[{ value: "", label: t("admin.any_group") }, ...groups.map((one) => ({ value: one, label: name("parameter_group", one) }))]}
        />
        <p className="quiet admin-note">{t("admin.parameters_hint", { count: shown.length })}</p>
        <ExportButton
          address="/api/v1/parameters.xlsx"
          query={() => new URLSearchParams({ search: text, group, name: item })}
          count={shown.reduce((all, row) => all + row.periods.length + row.waiting.length + row.withdrawn.length, 0)}
        />
      </div>
      {shown.length === 0 ? (
        <Notice tone="empty" title={t("admin.parameters_none")} />
      ) : (
        <Table<Row>
          className="card admin-table"
          aria-label={t("admin.parameters")}
          rowKey="name"
          dataSource={shown}
          pagination={{ pageSize: 50, hideOnSinglePage: true, showSizeChanger: false }}
          scroll={{ x: true }}
          expandable={{
            expandedRowRender: (row) => <ParameterHistory row={row} withdraw={editor ? (period) => setOpened({ name: row.name, withdraws: period }) : null} />,
            defaultExpandedRowKeys: item === "" ? [] : [item],
          }}
          columns={[
            {
              title: t("admin.parameter"),
              key: "meaning",
              render: (_, row) => (
                <>
                  {meaning(row)}
                  <div className="quiet small">
                    {name("parameter_group", row.group)} · <code>{row.name}</code>
                  </div>
                </>
              ),
            },
            {
              title: t("admin.parameter_value"),
              key: "value",
              className: "parameter-value",
              render: (_, row) => <Periods row={row} part="value" />,
            },
            { title: t("admin.parameter_period"), key: "period", className: "figures nowrap", render: (_, row) => <Periods row={row} part="period" /> },
            { title: t("admin.parameter_basis"), key: "basis", className: "parameter-basis", render: (_, row) => <Periods row={row} part="basis" /> },
            ...(editor
              ? [
                  {
                    title: t("admin.parameter_act"),
                    key: "act",
                    render: (_: unknown, row: Row) =>
                      row.waiting.length > 0 ? (
                        <Link to={`/inbox/waiting/${row.waiting[0]?.request_id}`}>{t("admin.parameter_waiting")}</Link>
                      ) : (
                        <Button
                          size="small"
                          aria-label={t("admin.parameter_change", { meaning: meaning(row) })}
                          onClick={() => {
                            setOpened({ name: row.name });
                            window.scrollTo({ top: 0 });
                          }}
                        >
                          {t("admin.parameter_edit")}
                        </Button>
                      ),
                  },
                ]
              : []),
          ]}
        />
      )}
    </>
  );
}

/** One part of each period, the newest first; what does not hold today stands back. */
function Periods({ row, part }: { readonly row: Row; readonly part: "value" | "period" | "basis" }) {
  const { t, language } = useSpeech();
  const told = useParameterText();
  const text = (one: Period) => {
    if (part === "value") return told.short(row.unit, one);
    if (part === "period") {
      return one.effective_to === null
        ? t("admin.parameter_from", { from: one.effective_from })
        : t("admin.parameter_from_to", { from: one.effective_from, to: one.effective_to });
    }
    return language === "zh" ? one.legal_basis_chinese : one.legal_basis;
  };
  return (
    <>
      {[...row.periods].reverse().map((one) => (
        <div key={one.effective_from} className={one.in_force ? undefined : "quiet small"}>
          {text(one)}
          {part === "period" && one.is_planned && <Standing period={one} />}
          {part === "basis" && (
            <span className={`verified verified-${one.verified}`} title={t(SOURCES[one.verified][0])}>
              {t(SOURCES[one.verified][1])}
            </span>
          )}
        </div>
      ))}
    </>
  );
}

import { keepPreviousData } from "@tanstack/react-query";
import { Button, type InputRef, Select, Table } from "antd";
import { useRef, useState } from "react";
import { Link, useNavigate } from "react-router";
import { api, type Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { may, useMe } from "../identity/me";
import { useRoleName } from "../identity/roles";
import { ExportButton } from "../table/ExportButton";
import { useKeys } from "../ui/keys";
import { Failure, Loading, Notice } from "../ui/states";
import { TypedSearch } from "../ui/TypedSearch";
import { CreatePerson } from "./CreatePerson";
import { OnePerson } from "./OnePerson";
import { useUnits } from "./units";
import { useSearchParams } from "../ui/address";

const PAGE = 50;
export const STATES = ["active", "suspended", "left"] as const;
type State = (typeof STATES)[number];
type Row = Schemas["PersonRow"];

/** Everybody who may sign in or might. */
export function Persons({ item }: { readonly item: string }) {
  const { t, name } = useSpeech();
  const me = useMe();
  const navigate = useNavigate();
  const called = useRoleName();
  const units = useUnits();
  const [address, setAddress] = useSearchParams();
  const [creating, setCreating] = useState(false);
  const search = useRef<InputRef | null>(null);
  const text = address.get("search") ?? "";
  const state = STATES.find((one) => one === address.get("state"));
  const role = address.get("role") ?? "";
  const page = Math.max(1, Number(address.get("page") ?? 1) || 1);
  const { data: roles } = api.useQuery("get", "/api/v1/roles", {}, { staleTime: Number.POSITIVE_INFINITY });
  const wanted = roles?.find((one) => one.role === role)?.role;
  const { data, error, refetch, isFetching } = api.useQuery(
    "get",
    "/api/v1/persons",
    {
      params: {
        query: {
          search: text,
          ...(state && { state }),
          ...(wanted && { role: wanted }),
          offset: (page - 1) * PAGE,
          limit: PAGE,
        },
      },
    },
    { placeholderData: keepPreviousData, refetchOnMount: "always" },
  );
  const change = (values: Readonly<Record<string, string>>) => {
    const after = new URLSearchParams(address);
    for (const [key, value] of Object.entries({ page: "", ...values })) {
      if (value) after.set(key, value);
      else after.delete(key);
    }
    setAddress(after, { replace: true });
  };
  useKeys({ "/": () => search.current?.focus({ cursor: "all" }) });
  const query = address.toString();
  const to = (id: string) => `/administration/persons/${encodeURIComponent(id)}${query ? `?${query}` : ""}`;
  if (error && !data) return <Failure error={error} retry={() => void refetch()} />;
  if (!data) return <Loading />;
  return (
    <>
      <div className="admin-filters">
        <TypedSearch box={search} label={t("admin.search")} value={text} change={(value) => change({ search: value })} className="admin-search" />
        <Select<State | "">
          aria-label={t("admin.state")}
          className="admin-select"
          value={state ?? ""}
          onChange={(value) => change({ state: value })}
          options={[{ value: "", label: t("admin.any_state") }, ...STATES.map((one) => ({ value: one, label: name("person_state", one) }))]}
        />
        <Select<string>
          aria-label={t("admin.role")}
          className="admin-select"
          value={role}
          showSearch={{ optionFilterProp: "label" }}
          onChange={(value) => change({ role: value })}
          options={[{ value: "", label: t("admin.any_role") }, ...(roles ?? []).map((one) => ({ value: one.role, label: called(one) }))]}
        />
        <ExportButton
          address="/api/v1/persons.xlsx"
          query={() => new URLSearchParams({ search: text, ...(state && { state }), ...(wanted && { role: wanted }) })}
          count={data.total_count}
        />
        {may(me, ["edit_people"]) && (
          <Button type="primary" className="admin-new" aria-expanded={creating} onClick={() => setCreating(!creating)}>
            {t("admin.new_person")}
          </Button>
        )}
      </div>
      {creating && <CreatePerson close={() => setCreating(false)} />}
      <div className={item ? "admin-columns" : undefined}>
        {data.total_count === 0 ? (
          <Notice tone="empty" title={t("admin.nobody")}>
            <p>{t("admin.nobody_hint")}</p>
          </Notice>
        ) : (
          <Table<Row>
            className="card admin-table"
            aria-label={t("admin.persons")}
            rowKey="person_id"
            size={item ? "small" : "middle"}
            dataSource={[...data.items]}
            loading={{ spinning: isFetching, delay: 300 }}
            rowClassName={(row) => (row.person_id === item ? "inbox-open" : "")}
            pagination={{
              current: page,
              pageSize: PAGE,
              total: data.total_count,
              hideOnSinglePage: true,
              showSizeChanger: false,
              onChange: (wantedPage) => change({ page: String(wantedPage) }),
              showTotal: (count) => t("admin.persons_total", { count }),
            }}
            scroll={{ x: true }}
            columns={[
              {
                title: t("admin.person"),
                key: "person",
                className: "nowrap",
                render: (_, row) => (
                  <>
                    <Link to={to(row.person_id)}>{row.name}</Link>
                    <div className="quiet small figures">{row.person_id}</div>
                  </>
                ),
              },
              {
                title: t("admin.roles"),
                key: "roles",
                render: (_, row) =>
                  row.roles.length === 0 ? (
                    <span className="quiet">{t("app.no_role")}</span>
                  ) : (
                    row.roles.map((one) => (
                      <div key={one.assignment_id} className={one.in_force ? undefined : "quiet"}>
                        {called(one.role)} <span className="quiet small">{one.unit_id ? units.name(one.unit_id) : t("admin.whole_bank")}</span>
                      </div>
                    ))
                  ),
              },
              ...(item
                ? []
                : [
                    {
                      title: t("admin.unit"),
                      key: "unit",
                      render: (_: unknown, row: Row) => (row.unit_id ? units.name(row.unit_id) : "–"),
                    },
                    {
                      title: t("admin.sign_in"),
                      key: "sign_in",
                      className: "small",
                      render: (_: unknown, row: Row) =>
                        [
                          row.has_password ? t("admin.by_password") : row.openid_subject ? t("sign_in_way.openid") : t("admin.no_sign_in"),
                          row.second_factor_on ? t("me.factor") : "",
                        ]
                          .filter(Boolean)
                          .join(" · "),
                    },
                  ]),
              {
                title: t("admin.state"),
                key: "state",
                className: "nowrap",
                render: (_, row) => (
                  <>
                    <span className={`list-state person-${row.state}`}>{name("person_state", row.state)}</span>
                    {row.locked_until && <div className="danger small">{t("admin.locked")}</div>}
                  </>
                ),
              },
            ]}
          />
        )}
        {item && <OnePerson key={item} id={item} close={() => void navigate(`/administration/persons${query ? `?${query}` : ""}`)} />}
      </div>
    </>
  );
}

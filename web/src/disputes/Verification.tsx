import { CheckCircleFilled, SyncOutlined, WarningFilled } from "@ant-design/icons";
import { Button, Table, type TableProps } from "antd";
import { api, type Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { Failure } from "../ui/states";

type Found = Schemas["Verification"];

/** Computes the sheet again, and says what came of it. */
export function Verification({ sheetId }: { readonly sheetId: string }) {
  const { t } = useSpeech();
  const { mutate, data, error, isPending } = api.useMutation("post", "/api/v1/disputes/{sheet_id}/verification");
  return (
    <section className="card box dispute-section" aria-label={t("disputes.verify")}>
      <div className="dispute-verify">
        <Button
          icon={<SyncOutlined aria-hidden />}
          loading={isPending}
          onClick={() => mutate({ params: { path: { sheet_id: sheetId } }, body: {} })}
        >
          {t("disputes.verify")}
        </Button>
        <div aria-live="polite">
          {data ? <Outcome found={data} /> : <span className="quiet small">{t("disputes.verify_hint")}</span>}
        </div>
      </div>
      {error && <Failure error={error} />}
      {data && data.differences.length > 0 && <Differences found={data} />}
    </section>
  );
}

function Outcome({ found }: { readonly found: Found }) {
  const { t } = useSpeech();
  const changed = [
    found.data_changed && t("disputes.changed_data"),
    found.judgement_changed && t("disputes.changed_judgement"),
    found.rules_changed && t("disputes.changed_rules"),
    found.software_changed && t("disputes.changed_software"),
  ].filter((one) => one !== false);
  const count = found.differences.length;
  const said = found.identical
    ? t("disputes.verified_identical")
    : found.same_figures
      ? t("disputes.verified_same")
      : !found.intact
        ? t("disputes.verified_altered")
        : count === 1
          ? t("disputes.verified_one")
          : t("disputes.verified_differs", { count });
  return (
    <>
      <p className={found.same_figures ? "matches" : "danger"}>
        {found.same_figures ? <CheckCircleFilled aria-hidden /> : <WarningFilled aria-hidden />} {said}
        {changed.length > 0 && ` ${changed.join("；")}`}
      </p>
    </>
  );
}

function Differences({ found }: { readonly found: Found }) {
  const { t } = useSpeech();
  const columns: NonNullable<TableProps<Schemas["FieldDifference"]>["columns"]> = [
    { key: "field", dataIndex: "field", title: t("disputes.field"), className: "dispute-id" },
    { key: "stated", title: t("disputes.stated"), className: "dispute-id", render: (_, row) => row.stated ?? "–" },
    { key: "found", title: t("disputes.found"), className: "dispute-id", render: (_, row) => row.found ?? "–" },
  ];
  return (
    <Table
      size="small"
      rowKey="field"
      columns={columns}
      dataSource={found.differences}
      pagination={found.differences.length > 20 ? { pageSize: 20, size: "small", showSizeChanger: false } : false}
    />
  );
}

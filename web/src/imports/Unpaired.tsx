import { Button, Select } from "antd";
import { api } from "../api/client";
import { useSpeech } from "../i18n";
import { ExportButton } from "../table/ExportButton";
import { Failure, Loading, Notice } from "../ui/states";
import { Term } from "../ui/Term";
import { useAddress } from "./address";
import { LineTable } from "./LineTable";
import { SearchBox } from "./SearchBox";
import { countText } from "./size";

const PAGE = 50;
/** Days up to the data date; 0 is all. */
const PERIODS = [31, 92, 366, 0] as const;

/** Lines between two of our accounts of which only one side is here. */
export function Unpaired() {
  const { t } = useSpeech();
  const { address, change, page } = useAddress();
  const account = address.get("account") ?? "";
  const days = PERIODS.find((one) => String(one) === address.get("days")) ?? PERIODS[0];
  const { data, error, isFetching, refetch } = api.useQuery(
    "get",
    "/api/v1/unpaired",
    { params: { query: { account, days, offset: (page - 1) * PAGE, limit: PAGE } } },
    { placeholderData: (before) => before, refetchOnMount: "always" },
  );
  if (error) return <Failure error={error} retry={() => void refetch()} />;
  if (!data) return <Loading />;
  if (data.total_count === 0 && !account && days === 0)
    return (
      <Notice tone="empty" title={t("imports.unpaired_none")}>
        <p>{t("imports.unpaired_none_hint")}</p>
      </Notice>
    );
  return (
    <>
      <div className="imports-filters">
        <p className="quiet small imports-explain">
          <Term name="unpaired" /> · {t("imports.unpaired_explain")}
        </p>
        <Select
          aria-label={t("imports.period")}
          value={days}
          onChange={(one) => change({ days: one === PERIODS[0] ? "" : String(one) })}
          options={PERIODS.map((one) => ({
            value: one,
            label: one === 0 ? t("imports.period_all") : t("imports.period_days", { count: one }),
          }))}
        />
        <SearchBox
          value={account}
          label={t("imports.filter.account_whole")}
          onChange={(text) => change({ account: text })}
        />
        <ExportButton
          address="/api/v1/unpaired.xlsx"
          query={() => new URLSearchParams({ account, days: String(days) })}
          count={data.total_count}
        />
      </div>
      {data.total_count === 0 ? (
        <Notice
          tone="empty"
          title={t("imports.balances_none")}
          action={<Button onClick={() => change({ account: "", days: "0" })}>{t("imports.filter.clear")}</Button>}
        />
      ) : (
        <LineTable
          lines={data.items}
          busy={isFetching}
          pagination={{
            current: page,
            pageSize: PAGE,
            total: data.total_count,
            hideOnSinglePage: data.total_count <= PAGE,
            showSizeChanger: false,
            onChange: (next) => change({ page: String(next) }),
            showTotal: (count) => t("imports.total", { count: countText(count) }),
          }}
        />
      )}
    </>
  );
}

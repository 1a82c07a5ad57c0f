import { AutoComplete, Input } from "antd";
import { useDeferredValue, useState } from "react";
import { api, type Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { useMoney } from "../ui/Amount";
import { shownAccount } from "../ui/masked_account";

interface Props {
  readonly loanId: string;
  readonly by: "account" | "hop";
  readonly facts: Schemas["LoanFacts"];
  readonly choose: (found: Schemas["Found"]) => void;
  readonly highlight: (ids: readonly string[]) => void;
}

/** Finds accounts of the flow by name or number, folded ones too, and unfolds the way to the one chosen. */
export function FlowSearch({ loanId, by, facts, choose, highlight }: Props) {
  const { t } = useSpeech();
  const money = useMoney(facts);
  const [text, setText] = useState("");
  const asked = useDeferredValue(text.trim());
  const { data, isFetching } = api.useQuery(
    "get",
    "/api/v1/loans/{loan_id}/flow/search",
    { params: { path: { loan_id: loanId }, query: { text: asked || " ", by } } },
    { enabled: asked !== "" },
  );
  const items = asked === "" ? [] : (data?.items ?? []);
  return (
    <AutoComplete
      className="flow-search"
      value={text}
      options={items.map((found) => ({
        value: found.path.join("\n"),
        found,
        label: (
          <span className="flow-found">
            <span className="flow-found-name">{found.name ?? t("flow.unnamed")}</span>
            <span className="figures quiet">{shownAccount(found.account)}</span>
            <span className="figures">{money.short(found.amount_fen)}</span>
          </span>
        ),
      }))}
      onSearch={(typed) => {
        setText(typed);
        if (typed.trim() === "") highlight([]);
      }}
      onSelect={(_, { found }) => {
        setText(found.name ?? shownAccount(found.account));
        highlight(found.path.slice(-1));
        choose(found);
      }}
      notFoundContent={asked !== "" && data && !isFetching ? t("flow.search_none") : null}
      popupMatchSelectWidth={420}
      defaultActiveFirstOption
    >
      <Input
        allowClear
        aria-label={t("flow.search")}
        placeholder={t("flow.search")}
        onPressEnter={() => highlight(items.map((found) => found.path[found.path.length - 1] ?? ""))}
      />
    </AutoComplete>
  );
}

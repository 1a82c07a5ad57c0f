import { UserOutlined } from "@ant-design/icons";
import { Tooltip } from "antd";
import { useEffect } from "react";
import { api } from "../api/client";
import { choosePerson, usePerson } from "../api/person";
import { useSpeech } from "../i18n";
import { PersonSelect } from "./PersonSelect";

/** Who acts: recorded with every change that is made from this browser. */
export function WhoActs() {
  const { t } = useSpeech();
  const chosen = usePerson();
  const { data } = api.useQuery(
    "get",
    "/api/v1/people",
    { params: { query: { search: chosen?.staff_id ?? "", limit: 50 } } },
    { enabled: chosen !== null },
  );
  useEffect(() => {
    // Somebody of another bank's list, or who left.
    if (chosen && data && !data.items.some((one) => one.staff_id === chosen.staff_id)) choosePerson(null);
  }, [chosen, data]);
  return (
    <Tooltip title={t("app.who_hint")} placement="bottomRight">
      <span className="who-acts">
        <UserOutlined aria-hidden />
        <PersonSelect
          label={t("app.who")}
          placeholder={t("app.who_operator")}
          value={chosen}
          choose={choosePerson}
          variant="borderless"
        />
      </span>
    </Tooltip>
  );
}
